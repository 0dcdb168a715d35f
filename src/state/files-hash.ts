import { toHex } from '../collections.js';
import type { DropInFacts } from '../emit/drop-in-facts.js';
import {
  directivesText,
  type EmittedFile,
  textBesidesSystemd,
  withFilesField,
  withHash,
} from '../emit/files.js';
import { hasNameOfDropIn, hasNameOfKeptPolicy } from '../paths/own-files.js';
import type { Placement } from '../paths/placement.js';
import { sha256OfBytes } from '../system/digest.js';

/** SHA-256 over texts, in hex; each counts with its length, so that none runs into the next. */
export async function sha256(texts: Iterable<string>): Promise<string> {
  const text = [...texts].map((one) => `${one.length}:${one}`).join('');
  return sha256OfBytes(new TextEncoder().encode(text));
}

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

/**
 * Whether a unit's files have the hashes in their drop-in's header, so that none was edited since; those of earlier versions
 * have none of the drop-in's comments.
 */
export async function areAsMade(facts: DropInFacts, files: readonly EmittedFile[]): Promise<boolean> {
  const dropIn = files.find(({ path }) => hasNameOfDropIn(path));
  return (
    facts.filesHash === (await filesHash(files)) &&
    (facts.textHash === undefined ||
      dropIn === undefined ||
      facts.textHash === (await textHash(dropIn.content)))
  );
}

/** The hash of a drop-in's text, comments included, the version of systemd not. */
export const textHash = (content: Uint8Array): Promise<string> => sha256([textBesidesSystemd(content)]);

/**
 * A unit's files as they are written: their hash is in the drop-in's header, and in a field of the journal, by which each
 * run shows what it was started with. Managers of users keep no such fields.
 */
export async function withHashes(
  files: readonly EmittedFile[],
  { scope }: Placement,
): Promise<EmittedFile[]> {
  const hash = await filesHash(files);
  const withAll = async (content: Uint8Array) => {
    const text = withHash(new TextDecoder().decode(content), 'filesHash', hash);
    const whole = scope === 'system' ? withFilesField(text, hash) : text;
    return encode(withHash(whole, 'textHash', await textHash(encode(whole))));
  };
  return Promise.all(
    files.map(async (file) =>
      hasNameOfDropIn(file.path) ? { ...file, content: await withAll(file.content) } : file,
    ),
  );
}

const encode = (text: string) => new TextEncoder().encode(text);
