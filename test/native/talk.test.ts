/**
 * The command lines of the talk with sandboxify and libsandbox.so, as they stand, with what they printed there. They run
 * in a layer of Debian, where the files are in the talk's places.
 */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { inLayer, layerAvailable } from '../support/layer.js';
import { buildLauncher, launcherObstacle, sharedFolder } from '../support/native.js';
import { inRepository } from '../support/repository.js';

const skip = launcherObstacle() ?? layerAvailable();
const folder = sharedFolder();

before(async () => {
  if (!skip) await buildLauncher(folder);
});

const MULTIARCH = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
const PRELOAD = `LD_PRELOAD=/usr/lib/${MULTIARCH}/libsandbox.so`;

/** What a shell prints for these lines, errors and output in one. */
async function session(...lines: readonly string[]): Promise<string> {
  const install = `make --silent -C ${inRepository('native-helper')} BUILD=${folder} prefix=/usr install`;
  const source = `cp ${inRepository('test/booted/programs/myos.c')} /tmp && cd /tmp`;
  // The shell says "Bad system call" only if something comes after.
  const script = ['exec 2>&1', `${install} && ${source} || exit`, ...lines, ':'].join('\n');
  const { stdout, stderr } = await inLayer(['sh', '-c', script], { folders: [folder] });
  assert.equal(stderr, '');
  return stdout;
}

const adding = (list: string) =>
  list
    .split(':')
    .map((call) => `adding ${call} to the process seccomp filter\n`)
    .join('');

const LINUX = 'My OS is Linux!\n';
const KILLED = 'Bad system call\n';
const DYNAMIC = 'gcc -o myos myos.c';

describe('the talk', { skip }, () => {
  test('LD_PRELOAD, SECCOMP_SYSCALL_DENY=uname', async () => {
    assert.equal(
      await session(DYNAMIC, './myos', `${PRELOAD} SECCOMP_SYSCALL_DENY=uname ./myos`),
      `${LINUX}${adding('uname')}${KILLED}`,
    );
  });

  test('patchelf --add-needed', async () => {
    const printed = await session(
      DYNAMIC,
      `patchelf --add-needed /usr/lib/${MULTIARCH}/libsandbox.so ./myos`,
      'ldd ./myos',
      'SECCOMP_SYSCALL_DENY=uname ./myos',
    );
    assert.match(printed, new RegExp(`^\\t/usr/lib/${MULTIARCH}/libsandbox\\.so \\(0x`, 'm'));
    assert.ok(printed.endsWith(`${adding('uname')}${KILLED}`), printed);
  });

  test('static binaries: the library is not loaded, sandboxify works', async () => {
    assert.equal(
      await session(
        'gcc -static -o myos myos.c',
        './myos',
        `${PRELOAD} SECCOMP_SYSCALL_DENY=uname ./myos`,
        'SECCOMP_SYSCALL_DENY=uname sandboxify ./myos',
      ),
      `${LINUX}${LINUX}${adding('uname')}${KILLED}`,
    );
  });

  test('without variables nothing runs, unlike in the talk', async () => {
    const rest =
      'there is neither SECCOMP_SYSCALL_ALLOW nor SECCOMP_SYSCALL_DENY; ' +
      'SECCOMP_DEFAULT_ACTION=allow runs the program without a filter\n';
    assert.equal(
      await session(DYNAMIC, `${PRELOAD} ./myos`, 'sandboxify ./myos'),
      `libsandbox: ${rest}sandboxify: ${rest}`,
    );
  });
});

/** What the C library of Debian 13 calls besides the talk's calls: to buffer output, and to start. */
const BUFFER = ['brk', 'getrandom'];
const START = ['getrandom', 'pread64', 'prlimit64', 'rseq', 'set_robust_list', 'set_tid_address'];
/** arm64 has neither access nor arch_prctl, and its C library asks by newer calls. */
const START_ARM64 = ['faccessat', ...START];

describe('sandboxify vs libsandbox', { skip }, () => {
  const FOUR = 'exit_group:fstat:uname:write';
  const THIRTEEN =
    'access:arch_prctl:brk:close:exit_group:fstat:mmap:mprotect:munmap:openat:read:uname:write';
  const withList = (calls: string, start: string) => `SECCOMP_SYSCALL_ALLOW=${calls} ${start}`;
  const onlyHere = (printed: string) => printed.replace(/^skipping .*\n/gm, '');

  test('with the library: four calls, and two of the newer C library', async () => {
    const list = [FOUR, ...BUFFER].join(':');
    const printed = await session(DYNAMIC, `${PRELOAD} ${withList(list, './myos')}`);
    assert.equal(printed, `${adding(list)}${LINUX}`);
  });

  test('with the library: each call is needed', async () => {
    const all = [...FOUR.split(':'), ...BUFFER];
    const lines = all.map((left) => {
      const list = all.filter((call) => call !== left).join(':');
      return `${PRELOAD} ${withList(list, './myos')} >/dev/null 2>&1; echo ${left} $?`;
    });
    const printed = await session(DYNAMIC, ...lines);
    const statuses = printed.split('\n').filter((line) => /^\w+ \d+$/.test(line));
    assert.deepEqual(
      statuses,
      all.map((call) => `${call} 159`),
    );
  });

  test('with sandboxify: thirteen calls, and those of the newer C library', async () => {
    const list = [THIRTEEN, ...(process.arch === 'arm64' ? START_ARM64 : START)].join(':');
    const printed = onlyHere(await session(DYNAMIC, withList(list, 'sandboxify ./myos')));
    assert.ok(printed.endsWith(LINUX), printed);
    if (process.arch === 'x64') assert.equal(printed, `${adding(list)}${LINUX}`);
  });

  test('with the library: what a program under an allow list starts has the same filter', async () => {
    const list = [THIRTEEN, ...START, 'execve', 'futex'].join(':');
    const printed = await session(DYNAMIC, `${PRELOAD} ${withList(list, 'env ./myos')}`);
    assert.equal(onlyHere(printed).replace(/^adding .*\n/gm, ''), LINUX);
  });
});

describe('with musl', { skip }, () => {
  const MUSL = 'musl-gcc -o myos myos.c';

  test('the library confines programs and removes its variables', async () => {
    const show = `printf '#include <stdlib.h>\\n#include <stdio.h>\\nint main(void) { puts(getenv("SECCOMP_SYSCALL_DENY") ? "there" : "gone"); puts(getenv("A")); return 0; }' >show.c`;
    assert.equal(
      await session(
        MUSL,
        show,
        'musl-gcc -o show show.c',
        `${PRELOAD} SECCOMP_SYSCALL_DENY=uname ./myos`,
        `A=kept ${PRELOAD} SECCOMP_SYSCALL_DENY=uname ./show`,
        `${PRELOAD} SECCOMP_SYSCALL_DENY=unmae ./show`,
      ),
      `${adding('uname')}${KILLED}${adding('uname')}gone\nkept\n` +
        "libsandbox: SECCOMP_SYSCALL_DENY has an unknown call 'unmae'; the names are those of syscalls(2)\n",
    );
  });

  test('sandboxify starts programs', async () => {
    assert.equal(
      await session(
        MUSL,
        'SECCOMP_SYSCALL_DENY=uname sandboxify ./myos',
        'SECCOMP_SYSCALL_DENY=reboot sandboxify ./myos',
      ),
      `${adding('uname')}${KILLED}${adding('reboot')}${LINUX}`,
    );
  });
});
