// Takes the place of long, of which dbus-next needs this much to write a 64-bit integer: two words of the wire.
module.exports.fromString = (text) => {
  const value = BigInt.asUintN(64, BigInt(text));
  return { low: Number(value & 0xffffffffn), high: Number(value >> 32n) };
};
