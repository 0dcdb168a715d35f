/** The observer of one run of a service in memory. */
import { explain } from '../../src/cli/commands/explain.js';
import type { ObservedUnit } from '../../src/observe/observed.js';
import { numbersOf } from '../../src/seccomp/syscalls/numbers.js';
import { setPolicy } from './apply-in-memory.js';
import { UNIT } from './demo-service.js';
import { dump } from './dumps.js';
import { FakeObserver } from './fake-observer.js';
import { type FakeOptions, fakeContext, program } from './fake-system.js';
import { OBSERVER, watchedMachine } from './watch-in-memory.js';

/** What a machine needs on which a service is watched. */
export const WATCHABLE = {
  '/proc/self/mountinfo': '25 1 0:24 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n',
  [OBSERVER]: program('observer'),
};

/** A call as an observer has it: how often it was made at the start, and once the service served. */
export const madeCall = (name: string, start: number, later = 0): ObservedUnit['calls'][number] => ({
  ...{ abi: 'native', nr: numbersOf('x86-64').get(name)!, first: 0, last: 1, slices: 1 },
  ...{ counts: [start, 0, later, 0], programs: 0b10, onceReady: later > 0 ? 0b100 : 0 },
});

/** An observer that sees a run of a service, and nothing else than this in it. */
export function recordedRun(seen: Partial<ObservedUnit>): FakeObserver {
  const nothing = { calls: [], refused: [], arguments: [], lost: {}, blind: [] };
  return new FakeObserver({ dumps: [[JSON.stringify(dump({ ...nothing, ...seen }))]] });
}

export interface RecordedRefusal {
  readonly call: string;
  readonly got: string;
  readonly args?: readonly string[];
  readonly phase?: string;
  readonly certain: boolean;
  readonly cause: { readonly kind: string; readonly phase?: string };
}

/** What `explain --record` says of a service that makes calls. */
export async function recorded(policy: string, seen: Partial<ObservedUnit>, options: FakeOptions = {}) {
  const observer = recordedRun(seen);
  const system = watchedMachine(observer, options);
  setPolicy(system, policy);
  const { exit, json, diagnostics } = await explain(fakeContext(system), [UNIT], { record: true });
  const refusals = json.refusals as RecordedRefusal[];
  return {
    ...{ exit, refusals, observer, codes: diagnostics.map(({ code }) => code) },
    told: refusals.map(({ call, got, cause, certain }) => [call, got, cause.kind, certain]),
  };
}
