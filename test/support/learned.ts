/** Evidence of services at work, and the policies that are learned from it. */
import assert from 'node:assert/strict';
import { hasErrors } from '../../src/diagnostic.js';
import type { PolicyRequest, ProfilePart, SeenCall } from '../../src/learn/profile/policy/input.js';
import { type WrittenPolicy, writePolicy } from '../../src/learn/profile/policy/write-policy.js';
import type { LifePhase, RecordedPath } from '../../src/observe/recording/recording.js';
import { checkService } from '../../src/plan/service.js';
import { checkSyscalls } from '../../src/policy/check.js';
import { checkExpectations } from '../../src/policy/expect.js';
import { parsePolicy } from '../../src/policy/parse.js';
import type { Policy } from '../../src/policy/policy.js';
import { MACHINES } from '../../src/seccomp/syscalls/abi.js';
import { resolve, resolveCalls } from '../../src/seccomp/syscalls/resolve.js';
import { bundledSets } from '../../src/seccomp/syscalls/sets.js';
import { effectiveUnit } from '../../src/systemd/unit/effective.js';
import { planned, targetOf, unitFile } from './planned.js';

const target = targetOf(257);

/** Calls that a program has made on x86-64 in these phases. */
export const calls = (
  names: string,
  {
    phases = ['start', 'serving'],
    program = '/usr/sbin/demod',
  }: { phases?: LifePhase[]; program?: string } = {},
): SeenCall[] =>
  names.split(/\s+/).map((name) => ({
    architecture: 'x86-64',
    name,
    count: 3,
    phases: Object.fromEntries(phases.map((phase) => [phase, 3])),
    programs: [program],
    onceReady: phases.filter((phase) => phase !== 'start'),
  }));

/** Values of arguments of a call on x86-64. */
export const values = (
  name: string,
  positions: readonly number[],
  tuples: readonly (readonly (number | bigint)[])[],
  lost = 0,
) => ({
  architecture: 'x86-64',
  name,
  arguments: positions,
  values: tuples.map((tuple) => tuple.map(String)),
  phases: ['start' as const],
  lost,
});

/** Uses of paths. */
export const paths = (
  use: RecordedPath['use'],
  all: readonly string[],
  more: Partial<RecordedPath> = {},
): RecordedPath[] => all.map((path) => ({ path, use, phases: ['serving'], count: 10, ...more }));

const START = calls('brk mmap close read openat', { phases: ['start'] });

/** A service of which little was seen: it started and stopped, in seven days on one host. */
export const profile = (more: Partial<ProfilePart> = {}): ProfilePart => ({
  unit: 'demo.service',
  architecture: 'x86-64',
  hosts: 1,
  recordings: 1,
  seconds: 7 * 86_400,
  watches: [{ lives: 1, events: [{ what: 'stop', at: 600 }] }],
  calls: START,
  nameless: [],
  refused: [],
  arguments: [values('mmap', [2], [[1], [3], [5]])],
  programs: [{ path: '/usr/sbin/demod', phases: ['start'] }],
  paths: paths('read', ['/etc/demo.conf']),
  peers: [],
  capabilities: [],
  forkFlags: [],
  modes: [],
  ringOperations: [],
  lost: {},
  blind: [],
  ...more,
});

/** A profile with further calls besides those of the start. */
export const withCalls = (names: string, more: Partial<ProfilePart> = {}): ProfilePart =>
  profile({ ...more, calls: [...START, ...calls(names)] });

/** A request on a unit with these lines. */
export const request = (
  of: ProfilePart,
  more: Partial<PolicyRequest> & { readonly lines?: string } = {},
): PolicyRequest => ({
  profile: of,
  reachable: new Set(),
  plainPrograms: new Set(['/usr/sbin/demod']),
  effective: effectiveUnit([unitFile(more.lines ?? '')]),
  target,
  ...more,
});

/**
 * The policy learned from evidence. Parser, checker and planner find nothing wrong with it, and every machine can
 * resolve it.
 * @param more `warnings`: it may have some, where the service itself does what calls for one
 */
export function learned(
  of: ProfilePart,
  more: Partial<PolicyRequest> & { readonly lines?: string; readonly warnings?: true } = {},
): WrittenPolicy & { readonly policy: Policy } {
  const asked = request(of, more);
  const written = writePolicy(asked);
  const { policy, diagnostics } = parsePolicy(written.text, 'learned.toml');
  const found = [
    ...diagnostics,
    ...checkSyscalls(policy, bundledSets(), MACHINES),
    ...checkService(policy),
  ].filter(({ severity }) => severity === 'error' || (severity === 'warning' && !more.warnings));
  assert.deepEqual(found, [], written.text);
  for (const machine of MACHINES) resolve(resolveCalls(policy.syscalls!, bundledSets()), machine);
  const plan = planned(policy, more.lines ?? '', asked.target);
  assert.ok(!hasErrors(plan.diagnostics), JSON.stringify(plan.diagnostics, null, 1));
  return { ...written, policy };
}

/** The value that `[service]` gives a directive; undefined where it isn't stated. */
export const directive = ({ service }: Policy, name: string): unknown =>
  service.find((entry) => entry.name === name)?.value;

/** Asserts the answers of a policy on x86-64: `socket AF_UNIX SOCK_STREAM` gets `allow`. */
export function assertAnswers(text: string, answers: Readonly<Record<string, string>>): void {
  const expectations = Object.entries(answers).map(([call, action]) => {
    const [syscall, ...args] = call.split(' ');
    const list = args.map((arg) => (/^\d/.test(arg) ? arg : JSON.stringify(arg))).join(', ');
    return `[[expect]]\nsyscall = "${syscall}"\nargs = [${list}]\naction = "${action}"\n`;
  });
  const { policy, diagnostics } = parsePolicy([text, ...expectations].join('\n'), 'p');
  const sets = bundledSets();
  const named = resolveCalls(policy.syscalls!, sets);
  const meaning = { section: policy.syscalls, sets, named, machines: [resolve(named, 'x86-64')] };
  assert.deepEqual([...diagnostics, ...checkExpectations(policy, meaning)], []);
}
