/** Refused calls of real services, from the kernel's own records. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { numbersOf } from '../../src/seccomp/syscalls/numbers.js';
import { machine } from '../support/machine.js';
import { defineProgram, PROGRAMS, policyPath, sandboxUnit } from '../support/service.js';
import { NATIVE } from '../support/service-calls.js';

/** A name of its own: the kernel's records are of the whole machine, and of a box's processes the IDs are others. */
const NAME = `explained-${process.pid}`;
/** A sleep(1) of that kind: refused calls of a program that others run, too, would be taken for the service's. */
const SLEEP = `${PROGRAMS}/sleep-${process.pid}`;
const UNIT = 'explained.service';

let obstacle: string | undefined;
const { box, run, test } = machine('explain', {
  programs: {
    [NAME]: ['test/booted/programs/myos.c', '-static'],
    crashes: ['test/booted/programs/crashes.c'],
  },
  prepare: async () => {
    await box.succeed(['cp', '/usr/bin/sleep', SLEEP]);
    const { stdout } = await box.exec(['journalctl', '--quiet', '--lines=1', '_TRANSPORT=kernel']);
    if (stdout.trim() === '') obstacle = "the kernel's records can't be seen in a box here";
  },
});

interface Refusal {
  readonly call: string;
  readonly got: string;
  readonly cause: { readonly kind: string; readonly what: string; readonly line?: number };
  readonly certain: boolean;
  readonly changes: readonly unknown[];
}

/**
 * Starts the service until the journal has a record of it, or many times. The kernel prints ten records in five seconds,
 * of all the machine (printk_ratelimit()): of many starts one is likely to be at the beginning of such an interval.
 */
const START_UNTIL_RECORDED = `
  records() { journalctl --quiet --output=cat --grep='type=1326 .*${NAME}"' _TRANSPORT=kernel | wc -l || :; }
  had=$(records)
  for i in $(seq 50); do
    systemctl restart ${UNIT} || :
    [ "$(records)" = "$had" ] || break
  done`;

/** Starts the service until one of its refused calls is explained. */
async function refusals(): Promise<{ status: number; refusals: Refusal[] }> {
  let found = { status: 0, refusals: [] as Refusal[] };
  await box.waitFor('a record of the refused call', async () => {
    await box.sh(START_UNTIL_RECORDED);
    const { status, stdout } = await sandboxUnit(box, 'explain', '--json', UNIT);
    found = { status, refusals: JSON.parse(stdout).refusals };
    return found.refusals.length > 0;
  });
  return found;
}

/** A start makes the call this often, over a second, for those tests in which each try takes long. */
const OFTEN = 20;

/**
 * Defines the service, which may be started as often as a record needs. After the test it has no policy.
 * @param times how often a start makes the call
 */
async function define(t: TestContext, lines = '', times = 1): Promise<void> {
  t.after(async () => {
    await sandboxUnit(box, 'revert', UNIT);
    await box.sh(`systemctl stop ${UNIT}; systemctl reset-failed ${UNIT} || :; rm -f ${policyPath(UNIT)}`);
  });
  const ignored = `ExecStart=-${PROGRAMS}/${NAME}\nExecStart=-${SLEEP} 0.05\n`.repeat(times - 1);
  const start = `Type=oneshot\n${ignored}ExecStart=${PROGRAMS}/${NAME}\n`;
  await defineProgram(box, UNIT, `${start}${lines}\n[Unit]\nStartLimitIntervalSec=0`);
}

/** Puts a policy into force without a look whether the service lives. */
async function confine(policy: string): Promise<void> {
  await box.writeFile(policyPath(UNIT), policy);
  await box.succeed(['systemctl', 'stop', UNIT]);
  const { status, stdout, stderr } = await sandboxUnit(box, 'apply', '--no-restart', UNIT);
  assert.equal(status, 0, stdout + stderr);
}

const CASES: readonly [policy: string, lines: string, what: string][] = [
  ['deny = ["uname"]', '', 'deny uname'],
  ['allow = ["@basic-io", "@file-system", "@process", "prctl", "seccomp"]', '', 'not in allow'],
  ['deny = ["ptrace"]', 'SystemCallFilter=~uname', "the unit's own SystemCallFilter="],
];

for (const [policy, lines, what] of CASES) {
  test(`explain: the kernel's record of a killed service, in a container a guess, leads to: ${what}`, async (t) => {
    if (obstacle) return t.skip(obstacle);
    await define(t, lines);
    await confine(`[syscalls]\n${policy}\n`);
    const { status, refusals: found } = await refusals();
    assert.equal(status, 1);
    const shown = found.map((one) => [one.call, one.got, one.cause.what, one.certain, one.changes]);
    assert.deepEqual(shown, [['uname', 'killed', what, false, []]]);
  });
}

test('explain: calls that fail with an errno are recorded while the policy is permissive', async (t) => {
  if (obstacle) return t.skip(obstacle);
  await define(t);
  await confine('[syscalls]\ndeny = ["uname"]\naction = "EPERM"\n');
  await run(0, 'apply', '--no-restart', '--permissive', UNIT);
  const { refusals: found } = await refusals();
  const shown = found.map(({ call, got, cause }) => [call, got, cause.what]);
  assert.deepEqual(shown, [['uname', 'recorded', 'deny uname']]);
  const { stdout } = await run(1, 'explain', UNIT);
  assert.match(stdout, /^explained.service: no call was refused, 1 would be\n/);
});

test('apply: a roll-back names the refused call and its line', async (t) => {
  if (obstacle) return t.skip(obstacle);
  await define(t, '', OFTEN);
  await box.writeFile(policyPath(UNIT), '[syscalls]\ndeny = ["uname"]\n');
  await box.succeed(['systemctl', 'restart', UNIT]);
  let [stdout, stderr] = ['', ''];
  await box.waitFor('the call on record, which the kernel leaves out where others log many', async () => {
    const { stderr: said } = await run(1, 'apply', UNIT);
    assert.match(
      said,
      /explained.service.toml:2:9: error\[refused-call\]: uname \(\d+\) ended the process: deny uname\n/,
    );
    assert.match(said, /hint: to allow it: take "uname" out of deny in line 2$/m);
    // It is explained afterwards, too, though the service has been started since.
    const explained = await sandboxUnit(box, 'explain', UNIT);
    ({ stdout, stderr } = explained);
    return explained.status === 1;
  });
  assert.match(stdout, /^explained\.service: 1 call was refused\n/);
  assert.equal(stdout.match(/deny uname$/gm)?.length, 1);
  assert.match(stderr, /^note\[not-applied\]: explained\.service is not confined by its policy now/m);
});

test('explain: names the refused call if another policy confines the service by then', async (t) => {
  if (obstacle) return t.skip(obstacle);
  await define(t, '', OFTEN);
  await box.writeFile('/etc/other.toml', '[syscalls]\ndeny = ["ptrace"]\n');
  await box.succeed(['systemctl', 'restart', UNIT]);
  await run(0, 'apply', '--policy', '/etc/other.toml', UNIT);
  await box.writeFile(policyPath(UNIT), '[syscalls]\ndeny = ["uname"]\n');
  const noted = await run(0, 'status', UNIT);
  assert.match(noted.stderr, /note\[other-policy\]: .*explained\.service\.toml/);
  const explained = async (...words: string[]) => {
    let answer = { stdout: '', stderr: '' };
    await box.waitFor('a record of the refused call', async () => {
      const { status, stderr } = await sandboxUnit(box, 'apply', UNIT);
      assert.equal(status, 1, stderr);
      const { status: exit, ...said } = await sandboxUnit(box, 'explain', ...words, UNIT);
      answer = said;
      return words.length > 0 ? exit === 1 : exit === 0 && said.stdout.includes('deny uname');
    });
    return answer;
  };
  const said = await explained();
  assert.match(said.stdout, /probably of this unit: uname \(\d+\) ended the process: deny uname\n/);
  assert.match(said.stderr, /note\[other-policy\]: explained\.service is confined by \/etc\/other\.toml/);
  const recorded = await explained('--record');
  assert.match(recorded.stdout, /:2:9: error\[refused-call\]: uname \(\d+\) was recorded: deny uname\n/);
});

test('explain: ignores a line of a record that the service itself prints', async (t) => {
  if (obstacle) return t.skip(obstacle);
  await define(t);
  await confine('[syscalls]\ndeny = ["uname"]\n');
  const { refusals: real } = await refusals();
  const last = await box.succeed([
    'journalctl',
    '--output=cat',
    `--grep=type=1326 .*${NAME}"`,
    '_TRANSPORT=kernel',
  ]);
  const record = last.trimEnd().split('\n').at(-1)!;
  assert.equal(real.length, 1);
  const forged = record.replace(/syscall=\d+/, 'syscall=165').replace(/:\d+\):/, ':999999999):');
  const lines = [
    'StandardOutput=journal',
    `ExecStart=`,
    `ExecStart=/bin/echo '${forged.replaceAll('"', '\\"')}'`,
  ];
  await define(t, lines.join('\n'));
  await confine('[syscalls]\ndeny = ["ptrace"]\n');
  await box.succeed(['systemctl', 'start', UNIT]);
  await box.waitFor('the forged line', async () => {
    return (await box.succeed(['journalctl', '--output=cat', `_SYSTEMD_UNIT=${UNIT}`])).includes(
      'syscall=165',
    );
  });
  const { status, stdout } = await sandboxUnit(box, 'explain', '--json', UNIT);
  assert.notEqual(status, 1, stdout);
  assert.deepEqual(JSON.parse(stdout).refusals, []);
});

/** A file's name that is a record among lines: the kernel prints the name as it is when the program crashes. */
function forgedName(): string {
  const id = `audit(${Math.ceil(Date.now() / 1000) + 60}.000:18)`;
  const fields = `auid=4294967295 uid=0 gid=0 ses=1 pid=7 comm="a" exe="${PROGRAMS}/${NAME}" sig=31 arch=c000003e`;
  const nr = numbersOf('x86-64').get('ptrace')!;
  return `x\naudit: type=1326 ${id}: ${fields.replaceAll('/', '_')} syscall=${nr} compat=0 ip=0x1 code=0x80000000\n`;
}

test("explain: ignores a user's file that has a record in its name", {
  skip: NATIVE !== 'x86-64' && 'elsewhere the kernel prints no such message',
}, async (t) => {
  if (obstacle) return t.skip(obstacle);
  await define(t);
  await confine('[syscalls]\ndeny = ["ptrace"]\n');
  const name = forgedName();
  await box.succeed(['install', '-m', '0755', `${PROGRAMS}/crashes`, `/tmp/${name}`]);
  // The kernel limits such messages.
  await box.waitFor('the entry of the journal', async () => {
    await box.exec(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', `/tmp/${name}`]);
    const { stdout } = await box.exec([
      'journalctl',
      '--output=json',
      '_TRANSPORT=kernel',
      '--grep=segfault',
    ]);
    return stdout.includes(JSON.stringify(name).slice(1, -1));
  });
  const { stdout } = await sandboxUnit(box, 'explain', '--json', UNIT);
  assert.deepEqual(JSON.parse(stdout).refusals, []);
});
