import { createHash } from 'node:crypto';

/** SHA-256 of bytes, in hex. The web's function of the same purpose is asynchronous, and takes a command longer to load. */
export const sha256OfBytes = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
