/** What came of a template on a service, and the table of docs/templates-on-services.md, in Markdown. */
import type { Diagnosed } from './in-box.js';

/** The JSON of `apply`, of one unit. */
export interface Applied {
  readonly diagnostics?: readonly Diagnosed[];
  readonly units?: readonly { readonly state: string; readonly diagnostics: readonly Diagnosed[] }[];
}

/** A template that was applied to a service. */
export interface Trial {
  readonly template: string;
  readonly applied: Applied;
  /** What was wrong with the service from then on, its way back included. */
  readonly problems: readonly string[];
}

export interface Outcome {
  readonly kind: 'works' | 'refused' | 'rolled back' | 'BROKEN';
  readonly template: string;
  /** Codes of the reasons: of errors, else of warnings. */
  readonly codes: readonly string[];
  /** For people: problems, errors and warnings, each with its way out. */
  readonly reasons: readonly string[];
}

/**
 * `BROKEN` is each end that nobody could live with: the service is confined and doesn't work, it isn't as it was before,
 * or a reason names no way out.
 */
export function outcomeOf({ template, applied, problems }: Trial): Outcome {
  const [unit] = applied.units ?? [];
  const said = unit?.diagnostics ?? applied.diagnostics ?? [];
  const kind = KINDS.get(unit?.state ?? '');
  const told = said.filter(({ severity }) => severity === (kind === 'works' ? 'warning' : 'error'));
  const wrong = [
    ...(kind === undefined ? [`apply: ${unit?.state ?? 'no unit'}`] : []),
    ...(kind !== 'works' && told.length === 0 ? ['no reason is told'] : []),
    ...told
      .filter(({ hint }) => hint === undefined)
      .map(({ code, message }) => `${code} has no way out: ${message}`),
    ...problems,
  ];
  const codes = [...new Set(told.map(({ code }) => code))];
  const reasons = said.filter(({ severity }) => severity !== 'note').map(reasonOf);
  if (wrong.length > 0 || kind === undefined)
    return { kind: 'BROKEN', template, codes, reasons: [...wrong, ...reasons] };
  return { kind, template, codes, reasons };
}

const KINDS: ReadonlyMap<string, Outcome['kind']> = new Map([
  ['applied', 'works'],
  ['refused', 'refused'],
  ['rolled-back', 'rolled back'],
] as const);

const reasonOf = ({ code, message, hint }: Diagnosed): string =>
  `${code}: ${message}${hint ? `; ${hint}` : ''}`;

/** A service with the outcome of each template. */
export interface TriedTemplates {
  readonly name: string;
  readonly outcomes: readonly Outcome[];
}

/** A row a service, and one of sums. */
export function templateTable(templates: readonly string[], all: readonly TriedTemplates[]): string {
  const head = ['service', ...templates];
  const sums = templates.map((template) =>
    sumOf(
      all.flatMap(({ outcomes }) => outcomes),
      template,
    ),
  );
  return [
    head,
    head.map(() => '---'),
    ...all.map((tried) => cellsOf(tried, templates)),
    [`${all.length}`, ...sums],
  ]
    .map((cells) => `| ${cells.join(' | ')} |\n`)
    .join('');
}

const cellsOf = ({ name, outcomes }: TriedTemplates, templates: readonly string[]): string[] => [
  name,
  ...templates.map((one) => cellOf(outcomes.find(({ template }) => template === one))),
];

/** The cell of an outcome; empty where there is none. */
export const cellOf = (outcome: Outcome | undefined): string => {
  if (!outcome) return '';
  const { kind, codes, reasons } = outcome;
  if (kind === 'BROKEN') return `**BROKEN**: ${oneLine(reasons[0]!)}`;
  return codes.length > 0 ? `${kind}: ${codes.map((code) => `\`${code}\``).join(', ')}` : kind;
};

function sumOf(outcomes: readonly Outcome[], template: string): string {
  const kinds = outcomes.filter((one) => one.template === template).map(({ kind }) => kind);
  const counts = [...new Set(kinds)].map((kind) => ({ kind, n: kinds.filter((one) => one === kind).length }));
  return counts
    .toSorted((a, b) => b.n - a.n)
    .map(({ kind, n }) => `${n} ${kind}`)
    .join(', ');
}

/** The first line of a text, for a cell. */
export const oneLine = (text: string): string => text.trim().split('\n', 1)[0]!.replaceAll('|', '\\|');
