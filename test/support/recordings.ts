/** Recordings of a small service, to be varied. */
import { LIFE_PHASES, type RecordedCall, type Recording } from '../../src/observe/recording/recording.js';
import { numbersOf } from '../../src/seccomp/syscalls/numbers.js';

export const HOUR = 3600;
export const DAY = 24 * HOUR;

/** The first host; `hostNamed` makes others. */
export const hostNamed = (name: string, id = name): Recording['host'] => ({
  name,
  id: Array.from(id.padEnd(16, '0'), (letter) => letter.charCodeAt(0).toString(16).padStart(2, '0'))
    .join('')
    .slice(0, 32),
  kernel: '6.12.118',
  systemd: '257 (257.13-1~deb13u1)',
  architecture: 'x86-64',
  libc: 'glibc 2.41',
});

/** A call of x86-64 that was made while the service was at work, in several slices. */
export function call(name: string, more: Partial<RecordedCall> = {}): RecordedCall {
  const made = {
    architecture: 'x86-64',
    number: numbersOf('x86-64').get(name)!,
    name,
    count: 100,
    first: 1,
    last: 500,
    slices: 50,
    phases: { serving: 100 },
    programs: [0],
    ...more,
  };
  const phases = LIFE_PHASES.filter((phase) => phase !== 'start' && (made.phases[phase] ?? 0) > 0);
  return { onceReady: phases, ...made };
}

/** A watch of ten minutes with a start, in 60 slices. */
export function recording(more: Partial<Recording> = {}): Recording {
  const hash = 'ab'.repeat(32);
  return {
    version: 2,
    unit: 'demo.service',
    scope: 'system',
    host: hostNamed('one'),
    begin: '2026-11-20T10:00:00.000Z',
    end: '2026-11-20T10:10:00.000Z',
    truncated: false,
    slice: 10,
    slices: 60,
    lives: 1,
    events: [
      { what: 'start', at: 0 },
      { what: 'command', at: 0, line: 'ExecStart=/usr/sbin/demod' },
      { what: 'serving', at: 2 },
    ],
    programs: [{ path: '/usr/sbin/demod', hash, phases: ['start'] }],
    calls: [
      call('read'),
      call('write'),
      call('execve', { count: 1, first: 0, last: 0, slices: 1, phases: { start: 1 } }),
    ],
    refused: [],
    arguments: [],
    paths: [],
    peers: [],
    capabilities: [],
    forkFlags: [],
    modes: [],
    ringOperations: [],
    lost: {},
    blind: [],
    ...more,
  };
}

/** A recording with something in each of its parts. */
export const fullRecording = (more: Partial<Recording> = {}): Recording =>
  recording({
    events: [
      { what: 'command', at: 0, line: 'ExecStartPre=/usr/sbin/demod -t' },
      { what: 'start', at: 0 },
      { what: 'command', at: 0, line: 'ExecStart=/usr/sbin/demod' },
      { what: 'serving', at: 2 },
      { what: 'log-rotation', at: 60 },
    ],
    refused: [
      { architecture: 'x86-64', number: 435, name: 'clone3', answer: 38, count: 2, programs: [0] },
      { architecture: 'x86-64', number: 4000, name: null, answer: 'kill', count: 1, programs: [] },
    ],
    arguments: [
      {
        ...{ architecture: 'x86-64', name: 'socket', arguments: [0, 1], phases: ['start', 'serving'] },
        values: [
          ['1', '524289'],
          ['2', '1'],
        ],
        lost: 0,
      },
    ],
    paths: [
      { path: '/etc/demo.conf', use: 'read', phases: ['start'], count: 1 },
      { path: '/dev/null', use: 'write', phases: ['start'], count: 1, device: 'char 1:3' },
      { path: '/etc/absent', use: 'failed', phases: ['start'], count: 3, errno: 2 },
      { path: 'deep/way', use: 'read', phases: ['serving'], count: 1, cut: true },
    ],
    peers: [
      { use: 'bind', family: 2, type: 1, address: '0.0.0.0', port: 80, count: 1 },
      { use: 'connect', family: 1, type: 1, address: '/run/x', port: null, count: 4, errno: 111 },
    ],
    capabilities: [{ name: 'CAP_NET_BIND_SERVICE', granted: true, count: 1, calls: ['bind'] }],
    forkFlags: [18874385],
    modes: [0o640],
    ringOperations: [22],
    lost: { paths: 3 },
    blind: ['capabilities'],
    ...more,
  });
