/** Where refused calls are found: core dumps as systemd-coredump itself keeps them, and the kernel's own log. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { numbersOf } from '../../src/syscalls/numbers.js';
import type { Box } from '../support/box.js';
import { coreFile } from '../support/core-file.js';
import {
  apply,
  bootWithPrograms,
  defineProgram,
  mainPid,
  PROGRAMS,
  sandboxUnit,
  servicesObstacle,
} from '../support/service.js';
import { NATIVE } from '../support/service-calls.js';

const skip = servicesObstacle();
const UNIT = 'dumped.service';
const SIGSYS = '31';

let box: Box;
before(async () => {
  if (!skip) box = await bootWithPrograms('coredump', { crashes: ['test/systemd/programs/crashes.c'] });
});
after(() => box?.stop());

/** The kernel's part: hands a core file over. What the kernel does with it is the same for all the machine, and stays. */
async function dump(pid: number, core: Uint8Array): Promise<void> {
  const time = (await box.succeed(['date', '+%s'])).trim();
  const words = ['/usr/lib/systemd/systemd-coredump', `${pid}`, '0', '0', SIGSYS, time, '1073741824', 'box'];
  const { status, stderr } = await box.exec(words, { input: core });
  assert.equal(status, 0, stderr);
}

interface Refusal {
  readonly call: string;
  readonly args?: string[];
  readonly certain: boolean;
  readonly got: string;
  readonly changes: readonly { readonly does: string }[];
}

test('a core dump tells the call and its arguments', {
  skip: skip ?? (NATIVE !== 'x86-64' && 'the core file is of x86-64'),
}, async () => {
  await defineProgram(box, UNIT, 'Type=exec\nExecStart=/usr/bin/sleep infinity');
  await box.succeed(['systemctl', 'start', UNIT]);
  await apply(box, '[syscalls]\ndeny = ["ptrace"]\n', UNIT);
  const nr = numbersOf(NATIVE).get('ptrace')!;
  await dump(await mainPid(box, UNIT), coreFile({ machine: 62, arch: 0xc000003e, nr }));
  let found: Refusal[] = [];
  await box.waitFor('the core dump', async () => {
    const { stdout } = await sandboxUnit(box, 'explain', '--json', UNIT);
    // The kernel's log is of the whole machine: another box's sleep may be in it.
    found = (JSON.parse(stdout).refusals as Refusal[]).filter(({ certain }) => certain);
    return found.length > 0;
  });
  assert.deepEqual(
    found.map(({ call, args, certain, got }) => [call, args?.[0], certain, got]),
    [['ptrace', '0x11', true, 'killed']],
  );
  assert.deepEqual(
    found[0]?.changes.map(({ does }) => does),
    ['take "ptrace" out of deny in line 2'],
  );
});

/** A name of its own: the kernel's log is of the whole machine. */
const FORGED = `forged-${process.pid}`;
const FOLLOWED = 'followed.service';
const PROGRAM = `${PROGRAMS}/${FORGED}`;

/** What makes of a segfault of a file with this name, which the kernel prints as it is, lines of which one is a record. */
function forgedName(): string {
  const exe = Buffer.from(PROGRAM).toString('hex').toUpperCase();
  const id = `audit(${Math.ceil(Date.now() / 1000) + 60}.000:18)`;
  const fields = `auid=4294967295 uid=0 gid=0 ses=1 pid=7 comm="a" exe=${exe} sig=31 arch=c000003e`;
  const nr = numbersOf('x86-64').get('ptrace')!;
  return `x\naudit: type=1326 ${id}: ${fields} syscall=${nr} compat=0 ip=0x1 code=0x80000000\n`;
}

/** Runs it until the kernel, which limits such messages, has printed it. */
async function segfault(name: string): Promise<void> {
  await box.succeed(['install', '-m', '0755', `${PROGRAMS}/crashes`, `/tmp/${name}`]);
  await box.waitFor('the message of the kernel', async () => {
    await box.exec(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', `/tmp/${name}`]);
    return (await box.succeed(['dmesg', '--kernel', '--notime'])).includes(`\n${name.split('\n')[1]}\n`);
  });
}

/** Takes the journal away, and keeps another from being written. */
async function forget(): Promise<void> {
  await box.sh(`
    mkdir -p /run/systemd/journald.conf.d
    printf '[Journal]\\nStorage=none\\n' >/run/systemd/journald.conf.d/none.conf
    systemctl restart systemd-journald
    rm -rf /run/log/journal /var/log/journal`);
  assert.equal((await box.exec(['journalctl', '--quiet'])).stdout, '');
}

test("a user's file with a record for its name is no record, with and without a journal", {
  skip: skip ?? (NATIVE !== 'x86-64' && 'elsewhere the kernel prints no such message'),
}, async () => {
  const explained = async () => {
    const { stdout } = await sandboxUnit(box, 'explain', '--json', FOLLOWED);
    const { refusals, diagnostics } = JSON.parse(stdout);
    // The kernel may have left out records of others on this machine.
    const isRead = ['no-record', 'records-inconclusive'].includes(diagnostics.at(-1)?.code);
    return { refusals, isRead };
  };
  await box.sh(`cp /usr/bin/sleep ${PROGRAM}`);
  await defineProgram(box, FOLLOWED, `Type=exec\nExecStart=${PROGRAM} infinity`);
  await apply(box, '[syscalls]\ndeny = ["ptrace"]\n', FOLLOWED);
  const name = forgedName();
  await segfault(name);
  await box.waitFor('the entry of the journal', async () => {
    const { stdout } = await box.exec([
      'journalctl',
      '--output=json',
      '_TRANSPORT=kernel',
      '--grep=segfault',
    ]);
    return stdout.includes(JSON.stringify(name).slice(1, -1));
  });
  assert.deepEqual(await explained(), { refusals: [], isRead: true });
  await forget();
  assert.deepEqual(await explained(), { refusals: [], isRead: true });
});
