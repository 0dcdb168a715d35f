// Takes the place of long, of which dbus-next needs this much: a 64-bit integer is two words of the wire, and a text.
class Long {
  /** @param unsigned whether the upper word has no sign */
  constructor(low, high, unsigned) {
    this.low = low | 0;
    this.high = high | 0;
    this.unsigned = unsigned;
  }

  static fromString(text, unsigned) {
    const value = BigInt.asUintN(64, BigInt(text));
    return new Long(Number(value & 0xffffffffn), Number(value >> 32n), unsigned);
  }

  toString() {
    // A number holds most of them exactly, and is sooner made.
    const high = this.unsigned ? this.high >>> 0 : this.high;
    if (high >= 0 && high < 2 ** 21) return `${high * 2 ** 32 + (this.low >>> 0)}`;
    return `${(BigInt(high) << 32n) + BigInt(this.low >>> 0)}`;
  }
}

module.exports = Long;
