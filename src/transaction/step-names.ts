/** The steps of a change to units. */
export type StepName =
  | 'record'
  | 'arm'
  | 'write'
  | 'reload'
  | 'read-back'
  | 'restart'
  | 'tighten'
  | 'try'
  | 'verify'
  | 'confirm'
  | 'commit';
