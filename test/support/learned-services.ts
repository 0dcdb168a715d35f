/** Evidence as Debian's nginx and memcached gave it, in short. */
import type { ProfilePart, SeenCall } from '../../src/learn/profile/policy/input.js';
import type { RecordedPeer } from '../../src/observe/recording/recording.js';
import { calls, paths, profile, values } from './learned.js';

const LIBRARIES = ['libc.so.6', 'libcrypto.so.3', 'libssl.so.3', 'libz.so.1.3.1'].map(
  (name) => `/usr/lib/x86_64-linux-gnu/${name}`,
);

const peer = (more: Partial<RecordedPeer>): RecordedPeer => ({
  ...{ use: 'bind', family: 2, type: 1, address: '0.0.0.0', port: 80, count: 2 },
  ...more,
});

const granted = (name: string, ...by: readonly string[]) => ({ name, granted: true, count: 4, calls: by });

/** Asked for at each reservation of memory, and refused. */
const MEMORY_RESERVED = {
  ...{ name: 'CAP_SYS_ADMIN', granted: false, count: 244 },
  calls: ['execve', 'mmap', 'brk', 'clone', 'pwrite64'],
};

/** nginx over a restart and some requests. */
export const NGINX: ProfilePart = profile({
  unit: 'nginx.service',
  seconds: 252,
  recordings: 2,
  calls: [
    ...calls(
      'read close fstat lseek mmap mprotect munmap brk rt_sigprocmask ioctl pread64 access dup2 getpid socket connect ' +
        'sendmsg recvmsg socketpair setsockopt clone uname fcntl mkdir setuid setgid geteuid getppid setgroups ' +
        'rt_sigsuspend prctl arch_prctl futex sched_setaffinity epoll_create getdents64 set_tid_address exit_group ' +
        'epoll_wait epoll_ctl openat newfstatat set_robust_list eventfd2 prlimit64 getrandom rseq',
      { program: '/usr/sbin/nginx' },
    ),
    ...calls('write rt_sigreturn writev sendfile recvfrom wait4 kill unlink getuid getgid pselect6 accept4', {
      phases: ['serving'],
      program: '/usr/sbin/nginx',
    }),
    ...calls('rt_sigaction pwrite64 bind listen umask setsid', {
      phases: ['start'],
      program: '/usr/sbin/nginx',
    }),
  ],
  arguments: [
    values('mmap', [2], [[3], [1], [5]]),
    values('mprotect', [2], [[1]]),
    values('ioctl', [1], [[0x5421], [0x5452]]),
    values(
      'socket',
      [0, 1],
      [
        [1, 526337],
        [2, 1],
        [10, 1],
      ],
    ),
    values('socketpair', [0, 1], [[1, 1]]),
    values(
      'setsockopt',
      [1, 2],
      [
        [1, 2],
        [41, 26],
        [6, 3],
        [6, 1],
      ],
    ),
    values('prctl', [0], [[4]]),
    values('mkdir', [1], [[0o700]]),
  ],
  programs: [{ path: '/usr/sbin/nginx', phases: ['start', 'reload'] }],
  paths: [
    ...paths('read', [...LIBRARIES, '/etc/nginx/nginx.conf', '/var/www/html/index.html', '/run/nginx.pid']),
    ...paths('map-executable', LIBRARIES),
    ...paths('read', ['/sys/devices/system/cpu/online', '/proc/sys/kernel/ngroups_max']),
    ...paths('change-directory', ['/var/lib/nginx'], { errno: 17 }),
    ...paths('write', ['/var/log/nginx/access.log', '/var/log/nginx/error.log', '/run/nginx.pid']),
    ...paths('write', ['/dev/null'], { device: 'char 1:3' }),
    ...paths('create-in', ['/run']),
    ...paths('change-directory', ['/var/run'], { phases: ['stop'] }),
    ...paths('stat', ['/', '/etc/localtime', '/var/lib/nginx/body']),
    ...paths('failed', ['/var/www/html/nothere'], { errno: 2 }),
  ],
  peers: [
    peer({}),
    peer({ family: 10, address: '::' }),
    peer({ use: 'accept', address: '127.0.0.1', port: null, count: 2000 }),
    peer({ use: 'connect', family: 1, address: '/var/run/nscd/socket', port: null, errno: 2 }),
  ],
  capabilities: [
    granted('CAP_DAC_OVERRIDE', 'openat'),
    granted('CAP_SETGID', 'setgid', 'setgroups'),
    granted('CAP_SETUID', 'setuid'),
    granted('CAP_NET_BIND_SERVICE', 'bind'),
    MEMORY_RESERVED,
  ],
  forkFlags: [18874368],
  modes: [0o644],
});

const WRAPPER = '/usr/bin/perl';
const MEMCACHED_PROGRAM = '/usr/bin/memcached';

/** Calls that both the start script and the daemon have made. */
const byBoth = (names: string): SeenCall[] =>
  calls(names).map((call) => ({ ...call, programs: [WRAPPER, MEMCACHED_PROGRAM] }));

/** memcached, which a script starts, with the RestrictNamespaces= of its unit: clone3 got ENOSYS. */
export const MEMCACHED: ProfilePart = profile({
  unit: 'memcached.service',
  seconds: 600,
  calls: [
    ...byBoth('read write close mmap brk openat fstat newfstatat rt_sigaction getpid'),
    ...calls('execve dup pipe2 lseek', { phases: ['start'], program: WRAPPER }),
    ...calls(
      'mprotect munmap rt_sigprocmask ioctl pread64 access socket connect bind listen setsockopt clone fcntl rename ' +
        'readlink getuid getgid setuid setgid geteuid getegid setgroups arch_prctl set_tid_address set_robust_list ' +
        'eventfd2 epoll_create1 prlimit64 getrandom rseq',
      { phases: ['start'], program: MEMCACHED_PROGRAM },
    ),
    ...calls(
      'futex clock_nanosleep epoll_wait epoll_ctl rt_sigreturn sendmsg getpeername getrusage exit_group accept4',
      {
        phases: ['serving'],
        program: MEMCACHED_PROGRAM,
      },
    ),
  ],
  refused: [{ name: 'clone3', answer: 38, count: 4 }],
  arguments: [
    values('mmap', [2], [[3], [1], [5], [0]]),
    values('mprotect', [2], [[1], [3]]),
    values('ioctl', [1], [[0x5401]]),
    values(
      'socket',
      [0, 1],
      [
        [1, 526337],
        [2, 1],
        [10, 1],
      ],
    ),
    values(
      'setsockopt',
      [1, 2],
      [
        [1, 2],
        [1, 9],
        [1, 13],
        [6, 1],
        [41, 26],
      ],
    ),
  ],
  programs: [
    { path: WRAPPER, phases: ['start'] },
    { path: MEMCACHED_PROGRAM, phases: ['start'] },
  ],
  paths: [
    ...paths('execute', ['/usr/sbin/demod', WRAPPER, MEMCACHED_PROGRAM]),
    ...paths('read', [...LIBRARIES, '/etc/memcached.conf', '/proc/1011/task/1014/comm']),
    ...paths('write', ['/run/memcached/memcached.pid.tmp', '/proc/1011/task/1014/comm']),
    ...paths('create-in', ['/run/memcached']),
    ...paths('change-directory', ['/var/run/memcached']),
    ...paths('read', ['/dev/urandom'], { device: 'char 1:9' }),
  ],
  peers: [
    peer({ address: '127.0.0.1', port: 11211 }),
    peer({ family: 10, address: '::1', port: 11211 }),
    peer({ use: 'accept', address: '127.0.0.1', port: null }),
    peer({ use: 'connect', family: 1, address: '/var/run/nscd/socket', port: null, errno: 2 }),
  ],
  capabilities: [granted('CAP_SETGID', 'setgroups'), granted('CAP_SETUID', 'setuid'), MEMORY_RESERVED],
  forkFlags: [4001536],
  modes: [0o644],
});
