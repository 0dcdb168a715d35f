/** A confined service in memory, whose filters read-filters prints. */
import { apply } from '../../src/cli/commands/apply.js';
import { prepare } from '../../src/prepare/prepare.js';
import type { Instruction } from '../../src/seccomp/filter/bpf.js';
import { compile } from '../../src/seccomp/filter/compile/compile.js';
import type { SyscallPolicy } from '../../src/seccomp/syscalls/policy.js';
import { machine } from './apply-in-memory.js';
import { NO_EXEC, UNIT } from './demo-service.js';
import { fakeContext, HOME, program } from './fake-system.js';

export const READER = `${HOME}/native-helper/build/x86-64/read-filters`;
const GROUP = '/system.slice/demo.service';
const FILES = {
  '/proc/self/mountinfo': '25 1 0:24 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n',
  [`/sys/fs/cgroup${GROUP}/cgroup.procs`]: '',
  [READER]: program('reader'),
};

/** A confined service, whose main process has the filters that `filters` gives. */
export async function confined(
  filters: (meaning: SyscallPolicy) => readonly SyscallPolicy[],
  policy = NO_EXEC,
) {
  let says = '';
  const system = machine(
    {
      files: FILES,
      programs: { [READER]: () => ({ status: 0, stdout: says, stderr: '' }) },
      distort: (properties) => properties.set('ControlGroup', GROUP),
    },
    policy,
  );
  const { plan } = await prepare(fakeContext(system), UNIT, {});
  await apply(fakeContext(system), [UNIT], {});
  const loaded = filters(plan.meaning!).map((one) => `filter ${hexOf(compile(one))}\n`);
  says = `thread ${system.pidOf(UNIT)} ${loaded.length}\n${loaded.join('')}`;
  return system;
}

/** A policy for the same calling conventions that refuses nothing. */
export const open = ({ machine: of, abis }: SyscallPolicy): SyscallPolicy => ({
  machine: of,
  abis: new Map([...abis].map(([abi, one]) => [abi, { ...one, verdicts: new Map() }])),
});

/** A program as read-filters prints it: eight bytes an instruction (struct sock_filter), in hex. */
export const hexOf = (instructions: readonly Instruction[]): string =>
  instructions
    .map(({ code, jt, jf, k }) => {
      const bytes = Buffer.alloc(8);
      bytes.writeUInt16LE(code);
      bytes.writeUInt8(jt, 2);
      bytes.writeUInt8(jf, 3);
      bytes.writeUInt32LE(k, 4);
      return bytes.toString('hex');
    })
    .join('');
