import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { errnoNumber } from '../../src/seccomp/syscalls/errno.js';
import { knownCalls } from '../../src/seccomp/syscalls/numbers.js';
import { parseSyscallFilterListing, type SyscallSets, setNames } from '../../src/seccomp/syscalls/sets.js';
import { effectiveUnit } from '../../src/systemd/unit/effective.js';
import { ownArchitectures, ownErrorNumber, ownSyscallFilter } from '../../src/systemd/unit/own-filter.js';
import { parseUnitFile } from '../../src/systemd/unit/unit-file.js';
import { Box, boxAvailable } from '../support/box.js';
import { changeFiles, unitProperties } from '../support/loaded-units.js';
import { ownSyscallLog } from '../support/own-log.js';
import { seed } from '../support/seed.js';
import { alternatives } from '../support/thorough.js';
import type { TreeName } from '../support/tree.js';

const UNITS = 250;

const call = fc.constantFrom(
  'uname',
  'mount',
  'ptrace',
  'execve',
  'execveat',
  'write',
  'exit',
  'socketcall',
  'umount',
  'mseal',
);
const group = fc.constantFrom(
  '@default',
  '@system-service',
  '@mount',
  '@sandbox',
  '@known',
  '@raw-io',
  '@nonsense',
);
const errno = fc.constantFrom(
  ':EPERM',
  ':ENOSYS',
  ':EWOULDBLOCK',
  ':kill',
  ':0',
  ':1',
  ':0x26',
  ':010',
  ':0b11',
  ':4095',
  ':4096',
  ':NOPE',
  ':',
  ':-1',
  ':log',
);
const odd = fc.constantFrom(
  'nonsense',
  '"uname"',
  '~uname',
  'un\\ame',
  'uname\\ mount',
  '\\',
  ':EPERM',
  '317',
  'uname,mount',
  '%n',
  'Uname',
  '@',
);
const name = fc.oneof({ weight: 5, arbitrary: call }, { weight: 3, arbitrary: group });
const word = fc.oneof(
  { weight: 6, arbitrary: name },
  { weight: 2, arbitrary: fc.tuple(name, errno).map((parts) => parts.join('')) },
  { weight: 1, arbitrary: odd },
);
const filterValue = fc
  .tuple(
    fc.constantFrom('', '', '~', '~', '~ '),
    fc.array(word, { maxLength: 5 }),
    fc.constantFrom(' ', '  ', '\t'),
  )
  .map(([tilde, words, space]) => tilde + words.join(space));
const filterLine = filterValue.map((value) => `SystemCallFilter=${value}`);
const logLine = filterValue.map((value) => `SystemCallLog=${value}`);
const errnoLine = fc
  .constantFrom(
    'EPERM',
    'kill',
    '',
    '0',
    '1',
    '4095',
    '4096',
    '0x10',
    'ENOTSUP',
    'nope',
    '-1',
    ' 2',
    '+3',
    '0o17',
  )
  .map((value) => `SystemCallErrorNumber=${value}`);
const archLine = fc
  .array(
    fc.constantFrom('native', 'x86', 'x86-64', '"x32"', "'arm", 'arm64', 'nope', 'mips64-le-n32', 'x8\\6'),
    { maxLength: 3 },
  )
  .map((words) => `SystemCallArchitectures=${words.join(' ')}`);
const line = fc.oneof(
  { weight: 4, arbitrary: filterLine },
  { weight: 2, arbitrary: logLine },
  { weight: 1, arbitrary: errnoLine },
  { weight: 1, arbitrary: archLine },
);
/** The unit file's lines, and those of two drop-ins. */
const unit = fc.tuple(...[1, 2, 3].map(() => fc.array(line, { minLength: 1, maxLength: 5, size: 'max' })));

const filesOf = (unit: string, parts: readonly (readonly string[])[]) =>
  parts.map((lines, i) => {
    const path = i === 0 ? unit : `${unit}.d/${i}.conf`;
    const text = ['[Service]', ...(i === 0 ? ['ExecStart=/bin/true'] : []), ...lines, ''].join('\n');
    return [`/etc/systemd/system/${path}`, text] as const;
  });

type Filter = [allow: boolean, words: string[]];
/** SECCOMP_ERROR_NUMBER_KILL. */
const KILL = 2147483646;

/**
 * A filter as the bus has it, with numbers for errnos, in alphabetical order. Of an allow list the calls that pass:
 * from 248 on systemd doesn't tell the others, before they pass whatever their errno says.
 */
function fromBus(value: unknown): Filter {
  const [allow, words] = value as Filter;
  const number = (text: string) => (text === 'kill' ? text : `${errnoNumber(text) ?? text}`);
  const shown = allow
    ? words.filter((word) => !word.endsWith(':kill')).map((word) => word.replace(/:.*/, ''))
    : words;
  return [allow, shown.map((word) => word.replace(/(?<=:).*/, number)).sort()];
}

const properties = [
  'SystemCallFilter',
  'SystemCallLog',
  'SystemCallErrorNumber',
  'SystemCallArchitectures',
].map((name) => `Service.${name}`);

/** The four properties, by our own reading; calls that this libseccomp doesn't know left out. */
function ours(
  files: readonly (readonly [string, string])[],
  sets: SyscallSets,
  systemd: number,
  known: ReadonlySet<string>,
) {
  const merged = effectiveUnit(files.map(([path, text]) => parseUnitFile(path, text)));
  // What systemd takes out of a filter when it loads it isn't on the bus.
  const filter = ownSyscallFilter(merged, sets, Math.min(systemd, 255));
  const log = ownSyscallLog(merged, sets);
  const number = ownErrorNumber(merged);
  const words = [...(filter?.entries ?? [])]
    .filter(([call, { errno }]) => known.has(call) && (filter?.mode === 'deny' || errno === undefined))
    .map(([call, { errno }]) => (errno === undefined ? call : `${call}:${errno}`));
  return [
    [filter?.mode === 'allow', words.sort()],
    [log !== undefined && !log.inverted, [...(log?.calls ?? [])].filter((call) => known.has(call)).sort()],
    number === 'kill' ? KILL : number,
    [...ownArchitectures(merged)].sort(),
  ];
}

async function facts(box: Box): Promise<{ version: number; sets: SyscallSets }> {
  const version = Number(/^systemd (\d+)/.exec(await box.succeed(['systemctl', '--version']))![1]);
  const listing = await box.succeed(['systemd-analyze', 'syscall-filter']);
  return { version, sets: parseSyscallFilterListing(listing, `${version}`) };
}

async function compare(box: Box): Promise<void> {
  const { version, sets } = await facts(box);
  const generated = fc.sample(unit, { numRuns: UNITS, seed });
  const files = generated.map((parts, i) => filesOf(`own${i}.service`, parts));
  const all = filesOf('all.service', [[`SystemCallLog=${[...knownCalls(sets)].join(' ')}`]]);
  await changeFiles(box, Object.fromEntries([...all, ...files.flat()]));
  const [[value]] = (await unitProperties(box, ['all.service'], ['Service.SystemCallLog'])) as [[Filter]];
  const known = new Set(value[1]);
  assert.ok(known.size > 300 && setNames(sets).length > 20);
  const found = await unitProperties(
    box,
    files.map((_, i) => `own${i}.service`),
    properties,
  );
  for (const [i, [filter, log, number, architectures]] of found.entries()) {
    const actual = [fromBus(filter), fromBus(log), number, [...(architectures as string[])].sort()];
    const message = `seed ${seed}, systemd ${version}:\n${files[i]!.map(([, text]) => text).join('')}`;
    assert.deepEqual(actual, ours(files[i]!, sets, version, known), message);
  }
}

/** Lines around a program that calls uname(2) and write(2). */
const enforced: string[][] = [
  ['SystemCallFilter=~ptrace'],
  ['SystemCallFilter=~uname'],
  ['SystemCallFilter=~uname', 'SystemCallErrorNumber=EPERM'],
  ['SystemCallFilter=@system-service', 'SystemCallFilter=~uname:EILSEQ'],
  ['SystemCallFilter=@system-service', 'SystemCallFilter=~uname', 'SystemCallFilter=uname:EPERM'],
  ['SystemCallFilter=~uname:EPERM', 'SystemCallFilter=uname:kill'],
  ['SystemCallFilter=~', 'SystemCallFilter=@default'],
  ['SystemCallFilter=~write'],
  ['SystemCallFilter=@system-service', 'SystemCallFilter=~write'],
];

/** CLD_EXITED or CLD_KILLED, and the status or signal, of a program that ends with 1 when a call of its fails. */
function outcome(lines: readonly string[], sets: SyscallSets, systemd: number): [number, number] {
  const merged = effectiveUnit([parseUnitFile('x.service', ['[Service]', ...lines].join('\n'))]);
  const filter = ownSyscallFilter(merged, sets, systemd)!;
  const refusals = ['uname', 'write'].map((call) => {
    const entry = filter.entries.get(call);
    const refused = entry ? filter.mode === 'deny' || entry.errno !== undefined : filter.mode === 'allow';
    return refused ? (entry?.errno ?? ownErrorNumber(merged)) : undefined;
  });
  const first = refusals.find((refusal) => refusal !== undefined);
  return first === undefined ? [1, 0] : first === 'kill' ? [2, 31] : [1, 1];
}

async function enforce(box: Box): Promise<void> {
  const { version, sets } = await facts(box);
  const units = enforced.map((_, i) => `run${i}.service`);
  const text = (lines: readonly string[]) =>
    ['[Service]', 'Type=oneshot', 'RemainAfterExit=yes', 'ExecStart=/bin/uname', ...lines, ''].join('\n');
  await changeFiles(
    box,
    Object.fromEntries(units.map((unit, i) => [`/run/systemd/system/${unit}`, text(enforced[i]!)])),
  );
  await box.exec(['systemctl', 'start', ...units]);
  const found = await unitProperties(box, units, ['Service.ExecMainCode', 'Service.ExecMainStatus']);
  assert.deepEqual(
    enforced.map((lines, i) => [lines, found[i]]),
    enforced.map((lines) => [lines, outcome(lines, sets, version)]),
  );
}

for (const tree of alternatives<TreeName>(['machine', 'bullseye', 'bookworm', 'forky'])) {
  const skip = boxAvailable(tree);
  test(`a unit's own filters are merged, and enforced, as systemd does it (${tree})`, { skip }, async () => {
    const box = await Box.boot({ name: `filter-${tree}`, tree });
    try {
      await compare(box);
      await enforce(box);
    } finally {
      await box.stop();
    }
  });
}
