import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type ExecCommand, scanExecLine } from '../../src/systemd/unit/exec/line.js';
import { parseUnitFile } from '../../src/systemd/unit/unit-file.js';
import { execArguments } from '../support/exec-arguments.js';
import { execLineCases, LAUNCHER, wrapped } from '../support/exec-lines.js';
import {
  type BusCommand,
  busCommands,
  changeFiles,
  launched,
  simplePath,
  unitProperties,
} from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { execLines } from '../support/random-exec-lines.js';
import { seed } from '../support/seed.js';
import { inputs } from '../support/thorough.js';

const { box, test } = machine('unit-exec', { launcher: false });

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: systemd's own notation
const BEGINNINGS = [
  '/bin/true',
  '/opt/a b',
  'true',
  '"/bin/x"',
  "'/opt/a b'",
  '/opt/$A',
  '/opt/${A}',
  '/a$$b',
  ';',
  '\\x2d',
];
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: as above

const lines = [
  ...execLineCases().map((c) => c.written.trimEnd()),
  ...fc.sample(execLines(BEGINNINGS), { ...inputs(600), seed }).map((line) => `ExecStart=${line}`),
].filter((text) => !/\\x[89a-f]|ExecStart=[-@:!]*\|/i.test(text));
const unitOf = (i: number) => `line${i}.service`;
const fileOf = (i: number) => `/etc/systemd/system/${unitOf(i)}`;
/** Nice= shows whether systemd has read on after the line. */
const content = (text: string) => `[Service]\nType=oneshot\n${text}\n\nNice=5\n`;

/** What systemd should have made of a command, by our own reading. */
function expected({ prefixes, path, argv0, rest }: ExecCommand, unit: string): BusCommand {
  const values = new Map([
    ['%%', '%'],
    ['%n', unit],
    ['%i', ''],
    ['%I', ''],
    ['%t', '/run'],
  ]);
  const expand = (word: string) => word.replaceAll(/%[%niIt]/g, (s) => values.get(s)!);
  const flags = [
    ...(prefixes.split('!').length === 3 ? ['ambient'] : []),
    ...(prefixes.includes('-') ? ['ignore-failure'] : []),
    ...(prefixes.includes(':') ? ['no-env-expand'] : []),
    ...(prefixes.split('!').length === 2 ? ['no-setuid'] : []),
    ...(prefixes.includes('+') ? ['privileged'] : []),
  ];
  const argv = [(argv0 ?? path).value, ...execArguments(rest)].map(expand);
  return { path: simplePath(expand(path.value)), argv, flags };
}

test('Exec lines are read as systemd reads them', async () => {
  const units = lines.map((_, i) => unitOf(i));
  await changeFiles(box, Object.fromEntries(lines.map((text, i) => [fileOf(i), content(text)])));
  const found = await unitProperties(box, units, ['Service.ExecStartEx', 'Service.Nice']);
  for (const [i, text] of lines.entries()) {
    const file = parseUnitFile('x', content(text));
    const { value, at } = file.assignments.find((a) => a.key === 'ExecStart')!;
    const { commands, problem } = scanExecLine(value, at);
    const ours = [
      commands.map((command) => expected(command, unitOf(i))),
      problem?.severity === 'error' ? 0 : 5,
    ];
    assert.deepEqual(
      [busCommands(found[i]![0]), found[i]![1]],
      ours,
      `seed ${seed}: ${JSON.stringify(text)}`,
    );
  }
});

/** Checks that a command is another one behind the launcher. */
function assertWrapped(command: BusCommand, original: BusCommand, message: string): void {
  const noEnv = original.flags.includes('no-env-expand');
  const options = [noEnv ? LAUNCHER[1] : LAUNCHER[1].replaceAll('$', '$$$$')];
  assert.deepEqual(launched(command), { launcher: LAUNCHER[0], options, becomes: original }, message);
}

/** Puts a drop-in with wrapped lines over units, and compares what systemd has before and after. */
async function assertWrappedUnits(dropIns: ReadonlyMap<string, string>): Promise<void> {
  const units = [...dropIns.keys()];
  const before = await unitProperties(box, units, ['Service.ExecStartEx']);
  const path = (unit: string) => `/run/systemd/system/${unit}.d/zz.conf`;
  const files = [...dropIns].map(([unit, line]) => [path(unit), `[Service]\nExecStart=\n${line}\n`]);
  await changeFiles(box, Object.fromEntries(files));
  const after = await unitProperties(box, units, ['Service.ExecStartEx', 'Unit.LoadState']);
  for (const [i, unit] of units.entries()) {
    const message = `seed ${seed}, ${unit}: ${dropIns.get(unit)}`;
    const original = busCommands(before[i]![0]);
    const commands = busCommands(after[i]![0]);
    assert.equal(after[i]![1], 'loaded', message);
    assert.equal(commands.length, original.length, message);
    for (const [k, command] of commands.entries()) assertWrapped(command, original[k]!, message);
  }
  await changeFiles(box, Object.fromEntries(units.map((unit) => [path(unit), undefined])));
}

test('a wrapped line gives systemd the launcher and the same command', async () => {
  const dropIns = new Map<string, string>();
  for (const [i, text] of lines.entries()) {
    const line = wrapped(text);
    if (typeof line === 'string') dropIns.set(unitOf(i), line);
  }
  assert.ok(
    dropIns.size > lines.length / 4,
    `only ${dropIns.size} of ${lines.length} lines could be wrapped`,
  );
  await assertWrappedUnits(dropIns);
  await changeFiles(box, Object.fromEntries(lines.map((_, i) => [fileOf(i), undefined])));
});
