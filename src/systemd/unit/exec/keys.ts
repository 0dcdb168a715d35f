/** The keys whose values are command lines (systemd.service(5)), in any version of systemd. */
export const EXEC_KEYS: readonly string[] = [
  'ExecCondition',
  'ExecStartPre',
  'ExecStart',
  'ExecStartPost',
  'ExecReload',
  'ExecReloadPost',
  'ExecStop',
  'ExecStopPost',
];

/** The first systemd that knows a key, for keys that not every version knows. */
const SINCE: ReadonlyMap<string, number> = new Map([['ExecReloadPost', 259]]);

export const execKeySince = (key: string): number => SINCE.get(key) ?? 0;

/** The keys whose lines a version of systemd runs; it skips others with a warning. */
export const execKeys = (systemd: number): readonly string[] =>
  EXEC_KEYS.filter((key) => execKeySince(key) <= systemd);
