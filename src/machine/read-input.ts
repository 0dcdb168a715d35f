import { fstatSync } from 'node:fs';
import { EXIT, error, UserError } from '../diagnostic.js';

/** A stream that may be a terminal. */
export type InputStream = AsyncIterable<Uint8Array | string> & {
  readonly isTTY?: boolean;
  readonly fd?: number;
};

/**
 * Reads a stream to its end, or until there is more than `limit` bytes.
 * @throws UserError `usage` for a terminal, whose user may not know that a policy is expected; `unreadable`
 */
export async function readInput(stream: InputStream, limit: number): Promise<Uint8Array> {
  if (stream.isTTY) {
    const hint = "redirect a file with '< FILE', or pipe a policy into the command";
    throw new UserError(
      error('usage', 'no policy on standard input: it is a terminal', { hint }),
      EXIT.failure,
    );
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    // Node's stream of a folder is empty.
    if (stream.fd !== undefined && fstatSync(stream.fd).isDirectory()) throw new Error('it is a folder');
    for await (const chunk of stream) {
      const bytes = typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
      chunks.push(bytes);
      size += bytes.length;
      if (size > limit) break;
    }
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new UserError(error('unreadable', `can't read standard input: ${code ?? message}`), EXIT.failure);
  }
  return Buffer.concat(chunks);
}
