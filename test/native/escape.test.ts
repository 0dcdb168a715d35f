import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'node:test';
import { errnoAction, KILL } from '../../src/seccomp/syscalls/action.js';
import { compiled } from '../support/compiled.js';
import { type Outcomes, outcomesUnder, parseOutcomes } from '../support/escape-outcomes.js';
import {
  asNobody,
  compileProgram,
  filterRefusing,
  launcherObstacle,
  type Refusals,
  rootObstacle,
  STAGES,
  writeFilter,
} from '../support/native.js';
import { inRepository } from '../support/repository.js';
import { run } from '../support/run.js';

/** What the techniques do without a filter; decides which of them this kernel offers at all. */
let unconfined: Outcomes;

const { folder, paths, test } = compiled(
  { escape: ['-static', '-pthread'], leak: [inRepository('native-helper/seccomp/filter.c')] },
  async () => {
    unconfined = (await outcomesOf([attempts])).outcomes;
  },
);
const { launcher, escape: attempts, leak } = paths;

async function outcomesOf(argv: readonly string[]): Promise<{ status: number; outcomes: Outcomes }> {
  const { status, stdout } = await run(argv);
  return { status, outcomes: parseOutcomes(stdout) };
}

const launch = (filter: string, argv: readonly string[]) => [launcher, `--filter=${filter}`, '--', ...argv];

const refuseBoth = (action: number): Refusals => ({ execve: action, execveat: action });

/** Only these may be impossible without a filter: kernels have them or not, and there is no filter to read. */
const mayBeAbsent = (technique: string) => /^(x32-|i386-|read-filter$)/.test(technique);

test('every technique works without a filter', () => {
  const failed = Object.entries(unconfined).filter(([, outcome]) => outcome !== 'SUCCEEDED');
  const found = failed.filter(([technique]) => !mayBeAbsent(technique));
  assert.deepEqual(found, []);
  assert.ok(Object.keys(unconfined).length - failed.length >= 20);
});

test('under a filter that allows everything, every technique works as without one', async () => {
  const filter = writeFilter(folder, 'allow', filterRefusing({}));
  const { status, outcomes } = await outcomesOf(launch(filter, [attempts]));
  assert.equal(status, 1);
  assert.deepEqual(outcomes, { ...unconfined, 'read-filter': 'refused (EACCES)' });
});

test('a key that a launcher leaves in memory is found and used', async () => {
  assert.deepEqual(await outcomesOf([leak, attempts, 'execve', 'key-random', 'key-memory', 'key-proc']), {
    status: 1,
    outcomes: {
      execve: 'refused (EPERM)',
      'key-random': 'refused (EPERM)',
      'key-memory': 'SUCCEEDED',
      'key-proc': 'SUCCEEDED',
    },
  });
});

const ACTIONS = [
  { name: 'EPERM', action: errnoAction(1), outcome: 'refused (EPERM)' },
  { name: 'ENETDOWN', action: errnoAction(100), outcome: 'refused (ENETDOWN)' },
  { name: 'kill', action: KILL, outcome: 'killed (SIGSYS)' },
];
const USERS = [
  { who: 'root', as: (argv: readonly string[]) => argv, skip: launcherObstacle() },
  { who: 'a user without any rights', as: asNobody, skip: rootObstacle() },
];

describe('no technique starts a program once execve and execveat are refused', () => {
  const CASES = STAGES.flatMap((one) => ACTIONS.map((action) => ({ ...one, ...action })));
  for (const { stage, startOf, name, action, outcome } of CASES) {
    for (const { who, as, skip } of USERS) {
      test(`with ${name}, as ${who}, at stage ${stage}`, { skip }, async () => {
        const refusals = refuseBoth(action);
        const bytes = filterRefusing(refusals, startOf(refusals));
        const filter = writeFilter(folder, `refuse-${name}-${stage}`, bytes);
        const { status, outcomes } = await outcomesOf(as(launch(filter, [attempts])));
        assert.deepEqual(outcomes, outcomesUnder(unconfined, outcome));
        assert.equal(status, 0);
      });
    }
  }
});

/** The lists of sandboxify and libsandbox.so refuse in one way only. */
const WAYS = [
  { name: 'sandboxify', link: '-static', start: join(folder, 'sandboxify') },
  { name: 'libsandbox.so', link: '-dynamic', start: `LD_PRELOAD=${join(folder, 'libsandbox.so')}` },
];

describe('no technique starts a program with execve and execveat in the list of', () => {
  for (const { name, link, start } of WAYS) {
    for (const { who, as, skip } of USERS) {
      test(`${name}, as ${who}`, { skip }, async () => {
        const own = mkdtempSync(join(folder, 'escape-'));
        chmodSync(own, 0o755);
        const program = await compileProgram('escape', own, [link, '-pthread']);
        const argv = ['env', 'SECCOMP_SYSCALL_DENY=execve:execveat', start, program];
        const { status, outcomes } = await outcomesOf(as(argv));
        const expected = Object.keys(unconfined).map((technique) => [
          technique,
          technique === 'read-filter' ? 'refused (EACCES)' : 'killed (SIGSYS)',
        ]);
        assert.deepEqual(outcomes, Object.fromEntries(expected));
        assert.equal(status, 0);
      });
    }
  }
});

test("a launched 32-bit program can't start a program either", {
  skip: process.arch === 'x64' ? undefined : 'only x86-64 runs i386 programs',
}, async (t) => {
  const freestanding = [
    '-m32',
    '-ffreestanding',
    '-nostdlib',
    '-static',
    '-fno-pie',
    '-no-pie',
    '-fno-stack-protector',
  ];
  const program32 = await compileProgram('program32', folder, [...freestanding, '-Wl,--build-id=none']);
  const free = await run([program32, attempts, '--reached']);
  if (free.signal === 'SIGSEGV') return t.skip('this kernel runs no 32-bit programs');
  assert.equal(free.status, 77);
  const filter = writeFilter(folder, 'refuse-32', filterRefusing(refuseBoth(errnoAction(100))));
  assert.equal((await run(launch(filter, [program32, attempts, '--reached']))).status, 100);
});
