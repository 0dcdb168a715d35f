import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bundledSets, expandSet } from '../../../src/syscalls/sets.js';
import type { NameList } from '../../../src/system/unit-state.js';
import { parseUnitFile, type UnitFile } from '../../../src/unit/unit-file.js';
import { filterDifferences, logDifferences, type Reader } from '../../../src/verify/manager/loaded-calls.js';
import { olderSets } from '../../support/older-sets.js';

const SETS = bundledSets();
const DEFAULT = expandSet(SETS, '@default')!;
const SWAP = expandSet(SETS, '@swap')!;
const READER: Reader = { scope: 'system', systemd: 257, machine: 'x86-64', sets: SETS };

const filterHolds = (dropIn: UnitFile, loaded: NameList, reader: Reader) =>
  filterDifferences(dropIn, loaded, reader).length === 0;
const logHolds = (lines: readonly string[], loaded: NameList | undefined, reader = READER) =>
  logDifferences(lines, loaded, reader).length === 0;

const without = (calls: readonly string[], ...gone: string[]) => calls.filter((call) => !gone.includes(call));

/** What follows the lines of SystemCallFilter= where refused calls get an errno. */
const USUAL = ['SystemCallErrorNumber=EPERM'];

/** The lines of a drop-in, what is on the bus, whether that is the same, and by whom it was read. */
const FILTERS: readonly [
  what: string,
  lines: readonly string[],
  loaded: NameList,
  holds: boolean,
  reader?: Partial<Reader>,
][] = [
  ['no filter', [''], [false, []], true],
  ['no filter, and there is one', [''], [false, ['acct']], false],
  ['no filter, and there is an empty allow list', [''], [true, []], false],
  ['a deny list', ['', '~acct mount'], [false, ['acct', 'mount']], true],
  ['a deny list that is an allow list', ['', '~acct'], [true, ['acct']], false],
  ['a deny list with a call too few', ['', '~acct mount'], [false, ['acct']], false],
  ['a deny list without any', ['', '~acct'], [false, []], false],
  ['a deny list with a call too many', ['', '~acct'], [false, ['acct', 'mount']], false],
  ['lines that take away', ['', '~acct @swap', '@swap'], [false, ['acct']], true],
  ['lines before the reset', ['~mount', '', '~acct'], [false, ['mount']], true],
  ['lines that come on top of the unit', ['~acct'], [false, ['mount']], true],
  ['a set', ['', '~@swap'], [false, SWAP], true],
  ['a set with a call less', ['', '~@swap'], [false, SWAP.slice(1)], false],
  ['a set that nobody knows', ['', '~@swap'], [false, ['acct']], true, { sets: undefined }],
  [
    'another kind of list, with sets that nobody knows',
    ['', '~@swap'],
    [true, []],
    false,
    { sets: undefined },
  ],
  ['an errno', ['', '~acct:ENETDOWN mount'], [false, ['acct:ENETDOWN', 'mount']], true],
  ['an errno by its number', ['', '~acct:200 mount:1'], [false, ['acct:200', 'mount:EPERM']], true],
  ['an errno with two names', ['', '~acct:ENOTSUP'], [false, ['acct:EOPNOTSUPP']], true],
  ['an errno that no policy has', ['', '~acct:0'], [false, ['acct:0']], true],
  ['the death of the process', ['', '~acct:kill'], [false, ['acct:kill']], true],
  ['the usual errno by its name', ['', '~acct', ...USUAL], [false, ['acct:EPERM']], true],
  ['the usual errno instead of another', ['', '~acct:EIO', ...USUAL], [false, ['acct']], false],
  ['an action that nobody knows', ['', '~acct'], [false, ['acct:shrug']], false],
  ['another errno', ['', '~acct:ENETDOWN'], [false, ['acct:EPERM']], false],
  ['an errno that it lacks', ['', '~acct:ENETDOWN'], [false, ['acct']], false],
  ['an errno instead of the usual one', ['', '~acct'], [false, ['acct:EPERM']], false],
  ['an errno instead of the death', ['', '~acct:kill'], [false, ['acct:EPERM']], false],
  ['an allow list', ['', 'acct'], [true, [...DEFAULT, 'acct', 'write']], true],
  ['an allow list that lacks a call', ['', 'acct'], [true, DEFAULT], false],
  [
    'an allow list that lacks one of @default',
    ['', 'acct'],
    [true, [...without(DEFAULT, 'brk'), 'acct']],
    false,
  ],
  ['an allow list with a call more', ['', 'acct'], [true, [...DEFAULT, 'acct', 'mount']], false],
  [
    'what an allow list refuses with an errno',
    ['', 'acct', '~brk:EIO'],
    [true, [...without(DEFAULT, 'brk'), 'acct']],
    true,
  ],
  ['the same, allowed', ['', 'acct', '~brk:EIO'], [true, [...DEFAULT, 'acct']], false],
  // systemd lets it pass from 256 on, whatever the lines have.
  ['write', ['', '~acct'], [false, ['acct', 'write']], true],
  ['write, listed', ['', '~acct write'], [false, ['acct', 'write']], true],
  ['write for 255', ['', '~acct'], [false, ['acct', 'write']], false, { systemd: 255 }],
  ['write, missing for 255', ['', 'acct write'], [true, [...DEFAULT, 'acct']], false, { systemd: 255 }],
  // What libseccomp may not know yet, and what only other tables have.
  ['newer calls that an allow list lacks', ['', 'mseal uretprobe'], [true, DEFAULT], true],
  ['the same on riscv64', ['', 'riscv_hwprobe'], [true, DEFAULT], true, { machine: 'riscv64' }],
  ['newer calls that nobody refuses', ['', '~acct mseal uretprobe'], [false, ['acct']], false],
  ['a newer call too many', ['', '~acct'], [false, ['acct', 'mseal']], false],
  ['calls of other tables', ['', '~acct socketcall'], [false, ['acct', 'ugetrlimit']], true],
  ['a call that this table lacks', ['', '~acct open'], [false, ['acct']], true, { machine: 'arm64' }],
  ['a call of no table', ['', '~acct'], [false, ['acct', 'not_yet']], true],
];

for (const [what, lines, loaded, holds, reader] of FILTERS) {
  test(`SystemCallFilter=: ${what}`, () => {
    const text = lines.map((line) => `${line.includes('=') ? '' : 'SystemCallFilter='}${line}\n`).join('');
    const dropIn = parseUnitFile('/x/zz.conf', `[Service]\n${text}`);
    assert.equal(filterHolds(dropIn, loaded, { ...READER, ...reader }), holds);
  });
}

test('newer calls that the launcher refuses may be missing, others not', () => {
  const filter = '/etc/systemd/system/a.service.d/zz-sandbox-unit.filter';
  const launched = `ExecStart=\nExecStart=/launcher --filter=${filter} -- /bin/a`;
  const text = `[Service]\nSystemCallFilter=\nSystemCallFilter=~acct mount mseal\n${launched}\n`;
  const found = (listed: readonly string[]) =>
    filterDifferences(parseUnitFile('/x/zz.conf', text), [false, listed], READER).map((one) => one.message);
  assert.deepEqual(found(['acct', 'mount']), []);
  assert.deepEqual(found(['acct']), ["systemd doesn't refuse: mount"]);
});

test('a set is what the manager takes it for', () => {
  const sets = olderSets('252');
  const dropIn = parseUnitFile(
    '/x/zz.conf',
    '[Service]\nSystemCallFilter=\nSystemCallFilter=@system-service\n',
  );
  const calls = new Set([...expandSet(sets, '@default')!, ...expandSet(sets, '@system-service')!]);
  const holds = (by: Reader['sets']) =>
    filterHolds(dropIn, [true, [...without([...calls], 'getpid')]], { ...READER, sets: by });
  assert.equal(filterHolds(dropIn, [true, [...calls]], { ...READER, sets }), true);
  assert.equal(holds(sets), false);
  assert.equal(holds(undefined), true);
});

const LOGS: readonly [lines: readonly string[], loaded: NameList | undefined, holds: boolean][] = [
  [['acct'], [true, ['acct', 'mount']], true],
  [['acct'], [true, ['mount']], false],
  [['acct'], [false, ['mount']], true],
  [['acct'], [false, ['acct']], false],
  [['acct'], [false, []], false],
  [['acct'], undefined, true],
  [['@swap'], [true, ['swapon']], true],
  [['@swap acct'], [true, ['acct']], false],
  [['mseal'], [true, []], false],
  [['@nobodys'], [true, []], true],
  [['~acct'], [true, []], true],
  [['acct', ''], [true, []], true],
];

for (const [lines, loaded, holds] of LOGS) {
  test(`SystemCallLog=${lines.join(' | ')} is ${holds ? '' : 'not '}in ${JSON.stringify(loaded)}`, () => {
    assert.equal(logHolds(lines, loaded), holds);
  });
}

test('what is recorded by sets that nobody knows is not known', () => {
  assert.equal(logHolds(['acct'], [true, []], { ...READER, sets: undefined }), true);
});
