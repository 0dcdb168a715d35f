import { bundledSets, type SyscallSets } from '../../src/seccomp/syscalls/sets.js';

/** Calls that came after a release, and so aren't known to it. */
const UNKNOWN_TO_252 = (
  'cachestat fchmodat2 file_getattr file_setattr futex_requeue futex_wait futex_wake getxattrat listmount listxattrat lsm_get_self_attr ' +
  'lsm_list_modules lsm_set_self_attr map_shadow_stack mseal open_tree_attr removexattrat setxattrat statmount uretprobe'
).split(' ');
const UNKNOWN_TO_247 = (
  'epoll_pwait2 futex_waitv landlock_add_rule landlock_create_ruleset landlock_restrict_self memfd_secret ' +
  'mount_setattr process_madvise process_mrelease quotactl_fd riscv_hwprobe set_mempolicy_home_node'
).split(' ');
/** What @default has got since. */
const LATER_IN_DEFAULT = 'arch_prctl getrandom mprotect riscv_flush_icache sched_getaffinity'.split(' ');

const known = new Map<string, SyscallSets>();

/** The sets about as an older systemd has them: without @sandbox, and without calls that are younger. */
export function olderSets(release: '247' | '252'): SyscallSets {
  const sets = known.get(release) ?? makeSets(release);
  known.set(release, sets);
  return sets;
}

function makeSets(release: '247' | '252'): SyscallSets {
  const bundled = bundledSets();
  const gone = new Set(['@sandbox', ...UNKNOWN_TO_252, ...(release === '247' ? UNKNOWN_TO_247 : [])]);
  const lacks = (set: string, name: string) =>
    gone.has(name) || (release === '247' && set === '@default' && LATER_IN_DEFAULT.includes(name));
  const members = [...bundled.members]
    .filter(([set]) => !gone.has(set))
    .map(([set, names]): [string, string[]] => [set, names.filter((name) => !lacks(set, name))]);
  return { source: 'target', systemd: release, members: new Map(members) };
}
