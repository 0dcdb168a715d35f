import { groupBy } from '../../collections.js';
import { hasErrors, printable } from '../../diagnostic.js';
import { countOf } from '../../explain/refusals/differences.js';
import { STATES } from '../../verify/drift/service-state.js';
import type { UnitStatus } from './status.js';

/** Facts of all units together. */
interface Whole {
  /** Units with a policy that isn't applied. */
  readonly notApplied: readonly string[];
  /** The exit status of the command. */
  readonly exit: number;
}

interface MetricSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * The status as text of OpenMetrics 1.0, gauges alone, so that readers of Prometheus' older text format take it, too:
 * https://prometheus.io/docs/specs/om/open_metrics_spec/
 */
export function statusMetrics(all: readonly UnitStatus[], { notApplied, exit }: Whole): string {
  const confined = all.filter(({ dropIn }) => dropIn !== undefined);
  return [
    ...gauge('sandbox_unit_mode', 'Whether the policy of the unit is in this mode.', confined.flatMap(modes)),
    ...gauge(
      'sandbox_unit_mode_until_ready',
      'Whether the policy of the unit is in this mode until its service serves.',
      confined.flatMap(modesUntilReady),
    ),
    ...gauge(
      'sandbox_unit_state',
      'Whether the services of the unit are in this state.',
      confined.flatMap(states),
    ),
    ...gauge(
      'sandbox_unit_drift',
      'Whether something of this kind has changed since the policy was applied.',
      all.flatMap(drifts),
    ),
    ...gauge(
      'sandbox_unit_refused_calls',
      'Known refused calls since the last start.',
      all.flatMap(refusedCalls),
    ),
    ...gauge(
      'sandbox_unit_refusals',
      'Refusals of this kind that watch has seen since the last start, without those of calls by filters.',
      all.flatMap(otherRefusals),
    ),
    ...gauge(
      'sandbox_unit_injected',
      'Whether running processes were given a filter by this command.',
      all.flatMap(injections),
    ),
    ...gauge('sandbox_unit_wrong', 'Whether something is wrong with the confinement.', all.map(wrong)),
    ...gauge(
      'sandbox_unit_not_applied',
      'Whether the unit has a policy that is not applied.',
      notApplied.map((unit) => ({ labels: { unit }, value: 1 })),
    ),
    ...gauge('sandbox_unit_exit_status', 'Exit status of the command.', [{ labels: {}, value: exit }]),
    '# EOF\n',
  ].join('\n');
}

const MODES = ['enforcing', 'permissive'] as const;

const modes = ({ unit, mode }: Pick<UnitStatus, 'unit' | 'mode'>): MetricSample[] =>
  MODES.map((one) => ({ labels: { unit, mode: one }, value: Number(one === mode) }));

/** None where it isn't of two phases. */
const modesUntilReady = ({ unit, modeUntilReady }: UnitStatus): MetricSample[] =>
  modeUntilReady === undefined ? [] : modes({ unit, mode: modeUntilReady });

/** None where no manager is asked. */
const states = ({ unit, state }: UnitStatus): MetricSample[] =>
  state === undefined
    ? []
    : STATES.map((one) => ({ labels: { unit, state: one }, value: Number(one === state) }));

const drifts = ({ unit, drift }: UnitStatus): MetricSample[] =>
  drift.map((code) => ({ labels: { unit, kind: code.replace(/^drift-/, '') }, value: 1 }));

/** None where the number isn't known. */
const refusedCalls = ({ unit, refused }: UnitStatus): MetricSample[] =>
  refused === undefined || (refused.calls.length === 0 && refused.unseen.length > 0)
    ? []
    : [{ labels: { unit }, value: countOf(refused.calls) }];

const otherRefusals = ({ unit, refused }: UnitStatus): MetricSample[] =>
  [...groupBy(refused?.others ?? [], ({ kind }) => kind)].map(([kind, same]) => ({
    labels: { unit, kind },
    value: countOf(same),
  }));

/** One for each command, however many filters it gave. */
const injections = ({ unit, injected = [] }: UnitStatus): MetricSample[] =>
  [...new Set(injected.map(({ by }) => by))].sort().map((by) => ({ labels: { unit, by }, value: 1 }));

const wrong = ({ unit, diagnostics, exit }: UnitStatus): MetricSample => ({
  labels: { unit },
  value: Number(hasErrors(diagnostics) || exit !== undefined),
});

/** The lines of one metric; without samples it isn't there. */
function gauge(name: string, help: string, samples: readonly MetricSample[]): string[] {
  if (samples.length === 0) return [];
  const lines = samples.map(({ labels, value }) => `${name}${labelsText(labels)} ${value}`);
  return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...lines];
}

function labelsText(labels: MetricSample['labels']): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** A value between quotes, whole: two that are cut to one would be one sample twice. */
const escaped = (value: string): string =>
  printable(value, Number.POSITIVE_INFINITY).replaceAll('\\', '\\\\').replaceAll('"', '\\"');
