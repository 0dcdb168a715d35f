/** The steps of a change to units. */
export type StepName =
  | 'record'
  | 'schedule'
  | 'write'
  | 'reload'
  | 'read-back'
  | 'restart'
  | 'tighten'
  | 'try'
  | 'verify'
  | 'confirm'
  | 'commit';
