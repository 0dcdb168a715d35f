/** The steps of a change to units, in their order. A unit's record on disk has the word of the last that was begun. */
export const STEP_NAMES = [
  'record',
  'write',
  'reload',
  'read-back',
  'restart',
  'try',
  'verify',
  'commit',
] as const;

export type StepName = (typeof STEP_NAMES)[number];

export const isStepName = (word: unknown): word is StepName =>
  (STEP_NAMES as readonly unknown[]).includes(word);

/** Whether a change that has reached a step has begun another. */
export const hasBegun = (reached: StepName, other: StepName): boolean =>
  STEP_NAMES.indexOf(other) <= STEP_NAMES.indexOf(reached);
