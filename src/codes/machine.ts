import type { Entries } from './entry.js';

/** The machine, its service manager and its files. */
export const MACHINE = {
  'no-bus': {
    cause: 'The service manager answers on a bus, and no connection to that bus could be made.',
    wayOut:
      'Do as the hint says. Where no systemd runs, as in an image, `--root FOLDER` works on files alone.',
  },
  'bus-lost': {
    cause: 'The bus closed the connection while an answer was due, as it does when it ends.',
    wayOut:
      'Run the command again. `sandbox-unit status`, as root, puts back a change that was left half done.',
  },
  'bus-failed': {
    cause: 'The connection to the bus failed, or carried something that is no message.',
    wayOut: 'Run the command again, and see `systemctl status dbus` if it fails again.',
  },
  'bus-timeout': {
    cause:
      'Nobody answered on the bus for a long time. The machine may be overloaded, or the service manager stuck.',
    wayOut:
      'Run the command again when the machine is quiet. `systemctl` hangs, too, if the service manager is stuck.',
  },
  'manager-away': {
    cause: 'The service manager left the bus before it answered, as it does while it executes itself anew.',
    wayOut: 'Run the command again.',
  },
  'manager-refused': {
    cause: 'The service manager was asked, and refused. The message has its own words.',
    wayOut: "Correct what these words name. A text in the unit's files that is not UTF-8 is one cause.",
  },
  'manager-answer': {
    cause: 'An answer of the service manager is none that systemd gives.',
    wayOut: 'See that systemd itself has its name on the bus: `busctl status org.freedesktop.systemd1`.',
  },
  'access-denied': {
    cause: 'The service manager does not let this user do that.',
    wayOut: 'Run the command as root, or with `--user` for a unit of your own.',
  },
  'needs-root': {
    cause: 'The command changes units of the system, or looks where only root may look.',
    wayOut: 'Run it with `sudo`. `--check` changes nothing, and `--user` is for your own services.',
  },
  'no-systemd': {
    cause: 'The folder of `--root` has no libraries of systemd, so that its version is unknown.',
    wayOut: 'Name the root folder of a system: the one with `etc` and `usr` in it.',
  },
  'no-root': {
    cause: 'The path of `--root` is not there, or is no folder.',
    wayOut: 'Name the root folder of a system: the one with `etc` and `usr` in it.',
  },
  'running-root': {
    cause:
      '`--root` is for systems that do not run. With it nothing of this one would be reloaded or restarted.',
    wayOut: 'Leave `--root` out.',
  },
  offline: {
    cause: 'The command asks the running machine, and `--root` or `--facts` stands for another one.',
    wayOut: 'Run it on that machine, without the option.',
  },
  'old-systemd': {
    cause: 'systemd is older than any release that this program knows.',
    wayOut: 'Update systemd, or confine the program with `sandboxify`, which needs none.',
  },
  'new-systemd': {
    cause:
      'systemd is newer than any release that this program was tried with. What changed since is not known here.',
    wayOut:
      'Read the plan, then see with `sandbox-unit verify UNIT` that it is in force. A newer sandbox-unit may know this release.',
  },
  'unknown-systemd': {
    cause: 'The version that systemd tells of itself does not begin with a number.',
    wayOut: 'See what `systemctl --version` prints. Only releases of systemd itself can be planned for.',
  },
  'unknown-machine': {
    cause: 'The machine is of an architecture whose system calls this program has no numbers for.',
    wayOut: 'x86-64, arm64 and riscv64 are known. On another machine there is no way.',
  },
  'syscall-set-listing': {
    cause: '`systemd-analyze syscall-filter` printed something else than the sets of calls.',
    wayOut: 'Run that command by hand, and see what it prints.',
  },
  'no-launcher': {
    cause: 'The launcher for this kind of machine is not built.',
    wayOut: 'Build it by the command in the hint, or install a package that has it.',
  },
  'no-tighten': {
    cause:
      'The program that loads filters into processes that run, `tighten`, is not built for this kind of machine.',
    wayOut: 'Build it by the command in the hint, or install a package that has it.',
  },
  'no-reader': {
    cause: 'The program that reads filters or records from the kernel is not built.',
    wayOut: 'Build it by the command in the hint, or install a package that has it.',
  },
  'no-sender': {
    cause: 'The program that hands open files to a service, `send-descriptors`, is not built.',
    wayOut: 'Build it by the command in the hint, or install a package that has it.',
  },
  'no-relay': {
    cause: "The program that gives a service the caller's terminal, `pty-relay`, is not built.",
    wayOut: 'Build it by the command in the hint, or install a package that has it.',
  },
  'no-script': {
    cause: 'A script that belongs to this program is missing from its installation.',
    wayOut: 'Install sandbox-unit again.',
  },
  'no-terminal': {
    cause: 'The system gave out no pseudo-terminal.',
    wayOut: 'See that `/dev/pts` is mounted. `--pipe` needs no terminal.',
  },
  'no-user': {
    cause: 'No user of that name is known on this machine.',
    wayOut: 'Correct the name. `getent passwd USER` tells whether there is one.',
  },
  unreadable: {
    cause: "A file or folder can't be read, for the reason in the message.",
    wayOut: 'Run the command as root if the reason is a permission. Otherwise mend what the reason names.',
  },
  unwritable: {
    cause:
      "A file or folder can't be written, or the output can't be printed, for the reason in the message.",
    wayOut:
      'Run the command as root if the reason is a permission. Otherwise make room, or mount the file system writable.',
  },
  'not-a-file': {
    cause: 'The path leads to something else than a regular file, such as a folder, a device or a pipe.',
    wayOut: 'Name a regular file.',
  },
  'too-large': {
    cause: 'The file is larger than any file of its kind needs to be.',
    wayOut: 'See that it is the file that was meant.',
  },
  'file-changed': {
    cause: 'The file changed while it was read, so that its two halves may not belong together.',
    wayOut: 'Run the command again when nobody writes to it.',
  },
  'untrusted-file': {
    cause:
      'Others than root can change the file, a folder above it, or where a link leads. Root would act on what they put there.',
    wayOut:
      'Let root alone own and change it: the hint has the command. Otherwise take a place below folders of root alone.',
  },
  'no-lock': {
    cause: "The file that keeps two runs apart can't be locked.",
    wayOut: 'See that `flock` of util-linux is in `PATH`, and that `/run` is writable.',
  },
  'no-observer': {
    cause: 'The program that watches services, `observe`, is not built, or does not start.',
    wayOut: 'Build it by the command in the hint, if there is one. It needs clang and libbpf.',
  },
  'kernel-too-old': {
    cause: 'Watching a service takes a newer kernel than this one.',
    wayOut: 'Boot Linux 6.1 or later. Policies are enforced without that.',
  },
  'no-btf': {
    cause: 'The kernel does not describe its own types, which programs that watch a service have to know.',
    wayOut: 'Boot a kernel that is built with `CONFIG_DEBUG_INFO_BTF`.',
  },
  'no-tracepoint': {
    cause: 'The kernel lacks a tracepoint without which no service can be watched.',
    wayOut: 'Boot a kernel of a distribution, which has it.',
  },
  'not-permitted': {
    cause: 'The kernel lets this process load no BPF programs.',
    wayOut: 'Run it as root, outside of any container, or for services of your own as the hint says.',
  },
  'locked-down': {
    cause: 'The kernel is locked down to keep its memory secret, and so lets nobody watch a service.',
    wayOut: 'Boot without `lockdown=confidentiality`. With `lockdown=integrity` services can be watched.',
  },
  'not-accepted': {
    cause: "The kernel refused a BPF program of the observer. The message has the kernel's reason.",
    wayOut: 'Update sandbox-unit, or boot another kernel. Policies are enforced without that.',
  },
  'not-attached': {
    cause: 'The kernel took a BPF program of the observer, and does not run it where it is needed.',
    wayOut: 'Boot another kernel. Policies are enforced without the observer.',
  },
  'no-memory': {
    cause: "The observer's tables could not be mapped into memory.",
    wayOut: 'Free memory, then watch the service again.',
  },
  'no-cgroup': {
    cause: 'The service is in no control group that can be watched.',
    wayOut: 'Start the service first. Control groups must be of version 2.',
  },
  'no-group': {
    cause: 'The service has no control group yet, nor has its slice. There is no place to watch.',
    wayOut: 'Start the service first.',
  },
  damaged: {
    cause: "The observer's program file lacks a part of itself.",
    wayOut: 'Install sandbox-unit again, or build it anew: `make -C native-helper`.',
  },
  'bad-line': {
    cause:
      'The observer got a request that it does not understand: it is of another version than the command.',
    wayOut: 'Install sandbox-unit again, so that both come from one version.',
  },
  'observer-line': {
    cause:
      'The observer printed something else than what it should: it is of another version than the command, or broken.',
    wayOut: 'Install sandbox-unit again, so that both come from one version.',
  },
  'observer-ended': {
    cause: 'The observer ended before the watch did. The message has its last words.',
    wayOut: 'Watch the service again. What was kept until then is marked as cut short.',
  },
  unwatchable: {
    cause: 'A path has a line break in it, which has no place in a request to the observer.',
    wayOut: 'Rename the file or folder.',
  },
  internal: {
    cause: 'Something happened that only a mistake in sandbox-unit can cause.',
    wayOut:
      'Run `sandbox-unit status` to see that no unit is half changed, and report the message with the command line.',
  },
  usage: {
    cause:
      'The command line is wrong: an option that is not there, two that exclude each other, or a word too many.',
    wayOut: 'Do as the hint says, or see `sandbox-unit VERB --help`.',
  },
  'unknown-shell': {
    cause: 'There is no completion of command lines for a shell of that name.',
    wayOut: 'Name one of those that the hint has.',
  },
} as const satisfies Entries;
