import { type Diagnostic, didYouMean, error, warning } from '../diagnostic.js';
import type { DirectiveEntry, Policy } from '../policy/policy.js';
import type { EffectiveUnit } from '../unit/effective.js';
import { directiveGap, formatDirective } from './directive-values.js';
import { type Directive, findDirective, unknownDirective } from './directives.js';
import { emitted, loosens } from './loosen.js';
import type { PlanLine, PlannedDirective } from './plan.js';
import type { Target } from './target.js';

export interface PlannedService {
  readonly lines: readonly PlanLine[];
  readonly directives: readonly PlannedDirective[];
  readonly diagnostics: readonly Diagnostic[];
}

/** What `[service]` comes to on a unit: its directives, checked against what the unit has and what the target knows. */
export function planService(policy: Policy, effective: EffectiveUnit, target: Target): PlannedService {
  const planned = policy.service.map((entry) => planDirective(entry, policy, effective, target));
  return {
    lines: planned.flatMap(({ lines }) => lines),
    directives: planned.flatMap(({ directives }) => directives),
    diagnostics: [...planned.flatMap(({ diagnostics }) => diagnostics), ...unusedLoosen(policy)],
  };
}

/** Whether `[service]` is right by itself. */
export function checkService(policy: Policy): Diagnostic[] {
  const found = policy.service.flatMap((entry) => {
    const row = findDirective(entry.name);
    if (!row) return [unknownDirective(entry.name, entry.at)];
    const formatted = formatDirective(row, entry.value, entry.valueAt);
    return hasValues(formatted) ? [] : [...formatted];
  });
  return [...found, ...unusedLoosen(policy)];
}

type Formatted = ReturnType<typeof formatDirective>;

const hasValues = (formatted: Formatted): formatted is { readonly values: readonly string[] } =>
  !Array.isArray(formatted);

function planDirective(
  entry: DirectiveEntry,
  policy: Policy,
  effective: EffectiveUnit,
  target: Target,
): PlannedService {
  const row = findDirective(entry.name);
  if (!row) return { lines: [], directives: [], diagnostics: [unknownDirective(entry.name, entry.at)] };
  const formatted = formatDirective(row, entry.value, entry.valueAt);
  if (!hasValues(formatted)) return { lines: [], directives: [], diagnostics: formatted };
  const gap = directiveGap(row, entry.value, entry.at, target);
  const before = effective.list('Service', row.name).map(({ value }) => value);
  const values = emitted(row, before, formatted.values);
  const directive = { name: row.name, values, because: `[service] ${row.name}` };
  return {
    lines: [lineOf(entry, directive, gap)],
    directives: gap ? [] : [directive],
    diagnostics: [...(gap ? [gap] : []), ...loosening(row, entry, policy, before, formatted.values)],
  };
}

function lineOf(entry: DirectiveEntry, directive: PlannedDirective, gap: Diagnostic | undefined): PlanLine {
  const { at, name: subject } = entry;
  if (gap) return { at, subject, enforcedBy: 'nobody', how: '', reason: gap.message };
  const how = `${directive.name}=${directive.values.filter((value) => value !== '').join(' ')}`;
  return { at, subject, enforcedBy: 'systemd', how };
}

/** A policy may weaken what the unit has only where it says so. */
function loosening(
  row: Directive,
  entry: DirectiveEntry,
  policy: Policy,
  before: readonly string[],
  after: readonly string[],
): Diagnostic[] {
  const weaker = loosens(row, before, after);
  if (!weaker) return [];
  const stated = policy.loosen.some(({ value }) => value === row.name);
  const message = `${row.name} is weaker than what the unit has: ${weaker.reason}`;
  if (stated) return [warning('loosened', message, { at: entry.at })];
  return [
    error('loosens', message, {
      at: entry.at,
      hint: `if it is meant: loosen = ["${row.name}"] in [service]`,
    }),
  ];
}

function unusedLoosen(policy: Policy): Diagnostic[] {
  const names = policy.service.map(({ name }) => name);
  return policy.loosen
    .filter(({ value }) => !names.includes(value))
    .map(({ value, at }) =>
      error('unknown-directive', `'${value}' is not set in [service]`, {
        at,
        hint: didYouMean(value, names),
      }),
    );
}
