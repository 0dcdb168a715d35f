/** By technique of escape.c: `refused (EPERM)`, `killed (SIGSYS)` or `SUCCEEDED`. */
export type Outcomes = Readonly<Record<string, string>>;

/** What escape.c has printed. */
export const parseOutcomes = (stdout: string): Outcomes =>
  Object.fromEntries(
    stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(': ') as [string, string]),
  );

/**
 * What it must print under a filter that gives every execve this outcome, by what it prints without one. Only a machine
 * without the i386 calls kills in its own way.
 */
export const outcomesUnder = (unconfined: Outcomes, outcome: string): Outcomes =>
  Object.fromEntries(
    Object.entries(unconfined).map(([technique, free]) => {
      if (technique === 'read-filter') return [technique, 'refused (EACCES)'];
      return [technique, free === 'killed (SIGSEGV)' ? free : outcome];
    }),
  );
