import { toHex } from '../../collections.js';
import type { Header } from '../../plan/emit/drop-in-facts.js';
import { directivesText, type EmittedFile, type Hashing, textBesidesSystemd } from '../../plan/emit/files.js';
import { hasNameOfDropIn, hasNameOfKeptPolicy } from '../../systemd/paths/own-files.js';
import { sha256OfBytes } from '../digest.js';

/** SHA-256 over texts, in hex; each counts with its length, so that none runs into the next. */
export function sha256(texts: Iterable<string>): string {
  const text = [...texts].map((one) => `${one.length}:${one}`).join('');
  return sha256OfBytes(new TextEncoder().encode(text));
}

/**
 * The hash of a unit's files, the launcher not among them, over the parts that systemd and the launcher read. It must
 * stay the same for the same files: runs and drop-ins of older versions are compared by it.
 */
export const filesHash = (files: readonly EmittedFile[]): string =>
  sha256(
    files
      .filter(({ path }) => !hasNameOfKeptPolicy(path))
      .sort((a, b) => (a.path < b.path ? -1 : 1))
      .flatMap(({ path, content }) => [
        path,
        path.endsWith('.conf') ? directivesText(content) : toHex(content),
      ]),
  );

/**
 * Whether a unit's files have the hashes in their drop-in's header, so that none was edited since; those of earlier versions
 * have none of the drop-in's comments.
 */
export function areAsMade(facts: Header, files: readonly EmittedFile[]): boolean {
  const dropIn = files.find(({ path }) => hasNameOfDropIn(path));
  return (
    facts.filesHash === filesHash(files) &&
    (facts.textHash === undefined || dropIn === undefined || facts.textHash === textHash(dropIn.content))
  );
}

/** The hash of a drop-in's text, comments included, the version of systemd not. */
export const textHash = (content: Uint8Array): string => sha256([textBesidesSystemd(content)]);

/** The hashes in a drop-in of ours. */
export const HASHING: Hashing = { files: filesHash, text: textHash };
