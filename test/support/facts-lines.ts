/** Answers of a machine, as the script `facts` prints them. */
import { gzipSync } from 'node:zlib';

/** Data of an answer. */
export const packed = (data: string | Uint8Array): string => gzipSync(data).toString('base64');

/** A line of a facts file. */
export const factLine = (fact: object): string => `${JSON.stringify(fact)}\n`;

export const FIRST_LINE = factLine({ facts: 1, host: 'web1' });

const TIMES = { modified: '1700000000.5' };

/** A file's own facts: a folder of root's unless told otherwise. */
export const looked = (path: string, facts: object = {}): string =>
  factLine({ ask: `look ${path}`, type: 'd', mode: '755', uid: 0, size: 1, link: '', ...TIMES, ...facts });

/** Bytes of a file from a place on, of which so many were asked for. */
export const piece = (
  path: string,
  data: string | Uint8Array,
  { from = 0, size = 4194305, type = 'f' } = {},
) => factLine({ ask: `read ${from} ${size} ${path}`, type, mode: '644', ...TIMES, data: packed(data) });

/** A folder's names: with their types, and the targets of links. */
export const listed = (
  path: string,
  entries: readonly (readonly [name: string, type: string, link: string])[],
) =>
  factLine({ ask: `list ${path}`, data: packed(entries.map((entry) => `${entry.join('\0')}\0`).join('')) });
