/** Calls that a unit itself refuses stay refused under a policy: every call is made, before and after. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { kernelNumber } from '../../src/seccomp/syscalls/abi.js';
import { numbersOf } from '../../src/seccomp/syscalls/numbers.js';
import { callLine, type Way } from '../seccomp/filter/try-filter.js';
import { changeFiles } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { apply, defineProgram, FILES, PROGRAMS, revert, runToEnd, withFiles } from '../support/service.js';
import { CALLER, DONE, KILL, NATIVE, readOutcomes } from '../support/service-calls.js';

/** These wait for ever, end as the probe itself ends, or leave something behind. */
const UNFIT = ['pause', 'uretprobe', 'uprobe', 'msgget', 'fork', 'vfork'];
const CALLS = [...numbersOf(NATIVE)].filter(([name]) => !UNFIT.includes(name));

/** Arguments with which no call does anything. */
const NONSENSE = new Array<bigint>(6).fill(2n ** 64n - 1n);
/** getpid in the other ways that an x86-64 processor knows. */
const FOREIGN: readonly [Way, number][] =
  NATIVE === 'x86-64'
    ? [
        ['int80', numbersOf('x86').get('getpid')!],
        ['native', kernelNumber('x32', numbersOf('x32').get('getpid')!)],
      ]
    : [];
const LINES = [
  ...CALLS.map(([, nr]) => callLine('native', nr, NONSENSE)),
  ...FOREIGN.map(([way, nr]) => callLine(way, nr, NONSENSE)),
];
const EXEC_START = `${PROGRAMS}/try-filter`;

/** Filters that units have; their errnos are such as no call has of itself. */
const OWN: readonly [what: string, unit: string, lines: string][] = [
  ['an allow list', 'allows.service', 'SystemCallFilter=@system-service\nSystemCallErrorNumber=ELIBBAD'],
  [
    'an allow list with exceptions',
    'excepts.service',
    'SystemCallFilter=@system-service @mount\nSystemCallFilter=~@resources:ELIBBAD uname:EILSEQ umount2 chown',
  ],
  [
    'an allow list without the calls of the launcher',
    'scarce.service',
    'SystemCallFilter=@default clone fork wait4 read write fstat newfstatat\nSystemCallErrorNumber=ELIBBAD',
  ],
  [
    'a deny list with the calls of the launcher',
    'denies.service',
    'SystemCallFilter=~@mount @keyring:EILSEQ prctl seccomp:EILSEQ openat\nSystemCallErrorNumber=ELIBBAD\nSystemCallArchitectures=native',
  ],
];
const REDIS = 'probe-redis.service';
const UNITS = [
  ...OWN.map(([what, unit]) => ({ what, unit })),
  { what: "redis-server's filter", unit: REDIS },
];

/** By unit: what every call comes to without a policy. */
const untouched = new Map<string, string[]>();

const { box, test } = machine('never-loosens', {
  programs: CALLER,
  prepare: async () => {
    const input = `${LINES.join('\n')}\n`;
    for (const [, unit, lines] of OWN)
      await defineProgram(box, unit, `Type=oneshot\nExecStart=${EXEC_START}\n${lines}`, input);
    await changeFiles(box, {
      [`/etc/systemd/system/${REDIS}`]: await box.readFile('/usr/lib/systemd/system/redis-server.service'),
      [`/etc/systemd/system/${REDIS}.d/probe.conf`]: withFiles(
        `Type=oneshot\nRestart=no\nPIDFile=\nRuntimeDirectory=\nExecPaths=${PROGRAMS}\nExecStart=\nExecStart=${EXEC_START}`,
      ),
      [`${FILES}/${REDIS}.in`]: input,
    });
    for (const { unit } of UNITS) untouched.set(unit, await outcomes(unit));
  },
});

const REFUSED = [KILL, 'returned -80', 'returned -84'];

/** What each of the lines comes to. */
async function outcomes(unit: string): Promise<string[]> {
  const { end, output } = await runToEnd(box, unit);
  assert.equal(end, 'exited with 0', `${unit}\n${output}`);
  const found = readOutcomes(output);
  assert.equal(found.length, LINES.length);
  return found;
}

test('without a policy units refuse what their filters name', () => {
  const refused = (unit: string, ...names: string[]) =>
    names.map((name) => untouched.get(unit)![CALLS.findIndex(([call]) => call === name)]);
  assert.deepEqual(refused('allows.service', 'mount', 'reboot', 'getuid'), [
    'returned -80',
    'returned -80',
    DONE,
  ]);
  assert.deepEqual(refused('excepts.service', 'setpriority', 'uname', 'umount2', 'mount'), [
    'returned -80',
    'returned -84',
    KILL,
    'returned -14',
  ]);
  assert.deepEqual(refused('scarce.service', 'openat', 'prctl', 'getuid'), [
    'returned -80',
    'returned -80',
    DONE,
  ]);
  assert.deepEqual(refused('denies.service', 'mount', 'seccomp', 'keyctl', 'openat'), [
    'returned -80',
    'returned -84',
    'returned -84',
    'returned -80',
  ]);
  assert.deepEqual(refused(REDIS, 'mount', 'setpriority', 'getuid'), [KILL, KILL, DONE]);
});

/** Calls with what they came to before and after, where a condition holds. */
function changed(
  unit: string,
  now: readonly string[],
  bad: (was: string, is: string, call: string) => boolean,
) {
  return CALLS.map(([name], i) => ({ name, was: untouched.get(unit)![i]!, is: now[i]! }))
    .filter(({ name, was, is }) => bad(was, is, name))
    .map(({ name, was, is }) => `${name}: ${was}, then ${is}`);
}

/** Not in this kernel, or not known to systemd, whose allow lists then say so. */
const ABSENT = 'returned -38';
const EXECS = ['execve', 'execveat'];

/** Under a policy that kills at EXECS every other call does what it did. */
const differs = (was: string, is: string, call: string): boolean => {
  if (EXECS.includes(call)) return is !== KILL && !(REFUSED.includes(was) && is === was);
  return is !== was && was !== ABSENT;
};

for (const enforcer of ['auto', 'launcher']) {
  describe(`under a policy that denies starting programs (enforcer ${enforcer})`, () => {
    for (const { what, unit } of UNITS) {
      test(`${what} is unchanged except for that`, async () => {
        await apply(box, `[syscalls]\ndeny = ${JSON.stringify(EXECS)}\nenforcer = "${enforcer}"\n`, unit);
        const now = await outcomes(unit);
        assert.deepEqual(changed(unit, now, differs), []);
        const others = untouched.get(unit)!.slice(CALLS.length);
        // Kernels without such calls end the process in their own way, before any filter is asked.
        assert.deepEqual(
          now.slice(CALLS.length),
          others.map((was) => (was === 'signal 11' ? was : KILL)),
        );
      });
    }
  });
}

const REFUSED_NOW = [...REFUSED, 'returned -100'];

/** An errno may become another one, or the end of the process. */
const loosened = (was: string, is: string): boolean => {
  if (!REFUSED.includes(was)) return false;
  return was === KILL ? is !== KILL : !REFUSED_NOW.includes(is);
};

describe('under an allow list that has other calls than the unit', () => {
  for (const { what, unit } of UNITS) {
    test(`${what} still refuses all that it refused`, async () => {
      const policy = 'allow = ["@system-service", "@mount", "@reboot"]\naction = "ENETDOWN"';
      await apply(box, `[syscalls]\n${policy}\n`, unit);
      const now = await outcomes(unit);
      assert.deepEqual(changed(unit, now, loosened), []);
      const ptrace = now[CALLS.findIndex(([name]) => name === 'ptrace')]!;
      assert.ok(REFUSED_NOW.includes(ptrace), `ptrace, which the policy refuses: ${ptrace}`);
    });
  }
});

test('with inherit = false the policy alone decides', async () => {
  await apply(box, `[syscalls]\ninherit = false\ndeny = ${JSON.stringify(EXECS)}\n`, 'allows.service');
  const now = await outcomes('allows.service');
  const killed = CALLS.filter((_, i) => now[i] === KILL).map(([name]) => name);
  assert.deepEqual(killed.sort(), EXECS);
});

test('after revert every call does what it did', async () => {
  await revert(box, ...UNITS.map(({ unit }) => unit));
  for (const { unit } of UNITS) assert.deepEqual(await outcomes(unit), untouched.get(unit));
});
