/** The keys whose values are command lines (systemd.service(5)), of any systemd. */
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

/** First systemd that knows a key, where that isn't every one. */
const SINCE: ReadonlyMap<string, number> = new Map([['ExecReloadPost', 259]]);

export const execKeySince = (key: string): number => SINCE.get(key) ?? 0;

/** The keys whose lines a systemd runs; others it skips with a warning. */
export const execKeys = (systemd: number): readonly string[] =>
  EXEC_KEYS.filter((key) => execKeySince(key) <= systemd);
