/** The steps of a change to units. */
export type StepName = 'record' | 'write' | 'reload' | 'read-back' | 'restart' | 'try' | 'verify' | 'commit';
