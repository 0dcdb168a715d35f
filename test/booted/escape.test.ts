/** A confined service that tries every known technique to start a program. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { machine } from '../support/machine.js';
import { splitLines } from '../support/run.js';
import { apply, defineProgram, exited, PROGRAMS, revert, runToEnd } from '../support/service.js';

const USERS = [
  { unit: 'escape-root.service', who: 'root', lines: '' },
  {
    unit: 'escape-nobody.service',
    who: 'a user without rights',
    lines: 'User=nobody\nCapabilityBoundingSet=',
  },
];
const UNITS = USERS.map(({ unit }) => unit);

/** By unit: what each technique comes to without a policy. */
const unconfined = new Map<string, Record<string, string>>();

const { box, test } = machine('escape', {
  programs: { escape: ['test/native/programs/escape.c', '-static', '-pthread'] },
  prepare: async () => {
    for (const { unit, lines } of USERS) {
      await defineProgram(box, unit, `Type=oneshot\nExecStart=${PROGRAMS}/escape\n${lines}`);
      unconfined.set(unit, (await attempts(unit)).outcomes);
    }
  },
});

/** How the service ended, and by technique: `refused (EPERM)`, `killed (SIGSYS)` or `SUCCEEDED`. */
async function attempts(unit: string) {
  const { end, output } = await runToEnd(box, unit);
  const pairs = splitLines(output).map((line) => line.split(': ') as [string, string]);
  return { end, outcomes: Object.fromEntries(pairs) };
}

/** Kernels have these ABIs or not; and without a filter there is none to read. */
const mayBeAbsent = (technique: string) => /^(x32-|i386-|read-filter$)/.test(technique);

for (const { unit, who } of USERS) {
  test(`without a policy ${who} can start a program by each technique`, () => {
    const outcomes = Object.entries(unconfined.get(unit)!);
    const failed = outcomes.filter(
      ([technique, outcome]) => outcome !== 'SUCCEEDED' && !mayBeAbsent(technique),
    );
    assert.deepEqual(failed, []);
    assert.ok(outcomes.filter(([, outcome]) => outcome === 'SUCCEEDED').length >= 20);
  });
}

/** What is left of a technique: other ABIs are closed, and filters are not shown to a process that has one. */
function expected(technique: string, was: string, outcome: string): string {
  // Kernels without i386 calls end the process in their own way, before any filter is asked.
  if (/^(x32|i386)-/.test(technique)) return was === 'killed (SIGSEGV)' ? was : 'killed (SIGSYS)';
  return technique === 'read-filter' ? 'refused (EACCES)' : outcome;
}

const ACTIONS = [
  { action: 'kill', outcome: 'killed (SIGSYS)' },
  { action: 'EPERM', outcome: 'refused (EPERM)' },
  { action: 'ENETDOWN', outcome: 'refused (ENETDOWN)' },
];

describe('no technique starts a program under a policy that denies execve and execveat', () => {
  const CASES = ['exec', 'entry'].flatMap((stage) => ACTIONS.map((action) => ({ stage, ...action })));
  for (const { stage, action, outcome } of CASES) {
    for (const { unit, who } of USERS) {
      test(`as ${who}, with ${action}, at stage ${stage}`, async () => {
        const policy = `deny = ["execve", "execveat"]\naction = "${action}"\nstage = "${stage}"`;
        await apply(box, `[syscalls]\n${policy}\n`, unit);
        const techniques = Object.entries(unconfined.get(unit)!);
        assert.deepEqual(await attempts(unit), {
          end: 'exited with 0',
          outcomes: Object.fromEntries(techniques.map(([name, was]) => [name, expected(name, was, outcome)])),
        });
      });
    }
  }
});

test('no technique starts a program through an ABI that a policy opens', async () => {
  const [unit] = UNITS as [string];
  const architectures = JSON.stringify(['native', ...(process.arch === 'x64' ? ['x86', 'x32'] : ['arm'])]);
  const policy = `deny = ["execve", "execveat"]\naction = "EPERM"\narchitectures = ${architectures}`;
  await apply(box, `[syscalls]\n${policy}\n`, unit);
  const { outcomes } = await attempts(unit);
  const open = Object.entries(outcomes).filter(([, outcome]) => !outcome.startsWith('refused '));
  const missing = Object.entries(unconfined.get(unit)!).filter(([, was]) => was === 'killed (SIGSEGV)');
  assert.deepEqual(open, missing);
});

test('each technique works again after revert', async () => {
  await revert(box, ...UNITS);
  for (const unit of UNITS) assert.deepEqual((await attempts(unit)).outcomes, unconfined.get(unit));
});

test("a shell runs, and can't start a program", async () => {
  const script = 'echo here; /bin/echo there';
  await defineProgram(box, 'shell.service', `Type=oneshot\nExecStart=/bin/sh -c '${script}'`);
  assert.deepEqual(await runToEnd(box, 'shell.service'), exited(0, 'here\nthere\n'));
  await apply(box, '[syscalls]\ndeny = ["execve:EPERM", "execveat:EPERM"]\n', 'shell.service');
  const refused = 'here\n/bin/sh: 1: /bin/echo: Operation not permitted\n';
  assert.deepEqual(await runToEnd(box, 'shell.service'), exited(126, refused));
  await apply(box, '[syscalls]\ndeny = ["execve", "execveat"]\n', 'shell.service');
  assert.deepEqual(await runToEnd(box, 'shell.service'), exited(159, 'here\nBad system call\n'));
});
