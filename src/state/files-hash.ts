import { toHex } from '../collections.js';
import { directivesText, type EmittedFile, textBesidesSystemd } from '../emit/files.js';
import { hasNameOfKeptPolicy } from '../paths/own-files.js';

/** SHA-256 over texts, in hex; each counts with its length, so that none runs into the next. */
export async function sha256(texts: Iterable<string>): Promise<string> {
  const text = [...texts].map((one) => `${one.length}:${one}`).join('');
  return sha256OfBytes(new TextEncoder().encode(text));
}

/** SHA-256 of a file's content, in hex. */
export const sha256OfBytes = async (bytes: Uint8Array): Promise<string> =>
  toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));

/**
 * The hash of a unit's files, the launcher not among them, over the parts that systemd and the launcher read. It must
 * stay the same for the same files: runs and drop-ins of older versions are compared by it.
 */
export const filesHash = (files: readonly EmittedFile[]): Promise<string> =>
  sha256(
    files
      .filter(({ path }) => !hasNameOfKeptPolicy(path))
      .sort((a, b) => (a.path < b.path ? -1 : 1))
      .flatMap(({ path, content }) => [
        path,
        path.endsWith('.conf') ? directivesText(content) : toHex(content),
      ]),
  );

/** The hash of a drop-in's text, comments included, the version of systemd not. */
export const textHash = (content: Uint8Array): Promise<string> => sha256([textBesidesSystemd(content)]);
