/** The keys whose values are command lines (systemd.service(5)). */
export const EXEC_KEYS: readonly string[] = [
  'ExecCondition',
  'ExecStartPre',
  'ExecStart',
  'ExecStartPost',
  'ExecReload',
  'ExecStop',
  'ExecStopPost',
];
