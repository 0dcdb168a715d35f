/** Every Exec line of many units, after `generate` and a reload: systemd starts the launcher with the same command. */
import assert from 'node:assert/strict';
import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { execKeys } from '../../src/systemd/unit/exec/keys.js';
import type { Box } from '../support/box.js';
import { LAUNCHER } from '../support/demo-service.js';
import { execLineCases } from '../support/exec-lines.js';
import {
  type BusCommand,
  busCommands,
  changeFiles,
  launched,
  outside,
  unitProperties,
} from '../support/loaded-units.js';
import { execLines } from '../support/random-exec-lines.js';
import { seed } from '../support/seed.js';
import { bootWithPrograms, sandboxUnit, servicesObstacle } from '../support/service.js';
import { alternatives, THOROUGH } from '../support/thorough.js';
import { debianTree } from '../support/tree.js';

const EXEC_KEYS = execKeys(257);
const DROP_IN = 'zz-sandbox-unit';
const POLICY = `[syscalls]\ndeny = ["execve", "execveat"]\n[exec]\nwrap = ${JSON.stringify(EXEC_KEYS)}\n[apply]\nunderstood = ["locks-out"]\n`;

interface Found {
  readonly state: string;
  /** systemd can't read a drop-in to its end, and says for ever that it has changed. */
  readonly isCutShort: boolean;
  readonly searchPath: readonly string[];
  readonly commands: ReadonlyMap<string, readonly BusCommand[]>;
}

/** What systemd has of each unit, by its own name: aliases are left out. */
async function loaded(box: Box, units: readonly string[]): Promise<Map<string, Found>> {
  const properties = ['Id', 'LoadState', 'NeedDaemonReload'].map((name) => `Unit.${name}`);
  const keys = EXEC_KEYS.map((key) => `Service.${key}Ex`);
  const rows = await unitProperties(box, units, [...properties, 'Service.ExecSearchPath', ...keys]);
  return new Map(
    rows.map(([id, state, isChanged, searchPath, ...commands]) => [
      String(id),
      {
        state: String(state),
        isCutShort: isChanged === true,
        searchPath: searchPath as string[],
        commands: new Map(EXEC_KEYS.map((key, i) => [key, busCommands(commands[i])])),
      },
    ]),
  );
}

interface Generated {
  readonly status: number;
  readonly diagnostics: readonly { readonly code: string; readonly severity: string }[];
}

/** Generates the files of each unit into the box; what the command said. */
async function generate(box: Box, units: readonly string[]): Promise<Map<string, Generated>> {
  await box.writeFile('/run/policy.toml', POLICY);
  const found = new Map<string, Generated>();
  for (const unit of units) {
    const words = ['--json', '--output', '/', '--allow-gaps', '--policy', '/run/policy.toml', unit];
    const { status, stdout } = await sandboxUnit(box, 'generate', ...words);
    found.set(unit, { ...JSON.parse(stdout), status });
  }
  return found;
}

/** The same by one run of `apply`, for many units. */
async function apply(box: Box, units: readonly string[]): Promise<Map<string, Generated>> {
  await box.writeFile('/run/policy.toml', POLICY);
  const words = ['--json', '--no-restart', '--allow-gaps', '--policy=/run/policy.toml', ...units];
  const { stdout } = await sandboxUnit(box, 'apply', ...words);
  const results: (Omit<Generated, 'status'> & { unit: string; state: string })[] = JSON.parse(stdout).units;
  return new Map(
    results.map(({ unit, state, diagnostics }) => [
      unit,
      { status: state === 'applied' ? 0 : 1, diagnostics },
    ]),
  );
}

/** What is said of a unit that systemd can't start, by its LoadState=. */
const UNLOADED = new Map([
  ['masked', /^not-loaded$/],
  ['bad-setting', /^(bad-unit-file|not-loaded|gap-)/],
]);

/** Why a command stays as it is. */
function obstacle({ argv, flags }: BusCommand): string | undefined {
  if (flags.includes('privileged')) return 'gap-exec-privileged';
  if (flags.includes('via-shell')) return 'gap-exec';
  const isSplit = !flags.includes('no-env-expand') && /^\$(?![{$])/.test(argv[0]!);
  return isSplit ? 'gap-exec' : undefined;
}

/** The gaps that a unit has by the commands that systemd has of it. */
function gapsOf({ commands }: Found): string[] {
  const obstacles = [...commands.values()].flat().map(obstacle);
  const none = commands.get('ExecStart')!.length === 0 ? ['gap-no-command'] : [];
  return [...obstacles, ...none].filter((code) => code !== undefined).sort();
}

/** A command without the launcher, where it is to have one. */
function original(command: BusCommand, was: BusCommand, unit: string, { searchPath }: Found): BusCommand {
  if (obstacle(was)) return command;
  const { launcher, options, becomes } = launched(command);
  const filter = `--filter=/etc/systemd/system/${unit}.d/${DROP_IN}.filter`;
  const isSearched = !becomes.path.includes('/') && searchPath.length > 0;
  const search = isSearched ? [`--search-path=${searchPath.join(':')}`] : [];
  assert.deepEqual([launcher, ...options], [LAUNCHER, filter, ...search], unit);
  return becomes;
}

/**
 * Wraps all that there is to wrap, and compares. Takes it back.
 * @returns how many commands are behind the launcher
 */
async function assertSame(box: Box, names: readonly string[], write = generate): Promise<number> {
  const were = await loaded(box, names);
  const units = [...were.keys()];
  const said = await write(box, units);
  await box.succeed(['systemctl', 'daemon-reload']);
  const are = await loaded(box, units);
  let count = 0;
  for (const [unit, was] of were) {
    const { status, diagnostics } = said.get(unit)!;
    const wrong = diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code);
    const gaps = diagnostics.map(({ code }) => code).filter((code) => code.startsWith('gap-'));
    if (was.state !== 'loaded') {
      assert.match([...wrong, ...gaps].join(' '), UNLOADED.get(was.state)!, unit);
      continue;
    }
    if (was.isCutShort) {
      assert.deepEqual([unit, ...wrong], [unit, 'unit-changed']);
      continue;
    }
    assert.deepEqual([unit, status, wrong, gaps.sort()], [unit, 0, [], gapsOf(was)]);
    const { state, commands } = are.get(unit)!;
    assert.equal(state, 'loaded', unit);
    for (const [key, list] of commands) {
      const originals = was.commands.get(key)!;
      const unwrapped = list.map((command, i) => original(command, originals[i]!, unit, was));
      assert.deepEqual(unwrapped, originals, `${unit}: ${key}`);
      count += originals.filter((command) => !obstacle(command)).length;
    }
  }
  const written = units.map((unit) => [`/etc/systemd/system/${unit}.d/${DROP_IN}.conf`, undefined]);
  await changeFiles(box, Object.fromEntries(written));
  return count;
}

/** The services of a folder, templates as an instance. */
const servicesOf = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.service'))
    .map((name) => name.replace('@.', '@x.'));

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: systemd's own notation
/** Sections with more than one line, and drop-ins over them. */
const SECTIONS: readonly [section: string, ...dropIns: string[]][] = [
  ['ExecStart=/bin/a one\nExecStart=-/bin/b two ; @/bin/c "c c" $THREE ; :/bin/d ${FOUR}\nExecStart=!e'],
  ['ExecStart=/bin/a \\\n# a comment \\\n  one \\\n; another\n\t"two \\\nthree"\nExecStart=/bin/b\\\n'],
  ['ExecStart=/bin/a\nExecStart=\nExecStart=/bin/b\nExecStop=/bin/c\nExecStop=', 'ExecStart=/bin/d'],
  ['ExecStart=/bin/a\nExecReload=/bin/b', 'ExecStart=\nExecStart=/bin/c ${X}', 'ExecReload=\nExecStart=d'],
  [EXEC_KEYS.map((key) => `${key}=-@!!/bin/x ${key} "a b" $C \\x24{D} %n %% \\;`).join('\n')],
  [EXEC_KEYS.map((key) => `${key}=/bin/x\n${key}=+/bin/y\n${key}=@/bin/z $A`).join('\n')],
  ['ExecStart=/bin/a x\nExecStop=+/bin/b x#\\ '],
  ['ExecSearchPath=/opt/a:/opt/b\nExecStart=-name x\nExecStartPost=@name y', 'ExecSearchPath=/opt/c'],
];
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: as above

const PLACES = ['/etc/systemd/system', '/run/systemd/system', '/usr/lib/systemd/system'];

/** A unit `PREFIXunit.service` and its drop-ins, each in another place and for all units of the prefix. */
const sectionFiles = ([section, ...dropIns]: readonly string[], prefix: string): [string, string][] => [
  [`${PLACES[2]}/${prefix}unit.service`, `[Service]\nType=oneshot\n${section}\n`],
  ...dropIns.map((text, i): [string, string] => [
    `${PLACES[i]}/${prefix}.service.d/${i}.conf`,
    `[Service]\n${text}\n`,
  ]),
];

/** Assignments of Exec keys, resets among them, some over several lines. */
const randomSection = fc
  .array(
    fc.tuple(
      fc.constantFrom('ExecStart', 'ExecStart', ...EXEC_KEYS),
      fc.oneof(
        { weight: 1, arbitrary: fc.constant('') },
        {
          weight: 8,
          arbitrary: execLines(['/bin/a ', 'b ', '"/opt/a b" ', '/opt/$A ', '@/bin/c d ', '-e ; ']),
        },
      ),
      fc.constantFrom(' ', ' ', ' \\\n', '\\\n# a comment\n ', '\\\n ; another \\\n\t'),
    ),
    { minLength: 1, maxLength: 5 },
  )
  .map((lines) => lines.map(([key, line, blank]) => `${key}=${line.replace(' ', blank)}`).join('\n'));

for (const tree of alternatives(['machine', 'forky'] as const)) {
  const skip = servicesObstacle(tree);
  test(`the golden corpus of Exec lines (${tree})`, { skip }, async (t) => {
    const box = await bootWithPrograms('corpus', {}, tree);
    t.after(() => box.stop());
    // Of what a specifier has become nothing is left to tell by.
    const cases = execLineCases().filter(({ expected }) => !expected.includes('[gap-exec]'));
    const sections = [...cases.map(({ written }) => [written]), ...SECTIONS];
    const prefixes = sections.map((_, i) => `section-${i}-`);
    const files = sections.flatMap((section, i) => sectionFiles(section, prefixes[i]!));
    await changeFiles(box, Object.fromEntries(files));
    const units = prefixes.map((prefix) => `${prefix}unit.service`);
    // One of them by a run of `generate` a unit, the other by one of `apply`, which is much sooner.
    const count = await assertSame(box, units, tree === 'machine' ? generate : apply);
    assert.ok(count > 70, `only ${count} commands`);
  });
}

test('random sections of Exec lines', { skip: servicesObstacle() }, async (t) => {
  const box = await bootWithPrograms('random-sections');
  t.after(() => box.stop());
  const prefixes = Array.from({ length: THOROUGH ? 200 : 80 }, (_, i) => `random-${i}-`);
  const sections = fc.sample(fc.array(randomSection, { minLength: 1, maxLength: 3 }), {
    numRuns: prefixes.length,
    seed,
  });
  const files = sections.flatMap((section, i) => sectionFiles(section, prefixes[i]!));
  await changeFiles(box, Object.fromEntries(files));
  const units = prefixes.map((prefix) => `${prefix}unit.service`);
  const count = await assertSame(box, units, apply).catch((cause: Error) => {
    throw new Error(`seed ${seed}: ${cause.message}`, { cause });
  });
  // Most sections have an error by which systemd drops their commands.
  assert.ok(count > (THOROUGH ? 10 : 0), `only ${count} commands`);
});

test('Exec lines of every service of a machine, and of twenty daemons', {
  skip: servicesObstacle() ?? servicesObstacle('daemons'),
}, async (t) => {
  const box = await bootWithPrograms('services-of-debian');
  t.after(() => box.stop());
  const folder = join(debianTree('daemons'), 'usr/lib/systemd/system');
  const place = '/usr/local/lib/systemd/system';
  await box.succeed(['mkdir', '-p', place]);
  await box.succeed(['find', '/run/systemd/system', '-type', 'f', '-empty', '-delete']); // box-init.sh's masks
  cpSync(folder, outside(box, place), { recursive: true, verbatimSymlinks: true });
  await box.succeed(['systemctl', 'daemon-reload']);
  const machines = outside(box, '/usr/lib/systemd/system');
  for (const services of alternatives([servicesOf(folder), servicesOf(machines)])) {
    const count = await assertSame(box, services, apply);
    assert.ok(count > 100, `only ${count} commands`);
  }
});
