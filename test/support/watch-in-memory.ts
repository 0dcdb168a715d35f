/** Services that are watched in memory, by an observer that is none. */
import type { Context } from '../../src/system/context.js';
import { machine } from './apply-in-memory.js';
import type { FakeObserver } from './fake-observer.js';
import { type FakeOptions, fakeContext, HOME, program } from './fake-system.js';

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
