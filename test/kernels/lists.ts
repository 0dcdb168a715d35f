import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { Tried } from './tried.js';

const ADDING = 'adding uname to the process seccomp filter\n';
const DENY_UNAME = { SECCOMP_SYSCALL_DENY: 'uname' };

/** sandboxify, with every kind of program, and libsandbox.so with dynamic ones. */
export function listTests({ kernel, test }: Tried): void {
  const WAYS = [
    ...['/static', '/static-pie', '/dynamic', '/dynamic-pie'].map((program) => ({
      name: 'sandboxify',
      program,
      argv: ['/sandboxify', program],
      preload: {},
    })),
    ...['/dynamic', '/dynamic-pie'].map((program) => ({
      name: 'libsandbox',
      program,
      argv: [program],
      preload: { LD_PRELOAD: '/libsandbox.so' },
    })),
  ];
  describe('lists', () => {
    for (const { name, program, argv, preload } of WAYS) {
      const start = async (variables: Record<string, string>, asNobody = false) => {
        const { status, signal, stdout, stderr } = await kernel().run(argv, {
          env: { ...preload, ...variables },
          asNobody,
        });
        return { end: signal ?? status, stdout, stderr };
      };
      test(`${name} confines ${program}`, async () => {
        for (const asNobody of [false, true])
          assert.deepEqual(await start(DENY_UNAME, asNobody), { end: 'SIGSYS', stdout: '', stderr: ADDING });
        assert.deepEqual(await start({ ...DENY_UNAME, SECCOMP_DEFAULT_ACTION: 'log' }), {
          end: 0,
          stdout: 'My OS is Linux!\n',
          stderr: ADDING,
        });
        assert.deepEqual(await start({ SECCOMP_SYSCALL_DENY: 'reboot' }), {
          end: 0,
          stdout: 'My OS is Linux!\n',
          stderr: ADDING.replace('uname', 'reboot'),
        });
      });
      test(`${name} runs ${program} without a list only on request`, async () => {
        const { end, stdout } = await start({});
        assert.deepEqual([end, stdout], [2, '']);
        assert.equal((await start({ SECCOMP_DEFAULT_ACTION: 'allow' })).stdout, 'My OS is Linux!\n');
      });
    }

    test("an allow list of a program's calls is enough for it", async () => {
      const calls =
        'execve:brk:arch_prctl:set_tid_address:set_robust_list:rseq:prlimit64:readlinkat:readlink:getrandom';
      const env = { SECCOMP_SYSCALL_ALLOW: `${calls}:mprotect:uname:fstat:newfstatat:write:exit_group` };
      const { status, stdout } = await kernel().run(['/sandboxify', '/static'], { env });
      assert.deepEqual([status, stdout], [0, 'My OS is Linux!\n']);
      const less = { SECCOMP_SYSCALL_ALLOW: env.SECCOMP_SYSCALL_ALLOW.replace(':uname', '') };
      assert.equal((await kernel().run(['/sandboxify', '/static'], { env: less })).signal, 'SIGSYS');
    });
  });
}
