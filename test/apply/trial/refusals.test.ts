/** Tests of apply/trial/refusals.ts, apply/trial/watch.ts and apply/trial/check-refusals.ts: what is refused in a trial. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TrialWatch } from '../../../src/apply/trial/watch.js';
import { apply } from '../../../src/cli/commands/apply.js';
import { EXIT, error, UserError } from '../../../src/diagnostic.js';
import type { ObservedUnit } from '../../../src/observe/observed.js';
import { numbersOf } from '../../../src/seccomp/syscalls/numbers.js';
import { codesOf as allCodesOf, type Result, setPolicy, statesOf } from '../../support/apply-in-memory.js';
import { UNIT } from '../../support/demo-service.js';
import { dump } from '../../support/dumps.js';
import { FakeObserver, type FakeObserverOptions } from '../../support/fake-observer.js';
import { type FakeOptions, type FakeSystem, fakeContext } from '../../support/fake-system.js';
import { journal, record, START } from '../../support/refusals-in-memory.js';
import { watchedMachine } from '../../support/watch-in-memory.js';

const POLICY = '[syscalls]\ndeny = ["uname"]\naction = "EPERM"\n';
const READY = '[ready]\ndeny = ["uname"]\n';
const KILLED = 0;
const [EPERM, ENOSYS] = [1, 38];

const refusal = (call: string, errno: number): ObservedUnit['refused'][number] => ({
  ...{ abi: 'native', nr: numbersOf('x86-64').get(call)!, errno, count: 2, programs: 0b10 },
});

/** Codes about refused calls: the service's filters can't be read in memory. */
const codesOf = (result: Result) => allCodesOf(result).filter((code) => /refus|failed/.test(code));

interface Ran {
  readonly system: FakeSystem;
  readonly observer: FakeObserver;
  readonly result: Result;
}

/** Applies a policy to a service whose observer tells these. */
async function applied(
  policy: string,
  observed: FakeObserverOptions,
  options: FakeOptions = {},
): Promise<Ran> {
  const observer = new FakeObserver(observed);
  const system = watchedMachine(observer, options);
  setPolicy(system, policy);
  const result = await apply(fakeContext(system), [UNIT], {});
  return { system, observer, result };
}

const seen = (refused: ObservedUnit['refused'], more: Partial<ObservedUnit> = {}): FakeObserverOptions => ({
  dumps: Array.from({ length: 4 }, () => [
    JSON.stringify(dump({ lost: {}, blind: ['leavers', 'paths'], refused, ...more })),
  ]),
});

interface Case {
  readonly title: string;
  readonly policy?: string;
  readonly refused: ObservedUnit['refused'];
  readonly state: 'applied' | 'rolled-back';
  readonly codes: readonly string[];
}

const CASES: readonly Case[] = [
  { title: 'nothing', refused: [], state: 'applied', codes: [] },
  {
    ...{ title: 'a call that fails', refused: [refusal('uname', EPERM)] },
    ...{ state: 'applied', codes: ['warning refused-call'] },
  },
  {
    ...{ title: 'a call that ends a process', refused: [refusal('uname', KILLED)] },
    ...{ state: 'rolled-back', codes: ['error refused-in-trial', 'error refused-call'] },
  },
  {
    title: 'a call that fails, under refused = "rollback"',
    policy: `${POLICY}[apply]\nrefused = "rollback"\n`,
    refused: [refusal('uname', EPERM)],
    ...{ state: 'rolled-back', codes: ['error refused-in-trial', 'error refused-call'] },
  },
  {
    title: 'a call that ends a process, under refused = "warn"',
    policy: `${POLICY}[apply]\nrefused = "warn"\n`,
    refused: [refusal('uname', KILLED)],
    ...{ state: 'applied', codes: ['warning refused-call'] },
  },
  {
    ...{ title: 'a call that [ready] fails', policy: READY, refused: [refusal('uname', EPERM)] },
    ...{ state: 'rolled-back', codes: ['error refused-in-trial', 'error refused-call'] },
  },
  {
    title: 'a call that [ready] fails, under refused = "warn"',
    policy: `${READY}[apply]\nrefused = "warn"\n`,
    refused: [refusal('uname', EPERM)],
    ...{ state: 'applied', codes: ['warning refused-call'] },
  },
  {
    title: 'a call with a fallback in libraries, after readiness',
    policy: '[ready]\ndeny = ["clone3:ENOSYS"]\n',
    refused: [refusal('clone3', ENOSYS)],
    ...{ state: 'applied', codes: [] },
  },
  {
    title: 'a call that the policy lets through',
    refused: [refusal('clone3', ENOSYS), refusal('ptrace', KILLED)],
    ...{ state: 'applied', codes: [] },
  },
  {
    title: 'a call with a fallback in libraries',
    policy: `[syscalls]\ndeny = ["clone3:ENOSYS"]\n[service]\nRestrictNamespaces = true\n`,
    refused: [refusal('clone3', ENOSYS)],
    ...{ state: 'applied', codes: [] },
  },
  {
    title: 'one of more calls than have a line each',
    policy: '[syscalls]\ndeny = ["@mount", "@reboot", "ptrace", "acct"]\naction = "EPERM"\n',
    refused: ['mount', 'umount2', 'pivot_root', 'reboot', 'kexec_load', 'ptrace', 'acct'].map((call) =>
      refusal(call, EPERM),
    ),
    ...{ state: 'applied', codes: Array(6).fill('warning refused-call') },
  },
];

for (const { title, policy = POLICY, refused, state, codes } of CASES) {
  test(`a call refused ${title}: ${state}`, async () => {
    const { result, system } = await applied(policy, seen(refused));
    assert.deepEqual([statesOf(result), codesOf(result)], [[`${UNIT} ${state}`], codes]);
    const [unit] = result.json.units as { refusals: { call: string }[] }[];
    assert.equal(unit!.refusals.length, refused.length);
    assert.equal(system.isUpToDate, true);
  });
}

describe('a path that a directive refuses', () => {
  const DIRECTIVE = `${POLICY}[service]\nProtectSystem = "strict"\n`;
  const loaded = {
    distort: (properties: Map<string, unknown>) => void properties.set('ProtectSystem', 'strict'),
  };
  const written = { use: 'write', phases: 1, path: '/opt/a', count: 2, errno: 30, programs: 0b10 } as const;

  test('is a warning with its line and what would allow it', async () => {
    const { result } = await applied(DIRECTIVE, seen([], { paths: [written] }), loaded);
    assert.deepEqual([statesOf(result), codesOf(result)], [[`${UNIT} applied`], ['warning refused-access']]);
    const found = result.diagnostics.find(({ code }) => code === 'refused-access')!;
    assert.equal(found.message, 'demod may not write /opt/a (EROFS): ProtectSystem=strict');
    assert.equal(found.at!.line, 5);
    assert.equal(found.hint, 'to allow it: add "/opt/a" to ReadWritePaths in [service]');
  });

  test('takes the policy back under refused = "rollback"', async () => {
    const policy = `${DIRECTIVE}[apply]\nrefused = "rollback"\n`;
    const { result } = await applied(policy, seen([], { paths: [written] }), loaded);
    assert.deepEqual(statesOf(result), [`${UNIT} rolled-back`]);
    assert.deepEqual(codesOf(result), ['error refused-in-trial', 'error refused-access']);
    assert.match(
      result.diagnostics.find(({ code }) => code === 'refused-in-trial')!.message,
      /refused requests of/,
    );
  });

  test('is the reason if the service has failed', async () => {
    const behaviour = (_: string, confined: boolean) => (confined ? 'dies' : 'works');
    const { result } = await applied(DIRECTIVE, seen([], { paths: [written] }), { ...loaded, behaviour });
    assert.deepEqual(codesOf(result), ['error service-failed', 'error refused-access']);
  });

  test("is not reported if the unit's own line refuses it", async () => {
    const { result } = await applied(POLICY, seen([], { paths: [written] }), loaded);
    assert.deepEqual([statesOf(result), codesOf(result)], [[`${UNIT} applied`], []]);
  });

  test('is one of more than have a line each', async () => {
    const paths = Array.from({ length: 7 }, (_, i) => ({ ...written, path: `/opt/${i}` }));
    const { result } = await applied(DIRECTIVE, seen([], { paths }), loaded);
    assert.deepEqual(codesOf(result), Array(6).fill('warning refused-access'));
    assert.match(result.diagnostics.findLast(({ code }) => code === 'refused-access')!.message, /^2 further/);
  });
});

test('a refused call that the observer saw counts without a log', async () => {
  const journalctl = () => {
    throw new UserError(error('unreadable', 'no journal'), EXIT.failure);
  };
  const { result } = await applied(POLICY, seen([refusal('uname', KILLED)]), { programs: { journalctl } });
  assert.deepEqual(statesOf(result), [`${UNIT} rolled-back`]);
  assert.deepEqual(codesOf(result), ['error refused-in-trial', 'error refused-call']);
});

test('a refused call is reported with its line and what would allow it', async () => {
  const { result } = await applied(POLICY, seen([refusal('uname', KILLED)]));
  const [verdict, call] = result.diagnostics.filter(({ code }) => code.startsWith('refused'));
  assert.equal(verdict!.message, `the policy ended processes of ${UNIT} during the trial`);
  assert.match(call!.message, /^uname \(63\) ended the process: deny uname$/);
  assert.deepEqual([call!.at!.line, call!.at!.column], [2, 9]);
  assert.match(call!.hint!, /^to allow it: take "uname" out of deny in line 2/);
});

test('a call that [ready] refuses: the hint proposes `reload = true` if the unit has a reload', async () => {
  const hint = async (canReload: boolean) => {
    const distort = (properties: Map<string, unknown>) => void properties.set('CanReload', canReload);
    const { result } = await applied(READY, seen([refusal('uname', EPERM)]), { distort });
    return result.diagnostics.find(({ code }) => code === 'refused-in-trial')?.hint ?? '';
  };
  assert.match(
    await hint(true),
    /'reload = false' in \[ready\].*; to accept refused calls, set refused = "warn"/,
  );
  assert.match(await hint(false), /^to accept refused calls, set refused = "warn" in \[apply\]$/);
});

test('a failed service is explained by the calls that the observer saw', async () => {
  const behaviour = (_: string, confined: boolean) => (confined ? 'dies' : 'works');
  const policy = POLICY.replace('"uname"', '"uname", "clone3:ENOSYS"');
  const refused = [refusal('clone3', ENOSYS), refusal('uname', EPERM)];
  const { result } = await applied(policy, seen(refused), { behaviour });
  assert.deepEqual(codesOf(result), ['error service-failed', 'error refused-call']);
});

test('a failed probe of a running service is reported as such, without calls that got ENOSYS', async () => {
  const policy = `${POLICY.replace('"uname"', '"clone3:ENOSYS"')}[apply]\nprobe = ["/bin/probe", "x"]\n`;
  const { result } = await applied(policy, seen([refusal('clone3', ENOSYS)]), {
    programs: { '/bin/probe': () => ({ status: 7, stdout: '', stderr: '' }) },
  });
  assert.deepEqual([statesOf(result), codesOf(result)], [[`${UNIT} rolled-back`], ['error service-failed']]);
  const { message, hint } = result.diagnostics.find(({ code }) => code === 'service-failed')!;
  assert.equal(message, "the probe '/bin/probe x' ended with status 7");
  assert.match(hint!, /^the service stayed up: run the probe by hand/);
});

test('an ENOSYS alone is no certain cause of a failure', async () => {
  const behaviour = (_: string, confined: boolean) => (confined ? 'dies' : 'works');
  const policy = POLICY.replace('"uname"', '"clone3:ENOSYS"');
  const { result } = await applied(policy, seen([refusal('clone3', ENOSYS)]), { behaviour });
  assert.deepEqual(codesOf(result), ['error service-failed', 'warning refused-call']);
});

describe('a call that the previous run was refused at its stop, by its own filter', () => {
  const ofLast = { ...refusal('uname', EPERM), before: true };

  for (const policy of [POLICY, READY]) {
    test(`is neither reported nor a reason to roll back: ${policy.split('\n')[0]}`, async () => {
      const { result } = await applied(policy, seen([ofLast], { lives: 1 }));
      assert.deepEqual([statesOf(result), codesOf(result)], [[`${UNIT} applied`], []]);
    });
  }

  test('is a warning if the control group stays, because the new run may have made it', async () => {
    const { result } = await applied(READY, seen([ofLast], { lives: 0 }));
    assert.deepEqual([statesOf(result), codesOf(result)], [[`${UNIT} applied`], ['warning refused-call']]);
  });
});

test('the observer watches refusals alone, from before the restart, and ends afterwards', async () => {
  const { system, observer } = await applied(POLICY, seen([]));
  const [talk, restart] = ['talk ', 'restart '].map((call) =>
    system.calls.findIndex((one) => one.startsWith(call)),
  );
  assert.match(system.calls[talk!]!, /observe --refused-only$/);
  assert.ok(talk! < restart!);
  assert.equal(observer.isEnded, true);
});

const TOO_OLD = { answer: '{"error":{"code":"kernel-too-old","message":"this is 5.10"}}' };

describe('a note says that refused calls may be missing', () => {
  const BLIND: readonly [why: string, observed: FakeObserverOptions, said: RegExp][] = [
    ['the kernel is too old', TOO_OLD, /: this is 5.10$/],
    ['the observer has ended', { dumps: [], status: 128 }, /: the observer was killed$/],
    ['what it says is no dump', { dumps: [['{"dump":0}']] }, /may have been missed/],
    ['some had no room', seen([], { lost: { refused: 3 } }), /may have been missed during the trial$/],
    [
      'the kernel does not show them',
      seen([], { blind: ['refused'] }),
      /may have been missed during the trial$/,
    ],
  ];
  for (const [why, observed, said] of BLIND) {
    test(why, async () => {
      const { result } = await applied(POLICY, observed);
      assert.deepEqual([result.exit, codesOf(result)], [0, ['note refusals-unseen']]);
      const [told] = result.diagnostics.filter(({ code }) => code === 'refusals-unseen');
      assert.match(told!.message, said);
      const [unit] = result.json.units as { refusals?: unknown }[];
      assert.equal(unit!.refusals, undefined);
    });
  }
});

test("a call that may be another service's causes no roll-back, and is reported", async () => {
  const { result } = await applied(POLICY, seen([refusal('uname', KILLED)], { lost: { misses: 1 } }));
  assert.deepEqual(statesOf(result), [`${UNIT} applied`]);
  assert.deepEqual(codesOf(result), ['warning refused-call', 'note refusals-unseen']);
});

test("a call that a process's own filter may have refused causes no roll-back, and is reported", async () => {
  const doubtful = { ...refusal('uname', KILLED), certain: false };
  const { result } = await applied(POLICY, seen([doubtful, refusal('uname', EPERM)]));
  assert.deepEqual(statesOf(result), [`${UNIT} applied`]);
  assert.deepEqual(codesOf(result), ['warning refused-call', 'warning refused-call']);
  const told = result.diagnostics.filter(({ code }) => code === 'refused-call').map(({ message }) => message);
  assert.deepEqual(told.map((message) => message.startsWith('probably of this unit: ')).sort(), [
    false,
    true,
  ]);
});

test('without an observer, apply waits for the record of a killed child', async () => {
  let asked = 0;
  const journalctl = (argv: readonly string[]) => {
    const isOfKernel = argv.includes('_TRANSPORT=kernel') && !argv.includes('--lines=1');
    if (isOfKernel) asked++;
    return journal(argv, { records: asked > 2 ? [record(200, 63)] : [], begins: START });
  };
  const links = { '/proc/self/ns/pid': 'pid:[1]' };
  const { result } = await applied(POLICY, TOO_OLD, { programs: { journalctl }, links });
  assert.deepEqual(codesOf(result), ['warning refused-call', 'note refusals-unseen']);
  assert.match(
    result.diagnostics.find(({ code }) => code === 'refusals-unseen')!.message,
    /^refused calls of/,
  );
});

test('apply of an ordinary user starts no observer', async () => {
  const context = { ...fakeContext(watchedMachine(new FakeObserver())), superuser: false };
  const watch = new TrialWatch(context);
  await watch.begin([UNIT]);
  const sight = await watch.sight(UNIT);
  assert.equal('blind' in sight && sight.blind.code, 'needs-root');
});

test('apply of a permissive policy reports no refused call', async () => {
  const observer = new FakeObserver(seen([refusal('uname', KILLED)]));
  const system = watchedMachine(observer);
  setPolicy(system, POLICY);
  const result = await apply(fakeContext(system), [UNIT], { permissive: true });
  assert.deepEqual([statesOf(result), codesOf(result)], [[`${UNIT} applied`], []]);
});
