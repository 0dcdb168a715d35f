import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Location } from '../../src/diagnostic.js';
import { emitted } from '../../src/systemd/directives/against-unit.js';
import type { Directive } from '../../src/systemd/directives/directive.js';
import { directiveGap, formatDirective } from '../../src/systemd/directives/format.js';
import { CAPABILITIES } from '../../src/systemd/directives/kinds/names/capabilities.js';
import { ADDRESS_FAMILIES } from '../../src/systemd/directives/kinds/names/families.js';
import { directives, findDirective } from '../../src/systemd/directives/table.js';
import { parseBoolean } from '../../src/systemd/unit/values.js';
import { type Box, boxAvailable } from '../support/box.js';
import { unitValues } from '../support/bus-in-box.js';
import { GOOD } from '../support/good-values.js';
import { changeFiles } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { THOROUGH } from '../support/thorough.js';
import type { TreeName } from '../support/tree.js';
import { type ReadBackUnit, readUnitsBack, undoing } from './directive-read-back.js';
import { READINGS } from './directive-readings.js';

const AT: Location = { file: 'policy.toml', line: 1, column: 1 };
const INTERFACE = 'org.freedesktop.systemd1.Service';
const RUN = '/run/systemd/system';

/** A unit: the lines of its [Service] besides ExecStart=, and those of a drop-in. */
interface UnitText {
  readonly lines: readonly string[];
  readonly dropIn?: readonly string[];
}

const assignments = (name: string, values: readonly string[]) => values.map((value) => `${name}=${value}`);

function format(row: Directive, value: unknown): readonly string[] {
  const result = formatDirective(row, value, AT);
  assert.ok(!Array.isArray(result), `${row.name}: ${JSON.stringify(result)}`);
  return result.values;
}

/** Puts units in place of those of the call before. */
async function install(box: Box, units: ReadonlyMap<string, UnitText>): Promise<void> {
  const text = (lines: readonly string[]) => ['[Service]', ...lines, ''].join('\n');
  const files = [...units].flatMap(([name, { lines, dropIn }]) => {
    const path = `${RUN}/t-${name}.service`;
    const unit = [path, text(['ExecStart=/bin/true', ...lines])];
    return dropIn ? [unit, [`${path}.d/zz-sandbox-unit.conf`, text(dropIn)]] : [unit];
  });
  await box.sh(`rm -rf ${RUN}/t-*`);
  await changeFiles(box, Object.fromEntries(files));
}

/** What systemd complains of when it reads the installed units, by unit. */
async function complaints(box: Box, names: Iterable<string>): Promise<Map<string, string[]>> {
  const files = [...names].map((name) => `t-${name}.service`);
  const { stderr } = await box.exec(['systemd-analyze', 'verify', '--man=no', ...files], {
    env: { SYSTEMD_COLORS: '0' },
    cwd: RUN,
  });
  const found = new Map<string, string[]>();
  for (const [, name = '', text = ''] of stderr.matchAll(/t-([\w-]+)\.service(?:\.d\/[\w.-]+)?:\d+: (.*)/g)) {
    found.set(name, [...(found.get(name) ?? []), text]);
  }
  return found;
}

/** Properties of installed units, as `name.property`. */
async function properties(
  box: Box,
  wanted: ReadonlyMap<string, readonly string[]>,
): Promise<Map<string, unknown>> {
  const asked = [...wanted].flatMap(([name, list]) => list.map((property) => [name, property] as const));
  const values = await unitValues(
    box,
    asked.map(([name, property]) => [`t-${name}.service`, 'Service', property]),
  );
  return new Map(asked.map(([name, property], i) => [`${name}.${property}`, ordered(values[i])]));
}

/** systemd keeps some lists as sets and says them in no order. */
const ordered = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(ordered).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
    : value;

/** A signed list without names restricts nothing, whatever its sign; nor does a quota that isn't enforced. */
const restrictsNothing = (value: unknown): boolean =>
  Array.isArray(value) && (JSON.stringify(value[0]) === '[]' || value[0] === 'no');

const TREES: ReadonlyMap<TreeName, number> = new Map([
  ['bullseye', 247],
  ['bookworm', 252],
  ['machine', 257],
  ['forky', 262],
]);

/** What a version says otherwise, and why. */
const EXCEPTIONS: ReadonlyMap<string, string> = new Map([
  ['247 CPUSchedulingPriority', 'is checked against the policy at once, which a unit of this one line lacks'],
  ['247 CoredumpFilter', 'has no bit for private-dax'],
  ['247 MountAPIVFS', 'is said only of a unit with a root of its own'],
]);

/** Whether a value is in force, and can be read back, from a systemd. */
const isReadBack = (row: Directive, value: unknown, systemd: number): boolean =>
  [row.example, value].every(
    (one) => directiveGap(row, one, AT, { systemd, scope: 'system' }) === undefined,
  ) &&
  !EXCEPTIONS.has(`${systemd} ${row.name}`) &&
  !(systemd === 252 && row.name === 'RestrictFileSystems'); // its build forgets the names

/** Reading back is the program's own code, and the same for all versions: each value has its turn on one, or on all. */
function hasTurn(i: number, row: Directive, value: unknown, version: number): boolean {
  const able = [...TREES.values()].filter((systemd) => isReadBack(row, value, systemd));
  return THOROUGH || able[i % able.length] === version;
}

for (const [tree, version] of TREES) {
  const skip = boxAvailable(tree);

  describe(`systemd ${version}`, { skip: skip ?? false }, () => {
    const { box } = machine(`directives-${version}`, {
      tree,
      prepare: async () => {
        assert.match(await box.succeed(['systemctl', '--version']), new RegExp(`^systemd ${version} `));
      },
    });

    const target = { systemd: version, scope: 'system' } as const;
    const inForce = (row: Directive, value: unknown = row.example) =>
      directiveGap(row, value, AT, target) === undefined;
    const known = directives().filter((row) => inForce(row) && !EXCEPTIONS.has(`${version} ${row.name}`));

    test("booleans are spelt as in systemd's parse_boolean()", async () => {
      const spellings = ['1', 'yes', 'Y', 'True', 't', 'ON', '0', 'no', 'N', 'False', 'f', 'OFF'];
      const wrong = ['2', 'enable', 'o', 'tru'];
      const lines = (text: string) => ({ lines: [`NoNewPrivileges=${text}`, `PrivateTmp=${text}`] });
      await install(box, new Map([...spellings, ...wrong].map((text) => [text, lines(text)])));
      assert.deepEqual([...(await complaints(box, [...spellings, ...wrong])).keys()].sort(), wrong.sort());
      const wanted = new Map(spellings.map((text) => [text, ['NoNewPrivileges', 'PrivateTmp']]));
      for (const [key, value] of await properties(box, wanted)) {
        assert.equal(value, parseBoolean(key.split('.')[0]!), key);
      }
    });

    test('each example is read without a complaint and reads back as expected', async () => {
      const units = new Map(
        known.map((row) => [row.name, { lines: assignments(row.name, format(row, row.example)) }]),
      );
      await install(box, units);
      assert.deepEqual(await complaints(box, units.keys()), new Map());
      const wanted = new Map(
        known.map((row) => {
          const all = [row.bus, ...(row.more ?? [])].filter((bus) => (bus.since ?? 0) <= version);
          return [row.name, all.map((bus) => bus.property).filter((name) => READINGS.has(name))];
        }),
      );
      const read = await properties(box, wanted);
      const expected = new Map(
        [...read.keys()].map((key) => [key, ordered(READINGS.get(key.split('.')[1]!))]),
      );
      // A build without BPF_FRAMEWORK forgets the names.
      const filesystems = read.get('RestrictFileSystems.RestrictFileSystems');
      if (JSON.stringify(filesystems) === '[[],true]') {
        expected.set('RestrictFileSystems.RestrictFileSystems', filesystems);
      }
      assert.deepEqual(read, expected);
    });

    test('each value that the tests call good is read without a complaint', async () => {
      const cases = GOOD.filter(([name, value]) => {
        const row = findDirective(name)!;
        return inForce(row, value) && !EXCEPTIONS.has(`${version} ${name}`);
      });
      const units = new Map<string, UnitText>(
        cases.map(([name, , values], i) => [`${name}-${i}`, { lines: assignments(name, values) }]),
      );
      await install(box, units);
      assert.deepEqual(await complaints(box, units.keys()), new Map());
    });

    test('each address family and each capability is known by its name', async () => {
      const values = [
        ['RestrictAddressFamilies', ADDRESS_FAMILIES],
        ['CapabilityBoundingSet', CAPABILITIES],
      ] as const;
      const units = new Map<string, UnitText>(
        values.map(([name, all]) => {
          const usable = all.filter((word) => inForce(findDirective(name)!, [word]));
          return [name, { lines: assignments(name, usable) }];
        }),
      );
      await install(box, units);
      assert.deepEqual(await complaints(box, units.keys()), new Map());
    });

    test('a unit without the directive reads back differently', async () => {
      await install(box, new Map([['bare', { lines: [] }]]));
      const same = ['CPUAccounting', 'IOAccounting', 'IPAccounting'];
      const names = known.map((row) => row.bus.property).filter((name) => !same.includes(name));
      const read = await properties(box, new Map([['bare', names]]));
      const equal = names.filter(
        (name) => JSON.stringify(read.get(`bare.${name}`)) === JSON.stringify(ordered(READINGS.get(name))),
      );
      // What is kept in another property of the row.
      assert.deepEqual(equal, ['RootHashSignature']);
    });

    test('an empty value resets what the table says', async () => {
      const rows = known.filter((row) => row.reset === '' && row.name !== 'CapabilityBoundingSet');
      const units = new Map<string, UnitText>(
        rows.map((row) => [
          row.name,
          {
            lines: [
              ...assignments(row.name, format(row, row.example)),
              ...assignments(row.name, format(row, '')),
            ],
          },
        ]),
      );
      await install(box, new Map([...units, ['bare', { lines: [] }]]));
      assert.deepEqual(await complaints(box, units.keys()), new Map());
      const names = rows.map((row) => row.bus.property);
      const bare = await properties(box, new Map([['bare', names]]));
      const read = await properties(box, new Map(rows.map((row) => [row.name, [row.bus.property]])));
      const values = (all: ReadonlyMap<string, unknown>) =>
        [...all].map(([key, value]) => [key.split('.')[1], restrictsNothing(value) ? [] : value]);
      assert.deepEqual(values(read), values(bare));
    });

    test('the bus has the properties of the table, with its signatures', async () => {
      const text = await box.succeed([
        ...['busctl', 'introspect', 'org.freedesktop.systemd1'],
        ...['/org/freedesktop/systemd1/unit/dbus_2eservice', INTERFACE],
      ]);
      const signatures = new Map(
        [...text.matchAll(/^\.(\w+) +property +(\S+)/gm)].map(([, name, signature]) => [name, signature]),
      );
      const rows = directives().filter((row) => row.since <= version && !(row.until && row.until <= version));
      const wanted = rows
        .flatMap((row) => [{ ...row.bus, since: row.since }, ...(row.more ?? [])])
        .filter((bus) => (bus.since ?? 0) <= version);
      const found = wanted.map(({ property }) => [property, signatures.get(property)]);
      assert.deepEqual(
        found,
        wanted.map(({ property, signature }) => [property, signature]),
      );
    });

    test('a directive that the table calls too new or removed is ignored', async () => {
      const rows = directives().filter((row) => row.since > version || (row.until ?? 999) <= version);
      const units = new Map(
        rows.map((row) => [row.name, { lines: assignments(row.name, format(row, row.example)).slice(0, 1) }]),
      );
      await install(box, units);
      const found = await complaints(box, units.keys());
      for (const { name } of rows) {
        assert.match(found.get(name)?.[0] ?? 'nothing', /^Unknown (key|lvalue)|has been removed/, name);
      }
    });

    test('each word of an enumeration is known from the version that the table has', async () => {
      const units = new Map<string, UnitText>();
      const tooNew = new Set<string>();
      for (const row of directives().filter((candidate) => inForce(candidate))) {
        for (const { value } of row.kind.words ?? []) {
          if (row.name === 'Personality' && !value.startsWith('x86')) continue;
          const name = `${row.name}-${value.replaceAll('-', '_')}`;
          units.set(name, { lines: assignments(row.name, format(row, value)) });
          if (!inForce(row, value)) tooNew.add(name);
        }
      }
      await install(box, units);
      const complained = [...(await complaints(box, units.keys())).keys()];
      assert.deepEqual(new Set(complained), tooNew);
    });

    test('a wrong value drops the rest of a drop-in only where the table says so', async () => {
      const wrong = new Map([
        ['DynamicUser', 'maybe'],
        ['User', '%i'],
        ['Group', 'a:b'],
        ['SupplementaryGroups', 'a:b'],
        ['RootDirectory', 'srv'],
        ['WorkingDirectory', 'srv'],
        ['RootImage', 'a'],
        ['RootVerity', 'a'],
      ]);
      const units = new Map<string, UnitText>(
        known.map((row) => {
          const lines = [`${row.name}=${wrong.get(row.name) ?? '\t:bad/..'}`, 'IgnoreSIGPIPE=no'];
          return [row.name, { lines: [], dropIn: lines }];
        }),
      );
      await install(box, units);
      const names = known.map((row) => `t-${row.name}.service`);
      const shown = await box.succeed(['systemctl', 'show', '--property=IgnoreSIGPIPE', ...names]);
      const read = shown.match(/^IgnoreSIGPIPE=(?:yes|no)$/gm) ?? [];
      assert.equal(read.length, known.length);
      const dropped = known.filter((_, i) => read[i] === 'IgnoreSIGPIPE=yes');
      const found = dropped.filter((row) => !row.fatal).map((row) => row.name);
      assert.deepEqual(found, []);
      assert.deepEqual(
        [...wrong.keys()].filter((name) => !dropped.some((row) => row.name === name)),
        [],
      );
    });

    test('merged assignments read back as in the policy', async () => {
      await checkMerges(
        box,
        known.filter((row) => MERGES.has(row.name)),
        version,
      );
    });

    test('no text can add a line', async () => {
      await checkTexts(box);
    });

    test('what a drop-in sets reads back as in force', async () => {
      const others: (readonly [string, unknown, number])[] = [
        ...[...GOOD, ...TEXTS].map(([name, value], i) => [name, value, i] as const),
        ...known.flatMap(({ name, kind }) =>
          (kind.words ?? []).map(({ value }, i) => [name, value, i] as const),
        ),
      ];
      const values: (readonly [string, unknown])[] = [
        ...known.map((row) => [row.name, row.example] as const),
        ...others
          .filter(([name, value, i]) => hasTurn(i, findDirective(name)!, value, version))
          .map(([name, value]) => [name, value] as const),
      ];
      const units = new Map<string, ReadBackUnit>();
      for (const [i, [name, value]] of values.entries()) {
        const row = findDirective(name)!;
        const foreign = name === 'Personality' && !String(value).startsWith('x86');
        if (isReadBack(row, value, version) && !foreign) units.set(`${i} ${name}`, { row, value });
      }
      const found = await readUnitsBack(box, units);
      assert.deepEqual(
        [...found].filter(([, findings]) => findings.length > 0).map(([key]) => key),
        [],
      );
    });

    test('what a later drop-in resets reads back as not in force', async () => {
      const units = new Map(
        known.map((row) => [row.name, { row, value: row.example, later: [undoing(row, version)] }]),
      );
      const found = await readUnitsBack(box, units);
      assert.deepEqual(
        [...found]
          .filter(([name, [finding]]) => !finding?.message.startsWith(`${name}= `))
          .map(([name]) => name),
        [],
      );
      for (const [{ hint }] of found.values() as Iterable<[{ hint: string }]>) {
        assert.match(
          hint,
          /^drop-ins that are read later: \/run\/systemd\/system\/r-\d+\.service\.d\/zzz-later\.conf$/,
        );
      }
    });

    test("a unit's own lines beside those of the drop-in read back as in force", async () => {
      const units = new Map<string, ReadBackUnit>();
      for (const row of known) {
        for (const [i, [own, value]] of (MERGES.get(row.name) ?? []).entries()) {
          if (version < 249 && [...own, value].includes('none')) continue;
          if (own.includes('none') || value === 'none' || hasTurn(i, row, value, version))
            units.set(`${row.name} ${i}`, { row, value, own });
        }
      }
      const found = await readUnitsBack(box, units);
      assert.deepEqual(
        [...found].filter(([, findings]) => findings.length > 0).map(([key]) => key),
        [],
      );
    });
  });
}

/** What a unit has, what a policy says, and the assignments that a unit of its own would need for the outcome. */
const MERGES: ReadonlyMap<string, readonly (readonly [readonly string[], unknown, readonly string[]])[]> =
  new Map([
    ['AllowedCPUs', [[['0'], '1', ['1']]]],
    ['AmbientCapabilities', [[['CAP_CHOWN'], ['CAP_KILL'], ['CAP_KILL']]]],
    ['BindPaths', [[['/a:/b'], ['/c'], ['/a:/b /c']]]],
    ['BindReadOnlyPaths', [[['/a:/b'], ['/c'], ['/a:/b', '/c']]]],
    ['CPUAffinity', [[['0'], [1], ['1']]]],
    ['CacheDirectory', [[['a'], ['b'], ['a b']]]],
    [
      'CapabilityBoundingSet',
      [
        [['CAP_CHOWN CAP_KILL', 'CAP_FOWNER'], ['CAP_KILL'], ['CAP_KILL']],
        [['CAP_CHOWN CAP_KILL'], ['~CAP_KILL'], ['CAP_CHOWN']],
        [['~CAP_CHOWN'], ['~CAP_KILL'], ['~CAP_CHOWN CAP_KILL']],
        [['~CAP_CHOWN'], ['CAP_KILL'], ['CAP_KILL']],
        [['CAP_CHOWN'], [], ['']],
        [[], ['CAP_KILL'], ['CAP_KILL']],
        [[], ['~CAP_KILL'], ['~CAP_KILL']],
        [[''], ['~CAP_KILL'], ['']],
      ],
    ],
    ['CoredumpFilter', [[['shared-dax'], ['elf-headers'], ['elf-headers']]]],
    [
      'Delegate',
      [
        [['cpu'], ['pids'], ['pids']],
        [['yes'], ['pids'], ['pids']],
        [['cpu'], false, ['no']],
      ],
    ],
    ['DelegateNamespaces', [[['mnt'], ['net'], ['net']]]],
    ['DeviceAllow', [[['/dev/null rw'], ['/dev/zero r'], ['/dev/zero r']]]],
    ['DisableControllers', [[['cpu'], ['io'], ['io']]]],
    ['ExecPaths', [[['/usr'], ['/bin'], ['/bin']]]],
    ['ExecSearchPath', [[['/usr'], ['/bin'], ['/bin']]]],
    ['ExtensionDirectories', [[['/a'], ['/b'], ['/a /b']]]],
    ['ExtensionImages', [[['/a'], ['/b'], ['/a /b']]]],
    [
      'IOReadBandwidthMax',
      [[['/dev/sda 1M', '/dev/sdb 1M'], ['/dev/sda 2M'], ['/dev/sda 2M', '/dev/sdb 1M']]],
    ],
    ['IPAddressAllow', [[['10.0.0.0/8'], ['localhost'], ['localhost']]]],
    ['IPAddressDeny', [[['10.0.0.0/8'], ['127.0.0.0/8'], ['10.0.0.0/8 127.0.0.0/8']]]],
    ['ImportCredential', [[['a*'], ['b*'], ['a*', 'b*']]]],
    ['InaccessiblePaths', [[['/a'], ['/b'], ['/a /b']]]],
    ['LoadCredential', [[['a:/a'], ['b:/b'], ['a:/a', 'b:/b']]]],
    ['NFTSet', [[['cgroup:ip:a:a'], ['cgroup:ip:b:b'], ['cgroup:ip:a:a cgroup:ip:b:b']]]],
    ['NUMAMask', [[['0'], '1', ['1']]]],
    ['NoExecPaths', [[['/a'], ['/b'], ['/a /b']]]],
    ['OOMRules', [[['a'], ['b'], ['a b']]]],
    ['ReadOnlyPaths', [[['/a'], ['/b'], ['/a /b']]]],
    ['ReadWritePaths', [[['/a'], ['/b'], ['/b']]]],
    [
      'RestrictAddressFamilies',
      [
        [['AF_UNIX AF_INET', 'AF_INET6'], ['AF_UNIX'], ['AF_UNIX']],
        [['AF_UNIX AF_INET'], ['~AF_INET'], ['AF_UNIX']],
        [['~AF_UNIX'], ['~AF_INET'], ['~AF_UNIX AF_INET']],
        [['~AF_UNIX'], ['AF_INET'], ['AF_INET']],
        [['none'], ['~AF_INET'], ['none']],
        [['AF_UNIX'], 'none', ['none']],
        [['AF_UNIX'], ['~AF_UNIX'], ['AF_UNIX', '~AF_UNIX']],
      ],
    ],
    [
      'RestrictNamespaces',
      [
        [['net mnt'], ['net'], ['net']],
        [['net mnt'], ['~net'], ['mnt']],
        [['~net'], ['~mnt'], ['~mnt net']],
        [['~net'], true, ['yes']],
        [['yes'], ['~net'], ['yes']],
        [['no'], ['net'], ['net']],
      ],
    ],
    [
      'RestrictNetworkInterfaces',
      [
        [['lo eth0'], ['lo'], ['lo']],
        [['lo eth0'], ['~lo'], ['eth0']],
        [['~lo'], ['~eth0'], ['~lo eth0']],
        [['~lo'], ['eth0'], ['eth0']],
      ],
    ],
    ['RootImageOptions', [[['root:ro'], ['nodev'], ['root:nodev']]]],
    ['SecureBits', [[['keep-caps'], ['noroot'], ['noroot']]]],
    ['SetCredential', [[['a:1'], ['b:2'], ['a:1', 'b:2']]]],
    ['SocketBindAllow', [[['80'], [443], ['443']]]],
    ['SocketBindDeny', [[['80'], [443], ['80', '443']]]],
    ['StateDirectory', [[['a'], ['b'], ['a b']]]],
    ['SupplementaryGroups', [[['audio'], ['video'], ['video']]]],
    ['TemporaryFileSystem', [[['/a:ro'], ['/b'], ['/a:ro /b']]]],
  ]);

test('the merge cases name every row that merges', () => {
  // One of a kind stands for its like.
  const like =
    /^(Startup)?Allowed|^BPFProgram$|^IO(Device|Write|Read)|^IP\w+Path$|Directory$|Credential(Encrypted)?$/;
  const left = directives().filter(
    (row) => row.merge !== 'scalar' && !MERGES.has(row.name) && !like.test(row.name),
  );
  const names = left.map((row) => row.name);
  assert.deepEqual(names, ['MountImages', 'RestrictFileSystems']);
  const found = [...MERGES.keys()].filter((name) => findDirective(name)?.merge === 'scalar');
  assert.deepEqual(found, []);
});

async function checkMerges(box: Box, rows: readonly Directive[], version: number): Promise<void> {
  const units = new Map<string, UnitText>();
  const wanted = new Map<string, string[]>();
  const cases: string[] = [];
  for (const row of rows) {
    const list = [row.bus.property, ...(row.name === 'Delegate' ? ['DelegateControllers'] : [])];
    for (const [i, [own, asked, outcome]] of MERGES.get(row.name)!.entries()) {
      if (version < 249 && [...own, asked].includes('none')) continue;
      const name = `${row.name}_${i}`;
      const dropIn = emitted(row, own, format(row, asked));
      units.set(`${name}a`, { lines: assignments(row.name, own), dropIn: assignments(row.name, dropIn) });
      units.set(`${name}b`, { lines: assignments(row.name, outcome) });
      wanted.set(`${name}a`, list).set(`${name}b`, list);
      cases.push(...list.map((property) => `${name}?.${property}`));
    }
  }
  await install(box, units);
  const read = await properties(box, wanted);
  const side = (letter: string) => cases.map((key) => [key, read.get(key.replace('?', letter))]);
  assert.deepEqual(side('a'), side('b'));
}

/** Texts that a policy may give to the directives of each way of quoting, and what systemd makes of them. */
const TEXTS: readonly (readonly [string, unknown, unknown])[] = [
  ['ReadOnlyPaths', ['/a b', '/c"d', "/e'f", '/g\\h', '/i\\', '/#', '/;', '/ä', '-/x:y'], null],
  ['BindPaths', ['/a b:/c', '-/d\\:e:/f"g:norbind', "/h\\\\i/j'k"], null],
  ['RootDirectory', '/a b"c\'d\\e;#', '/a b"c\'d\\e;#'],
  ['WorkingDirectory', '-/a b/./c/', '!/a b/c'],
  [
    'TemporaryFileSystem',
    ['/a b:ro', '/c'],
    [
      ['/a b', 'ro'],
      ['/c', ''],
    ],
  ],
  ['StateDirectory', ['a b', 'c/d'], ['a b', 'c/d']],
  ['ExecSearchPath', ['/a b', '/c'], ['/a b', '/c']],
  ['DeviceAllow', ['/dev/c"d w'], [['/dev/c"d', 'w']]],
  ['SetCredential', ['x: a\n[Service]\nNoNewPrivileges=no\\x41 \u0000é '], null],
  ['SELinuxContext', 'a:b:c:s0-s0:c0.c1023', [false, 'a:b:c:s0-s0:c0.c1023']],
  ['ReadWritePaths', ['/%%a', '%S/x'], ['/%a', '/var/lib/x']],
];

async function checkTexts(box: Box): Promise<void> {
  const version = Number(/\d+/.exec(await box.succeed(['systemctl', '--version']))![0]);
  const texts = TEXTS.filter(([name]) => findDirective(name)!.since <= version);
  const units = new Map<string, UnitText>(
    texts.map(([name, value]) => [
      name,
      // A line before and one after: neither may be lost or changed.
      {
        lines: ['Nice=7', ...assignments(name, format(findDirective(name)!, value)), 'NoNewPrivileges=yes'],
      },
    ]),
  );
  await install(box, units);
  assert.deepEqual(await complaints(box, units.keys()), new Map());
  const read = await properties(
    box,
    new Map(texts.map(([name]) => [name, [name, 'Nice', 'NoNewPrivileges']])),
  );
  const special = new Map<string, unknown>([
    ['ReadOnlyPaths', TEXTS[0]![1]],
    [
      'BindPaths',
      [
        ['/a b', '/c', false, 16384],
        ['/d:e', '/f"g', true, 0],
        ["/h\\i/j'k", "/h\\i/j'k", false, 16384],
      ],
    ],
    ['SetCredential', [['x', [...Buffer.from(' a\n[Service]\nNoNewPrivileges=no\\x41 \u0000é ')]]]],
  ]);
  const expected = texts.flatMap(([name, , outcome]) => [
    [`${name}.${name}`, ordered(outcome ?? special.get(name))],
    [`${name}.Nice`, 7],
    [`${name}.NoNewPrivileges`, true],
  ]);
  assert.deepEqual([...read], expected);
}
