/** Names for the ends of processes as in systemd's messages (systemd.exec(5), "Process Exit Codes"). */

const STATUSES: ReadonlyMap<number, string> = new Map(
  [
    [0, 'SUCCESS FAILURE INVALIDARGUMENT NOTIMPLEMENTED NOPERMISSION NOTINSTALLED NOTCONFIGURED NOTRUNNING'],
    [64, 'USAGE DATAERR NOINPUT NOUSER NOHOST UNAVAILABLE SOFTWARE OSERR OSFILE CANTCREAT IOERR TEMPFAIL'],
    [76, 'PROTOCOL NOPERM CONFIG'],
    [200, 'CHDIR NICE FDS EXEC MEMORY LIMITS OOM_ADJUST SIGNAL_MASK STDIN STDOUT CHROOT IOPRIO TIMERSLACK'],
    [213, 'SECUREBITS SETSCHEDULER CPUAFFINITY GROUP USER CAPABILITIES CGROUP SETSID CONFIRM STDERR'],
    [224, 'PAM NETWORK NAMESPACE NO_NEW_PRIVILEGES SECCOMP SELINUX_CONTEXT PERSONALITY APPARMOR'],
    [232, 'ADDRESS_FAMILIES RUNTIME_DIRECTORY'],
    [235, 'CHOWN SMACK_PROCESS_LABEL KEYRING STATE_DIRECTORY CACHE_DIRECTORY LOGS_DIRECTORY'],
    [241, 'CONFIGURATION_DIRECTORY NUMA_POLICY CREDENTIALS BPF KSM'],
    [255, 'EXCEPTION'],
  ].flatMap(([first, names]) =>
    (names as string).split(' ').map((name, i): [number, string] => [Number(first) + i, name]),
  ),
);

/** Names of signal(7) from number 1 on; the machines of this program share them. */
const SIGNALS = (
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU ' +
  'URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'
).split(' ');

const [SIGRTMIN, SIGRTMAX] = [34, 64];

/** Names of the CLD_* values of waitid(2). */
const CODES: ReadonlyMap<number, string> = new Map([
  [1, 'exited'],
  [2, 'killed'],
  [3, 'dumped'],
]);

/** The CLD_* value of a name, `exited`; undefined for other text. */
export const codeOfName = (name: string): number | undefined =>
  [...CODES].find(([, one]) => one === name)?.[0];

export const statusName = (status: number): string => STATUSES.get(status) ?? 'n/a';

export const signalName = (signal: number): string =>
  signal >= SIGRTMIN && signal <= SIGRTMAX ? `RTMIN+${signal - SIGRTMIN}` : (SIGNALS[signal - 1] ?? 'n/a');

/** The end of a process as text, from ExecMainCode= and ExecMainStatus=: `code=exited, status=7/NOTRUNNING`. */
export function endText(code: number, status: number): string {
  const how = CODES.get(code) ?? 'n/a';
  return `code=${how}, status=${status}/${how === 'exited' ? statusName(status) : signalName(status)}`;
}

const NUMBERS: ReadonlyMap<string, number> = new Map([...STATUSES].map(([number, name]) => [name, number]));

/** The exit status of a name or number, `TEMPFAIL`, `75`; undefined for other text. */
export const statusNumber = (text: string): number | undefined =>
  /^(0|[1-9]\d{0,2})$/.test(text) && Number(text) <= 255 ? Number(text) : NUMBERS.get(text);

/** Signals that count as success: HUP, INT, PIPE and TERM (systemd.service(5), SuccessExitStatus=). */
export const CLEAN_SIGNALS: readonly number[] = [1, 2, 13, 15];

/** The number of a signal as systemd reads it: `SIGTERM`, `TERM`, `15`, `RTMIN+3`; undefined for other text. */
export function signalNumber(text: string): number | undefined {
  const name = text.replace(/^SIG/, '');
  const [, base, offset = '0'] = /^RTM(IN|AX)(?:[+-](\d{1,2}))?$/.exec(name) ?? [];
  const isBackwards = name.includes('-');
  const real =
    base === undefined || isBackwards !== (base === 'AX' && /\d/.test(name))
      ? undefined
      : base === 'IN'
        ? SIGRTMIN + Number(offset)
        : SIGRTMAX - Number(offset);
  const plain = /^[1-9]\d?$/.test(text) ? Number(text) : SIGNALS.indexOf(name) + 1;
  const number = real ?? plain;
  const isSignal = number > 0 && (number <= SIGNALS.length || (number >= SIGRTMIN && number <= SIGRTMAX));
  return isSignal ? number : undefined;
}
