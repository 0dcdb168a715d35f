/** Services that are watched in memory, by an observer that is none. */
import { learn } from '../../src/cli/commands/learn/learn.js';
import type { Context } from '../../src/machine/context.js';
import type { ObservedUnit } from '../../src/observe/observed.js';
import { keepRecording } from '../../src/observe/recordings/store.js';
import type { Outcome } from '../../src/outcome.js';
import { machine } from './apply-in-memory.js';
import { UNIT } from './demo-service.js';
import { dump } from './dumps.js';
import { FakeObserver } from './fake-observer.js';
import { type FakeOptions, fakeContext, HOME, program } from './fake-system.js';
import { recording } from './recordings.js';

export const OBSERVER = `${HOME}/native-helper/build/x86-64/observe`;
const GROUP = '/system.slice/demo.service';

/** A machine with a service that runs. */
export const watchedMachine = (observer: FakeObserver, { files, distort, ...more }: FakeOptions = {}) =>
  machine({
    files: {
      '/proc/self/mountinfo': '25 1 0:24 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n',
      '/usr/lib/systemd/systemd-executor': program('executor'),
      [OBSERVER]: program('observer'),
      ...files,
    },
    distort: (properties) => {
      properties.set('ControlGroup', GROUP);
      properties.set('CanReload', true);
      distort?.(properties);
    },
    talks: () => observer,
    ...more,
  });

export const contextOf = (observer: FakeObserver, options: FakeOptions = {}): Context =>
  fakeContext(watchedMachine(observer, options));

const HOST_FILES = {
  '/proc/sys/kernel/hostname': 'web1\n',
  '/proc/sys/kernel/osrelease': '6.12.0\n',
  '/etc/machine-id': `${'0a'.repeat(16)}\n`,
};
/** A machine whose observer has seen something, as often as it is asked. */
export function seenMachine({ files, ...more }: FakeOptions = {}, seen: Partial<ObservedUnit> = {}) {
  const dumps = Array.from({ length: 5 }, () => [JSON.stringify(dump(seen))]);
  return watchedMachine(new FakeObserver({ dumps }), { files: { ...HOST_FILES, ...files }, ...more });
}

/** One outcome of each way to watch: here, listed, stopped, in the background. */
export async function watchOutcomes(): Promise<Outcome[]> {
  const background = `sandbox-unit-learn-${UNIT}`;
  const text = JSON.stringify({ begin: 1, end: 2, phase: null, calls: 3, lost: 0 });
  const files = { [`/run/sandbox-unit/watches/${UNIT}`]: text };
  const busy = fakeContext(seenMachine({ files, locked: 'for-ever', running: [background] }));
  await keepRecording(busy, recording());
  return [
    await learn(fakeContext(seenMachine()), [UNIT], { for: '1s', write: true }),
    await learn(busy, [], { list: true }),
    await learn(busy, [UNIT], { background: true }),
    await learn(busy, [UNIT], { stop: true }),
  ];
}
