import type { Entries } from './entry.js';

/** The meaning of a policy. */
export const POLICY_MEANING = {
  contradiction: {
    cause:
      'Two lines of the policy exclude each other: two actions for one call in one file, or a reload that `[ready]` refuses and `[apply]` tries.',
    wayOut: 'Keep the line that is meant, and remove the other.',
  },
  'needs-allow': {
    cause:
      'The key decides about calls that nobody names. A deny list lets all of these through, so that the key says nothing.',
    wayOut: 'Leave the key out, or write an `allow` list.',
  },
  'expect-without-filter': {
    cause:
      'An expectation is about an answer of the filter, and the policy has no `[syscalls]` to make one from. With `phase = "ready"` it takes `[ready]`.',
    wayOut: 'Add that table, or remove the `[[expect]]`.',
  },
  'expectation-failed': {
    cause:
      'An `[[expect]]` says which answer a call gets, and the policy gives another, or the ABI has no such call.',
    wayOut: 'The hint names the line that decides. Correct that line or the expectation.',
  },
  'takes-nothing': {
    cause:
      '`[ready]` is for calls that pass until the service serves. What the line refuses is refused from the start already.',
    wayOut: 'Leave the line out of `[ready]`, or the call out of what refuses it until then.',
  },
  indispensable: {
    cause:
      '`[ready]` refuses a call that every program makes: to end, to come back from the handler of a signal, or to begin a call anew.',
    wayOut: 'Leave the call out of `deny`; in the place of a set that has it, name the other calls.',
  },
  'no-respawn': {
    cause:
      '`[ready]` refuses all calls that start a process. In a service whose main process has workers, one that dies is not replaced, and the unit stays active without it.',
    wayOut:
      'Nothing for a service of one process. For others leave `fork`, `vfork`, `clone` and `clone3`, and what a new worker calls, as `setuid`.',
  },
  'takes-threads': {
    cause:
      '`[ready]` denies `clone` or `mprotect` whatever its arguments. Threads need both: programs in Go and Java, and C libraries, start threads when there is more work, and fail if they get none.',
    wayOut:
      'Add the rule of the hint: `clone` with CLONE_THREAD makes a thread, and no process. Give `clone3`, whose flags no filter sees, `ENOSYS`: C libraries then take `clone`. Nothing is to be done for a service without threads.',
  },
  'refused-before': {
    cause:
      "The filter of `[ready]` is added to those of the start. It can't let through what one of these refuses.",
    wayOut: 'Leave the line out, or let the call through in `[syscalls]`, too.',
  },
  'ready-reload': {
    cause:
      'The unit has a reload, and `[ready]` does not say what becomes of it. A reload makes calls of a start, and some daemons tell nobody that one failed.',
    wayOut:
      '`reload = false` refuses the reload and has the service restarted instead. `reload = true` says that the lists have what a reload needs.',
  },
  'rule-never-holds': {
    cause: 'All conditions of a rule must hold at once, and two of these exclude each other.',
    wayOut: 'Write several values of one argument as `in = […]`, or make two rules.',
  },
  'open-door': {
    cause: 'The policy refuses a call, and lets another one through that does the same work.',
    wayOut:
      'Refuse what the hint names as well. If the other call is meant to pass, the refusal protects nothing.',
  },
  'hidden-arguments': {
    cause:
      "On one ABI the kernel's filters can't see the argument that a rule compares. The strictest answer counts there.",
    wayOut:
      'Name the other call from the hint, or leave that ABI out of `architectures`. Otherwise there is nothing to do.',
  },
  'filter-too-long': {
    cause: 'The filter would have more instructions than the kernel takes in one program.',
    wayOut: 'Use fewer argument rules, or fewer values in them.',
  },
  'sampled-proof': {
    cause:
      'The rules on a call are too many for a proof over all arguments. The filter was tried with a part of the values.',
    wayOut:
      'Use fewer conditions on that call if you want the full proof. The filter is in force all the same.',
  },
  'stricter-than-policy': {
    cause: "systemd gives unknown numbers of calls an answer of its own, stricter than the policy's.",
    wayOut: '`enforcer = "launcher"` gives them the policy\'s answer. Otherwise there is nothing to do.',
  },
  'no-filter-elsewhere': {
    cause:
      'The filter file serves several kinds of machines, and one of them lacks a constant that the policy names.',
    wayOut:
      'Nothing, unless the file goes to such a machine. There the launcher refuses it, and the policy has to do without the constant.',
  },
  'bundled-sets': {
    cause:
      "The sets of the target's own systemd can't be asked for. Those that come with this program may have other members.",
    wayOut: 'Plan on the running target, where `systemd-analyze syscall-filter` answers.',
  },
} as const satisfies Entries;
