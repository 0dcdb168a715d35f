/** The headings of the help: commands and options by what they are for. */
import type { VerbOptions } from '../commands/options.js';

/** The headings of commands, by the verb. */
export const COMMAND_GROUPS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'Write and try a policy:': ['template', 'learn', 'schema', 'check', 'plan'],
    'Confine units:': ['apply', 'confirm', 'revert', 'tighten', 'run'],
    'Inspect units:': ['status', 'verify', 'score', 'explain', 'watch'],
    'For other machines:': ['generate', 'facts'],
    'For shells:': ['completion'],
  }).flatMap(([heading, names]) => names.map((name): [string, string] => [name, heading])),
);

/** The heading of what is printed, and how. */
export const OUTPUT = 'Output:';

/** Options by their headings; those of a verb alone have the usual one, and come first. */
const GROUPS: readonly (readonly [heading: string, options: readonly (keyof VerbOptions)[]])[] = [
  ['Policy:', ['policy', 'template', 'allow', 'deny', 'log', 'errno', 'stage', 'allowGaps', 'permissive']],
  ['Unit:', ['unit', 'description', 'property', 'serviceType', 'slice', 'remainAfterExit', 'collect']],
  ['Process:', ['uid', 'gid', 'nice', 'workingDirectory', 'sameDir', 'setenv', 'expandEnvironment']],
  ['Streams and waiting:', ['pty', 'pipe', 'shell', 'wait', 'block']],
  [
    'Timer:',
    [
      ...(['onActive', 'onBoot', 'onStartup', 'onUnitActive', 'onUnitInactive'] as const),
      ...(['onCalendar', 'onTimezoneChange', 'onClockChange', 'timerProperty'] as const),
    ],
  ],
  ['Where:', ['runtime', 'user', 'root', 'facts', 'hosts']],
  [OUTPUT, ['summary', 'diff', 'openmetrics', 'full', 'verbose', 'json', 'quiet']],
];

/** The heading of an option; undefined for the usual one. */
export const groupOf = (name: keyof VerbOptions): string | undefined =>
  GROUPS.find(([, options]) => options.includes(name))?.[0];

/** Options heading by heading, those of one in their order. */
export function inGroups(names: readonly (keyof VerbOptions)[]): (keyof VerbOptions)[] {
  const place = (name: keyof VerbOptions) => GROUPS.findIndex(([, options]) => options.includes(name));
  return names.toSorted((a, b) => place(a) - place(b));
}
