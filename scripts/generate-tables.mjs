#!/usr/bin/env node
/**
 * Writes src/seccomp/syscalls/generated/: call numbers, errnos and constants from the kernel's headers, syscall sets from
 * systemd, what functions of C libraries call from these; and native-helper/sandboxify/call-table.h, which has the numbers for C. Needs cc on x86-64 and Debian's
 * linux-libc-dev (13 or later, which has the headers of all machines); the sets need systemd-analyze. The same headers
 * give the same bytes.
 *
 *     scripts/generate-tables.mjs [--check] [--headers=DIR] [numbers|calls|errno|constants|sets …]
 *     scripts/generate-tables.mjs [--check] --libcs=DIR libc
 *
 * --headers=DIR  another release's linux-libc-dev, unpacked with `dpkg --extract`
 * --libcs=DIR    where the C libraries of Debian's releases are; those that aren't are fetched by mmdebstrap, as root
 * --check        write nothing; exit with 1 if a table isn't what would be written, with 77 if this machine can't
 *                tell, because it lacks the headers or the systemd that the table was made from
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findHeaders, kernelSeries, libcRelease, Unavailable } from './tables/compiler.mjs';
import { constantsTable } from './tables/constants.mjs';
import { errnoTable } from './tables/errno.mjs';
import { libcTable } from './tables/libc.mjs';
import { nativeCallsText } from './tables/native-calls.mjs';
import { numbersTable } from './tables/numbers.mjs';
import { setsListing, systemdRelease } from './tables/sets.mjs';

const FOLDER = fileURLToPath(new URL('../src/seccomp/syscalls/generated/', import.meta.url));
const CALL_TABLE = fileURLToPath(new URL('../native-helper/sandboxify/call-table.h', import.meta.url));
const CANNOT_TELL = 77;

function numbers(root) {
  const headers = findHeaders(root);
  return { source: `Linux ${kernelSeries(headers)}`, rows: numbersTable(headers) };
}

const TABLES = {
  numbers,
  calls: numbers,
  errno: (root) => {
    const headers = findHeaders(root);
    return { source: `Linux ${kernelSeries(headers)}, glibc ${libcRelease()}`, rows: errnoTable(headers) };
  },
  constants: (root) => {
    const headers = findHeaders(root);
    return {
      source: `Linux ${kernelSeries(headers)}, glibc ${libcRelease()}`,
      rows: constantsTable(headers),
    };
  },
  libc: (_, folder) => {
    if (folder === undefined)
      throw new Unavailable('--libcs=DIR says where the C libraries are, or shall be');
    return libcTable(folder);
  },
  sets: () => ({ source: `systemd ${systemdRelease()}`, rows: setsListing() }),
};

const moduleText = (
  name,
  { source, rows },
) => `// Written by scripts/generate-tables.mjs: change that, not this.
export const ${name}Source = '${source}';
export const ${name}Table = \`\\
${rows.join('\n')}
\`;
`;

const fileOf = (name, made) =>
  name === 'calls'
    ? { path: CALL_TABLE, text: nativeCallsText(made) }
    : { path: `${FOLDER}${name}.ts`, text: moduleText(name, made) };

/** @returns exit status for this table */
function check(name, made) {
  const { path, text } = fileOf(name, made);
  const present = readFileSync(path, 'utf8');
  if (present === text) return 0;
  const source = present.match(/Source = '(.*)'/)?.[1];
  if (source !== made.source)
    throw new Unavailable(`the table is of ${source}, this machine has ${made.source}`);
  console.log(`${name}: not what would be written`);
  return 1;
}

function run(name, { check: only, headers: root, libcs }) {
  try {
    const made = TABLES[name](root, libcs);
    if (only) return check(name, made);
    const { path, text } = fileOf(name, made);
    writeFileSync(path, text);
    return 0;
  } catch (e) {
    if (!(e instanceof Unavailable)) throw e;
    console.log(`${name}: ${e.message}`);
    return only ? CANNOT_TELL : 1;
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    check: { type: 'boolean', default: false },
    headers: { type: 'string', default: '/' },
    libcs: { type: 'string' },
  },
});
const unknown = positionals.find((name) => !Object.hasOwn(TABLES, name));
if (unknown !== undefined) throw new Error(`no table '${unknown}': ${Object.keys(TABLES).join(', ')}`);
/** Without names, all that need no network. */
const names = positionals.length > 0 ? positionals : Object.keys(TABLES).filter((name) => name !== 'libc');
const statuses = names.map((name) => run(name, values));
process.exitCode = statuses.find((status) => status === 1) ?? Math.max(...statuses);
