const LENGTH_BYTES = 8;

/**
 * Fields of LogExtraFields= as systemd exports them for journald (src/core/unit.c): of each its length, 64 bits in little
 * endian, then `NAME=value`. Undefined where the bytes aren't that.
 */
export function parseExtraFields(bytes: Uint8Array): string[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + LENGTH_BYTES > bytes.length) return undefined;
    const start = at + LENGTH_BYTES;
    const length = view.getBigUint64(at, true);
    if (length > bytes.length - start) return undefined;
    at = start + Number(length);
    fields.push(new TextDecoder().decode(bytes.subarray(start, at)));
  }
  return fields;
}
