/** SHA-256 of bytes, in hex. Node takes long to load its module: it is loaded when it is first needed. */
export const sha256OfBytes = (bytes: Uint8Array): string =>
  process.getBuiltinModule('node:crypto').createHash('sha256').update(bytes).digest('hex');
