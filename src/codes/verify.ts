import type { Entries } from './entry.js';

/** Findings of verify. */
export const VERIFY = {
  looser: {
    cause:
      'A process may make calls that the policy refuses it: it was started before the policy, or without the launcher.',
    wayOut:
      'Restart the service. If that does not help, the command line that starts the process needs `wrap` in `[exec]`.',
  },
  'looser-directive': {
    cause:
      'A process is not held to a directive that systemd has loaded: it was started before, or something undoes the directive.',
    wayOut:
      "Restart the service if it runs since before the policy; `apply` has done so. If that does not help, look for what undoes the directive: a helper with privileges, or a mount of the unit's own, as `BindPaths=/tmp` beside `PrivateTmp`. Under `ProtectSystem=strict` systemd drops `NoExecPaths` for a path that `ReadOnlyPaths` names, too: name it in `BindReadOnlyPaths` there. From systemd 255 on, `ReadOnlyPaths` does not close `/sys` beside `ProtectControlGroups` and the like: `ProtectKernelTunables` does.",
  },
  'left-over': {
    cause:
      'A process is left over from before the service was started with the policy. No restart confines it.',
    wayOut: 'The command in the hint stops the service, ends what is left, and starts it again.',
  },
  'not-confined': {
    cause: 'The main process runs without the filter that it should have, or may gain privileges.',
    wayOut: 'Do as the hint says.',
  },
  'not-in-force': {
    cause: 'systemd has loaded other values than the drop-in sets, so that the directive is not in force.',
    wayOut:
      '`systemctl daemon-reload`, then run the command again. `systemctl cat UNIT` shows which file sets it later.',
  },
  'launcher-unknown': {
    cause:
      'Something else than the installed launcher may have started the service. Its filter then has a way out that others may know.',
    wayOut: 'Restart the service: the installed launcher starts it anew.',
  },
  'filters-unreadable': {
    cause:
      'The kernel does not let this process read filters back, or a service has more of them than can be read in a second. It takes root, and no filter on the process itself. A login has the filter of the service by which it came: once ssh is confined, that holds for each new login by ssh.',
    wayOut:
      'Run the command as root, outside of any container. From a login with a filter the service manager runs it: `systemd-run --wait --pipe sandbox-unit verify UNIT`.',
  },
  'processes-unreadable': {
    cause:
      "What the kernel shows of the unit's processes, or of some, can't be read, or a process has more mounts than are read. Whether directives hold there is unknown.",
    wayOut:
      'Run the command as root, and outside of any container. `findmnt --task PID` lists the mounts of a process.',
  },
  'processes-unseen': {
    cause:
      'Processes of the service are where they are not looked for: another control group, or a PID namespace of a container. Or no process shows whether a directive holds: its root is another, or it may be of a command with a prefix, which keeps confinement from it. What is not seen is not proven.',
    wayOut:
      'Run the command on the host. `PAMName=` moves processes to a session: verify does not look there. Try what a directive forbids that no process shows.',
  },
  'threads-unseen': {
    cause:
      'The service starts threads faster than they can be stopped and looked at. The last ones were not seen.',
    wayOut: 'Nothing: a thread has the filters of the thread that started it.',
  },
  'not-serving': {
    cause:
      'The unit is starting, is being stopped, or has failed, and has processes. The filter of [ready] is loaded when a unit serves: they may be without it.',
    wayOut:
      "Wait until it serves. If its start has failed, 'systemctl status UNIT' says why; 'systemctl kill UNIT' ends what is left.",
  },
  'proven-in-part': {
    cause: "What systemd has loaded is as planned. The kernel's filters could not be compared.",
    wayOut: 'The other messages say why. As root and outside of containers they usually can be.',
  },
} as const satisfies Entries;
