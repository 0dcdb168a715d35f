import { type Diagnostic, error, printable } from '../../diagnostic.js';
import { failed, programsSaid } from '../../machine/state/failure.js';
import { isUp } from '../../machine/state/service-run.js';
import type { ProcessResult, System } from '../../machine/system.js';
import type { Plan } from '../../plan/plan.js';
import {
  COMMAND_HINT,
  type CommandProbe,
  DEFAULT_PROBE_TIMEOUT,
  type EndpointProbe,
  type Probe,
} from '../../policy/probe.js';
import { asUser } from '../../prepare/probe/as-user.js';

/** Probes of a service, and how they are run. */
export interface Probing {
  readonly plan: Plan;
  readonly probes: readonly Probe[];
  /** The user as whom commands are run; by default this program's own. */
  readonly user?: string | undefined;
  /** The time that each may take, in milliseconds (default a minute). */
  readonly timeout?: number | undefined;
}

/** Runs probes one after the other, up to the first that fails. @returns errors about that one */
export async function runProbes(system: System, { probes, ...how }: Probing): Promise<Diagnostic[]> {
  for (const probe of probes) {
    const found =
      'argv' in probe ? await runCommand(system, probe, how) : await tryEndpoint(system, probe, how);
    if (found.length > 0) return found;
  }
  return [];
}

type ProbeSettings = Omit<Probing, 'probes'>;

async function tryEndpoint(
  system: System,
  { endpoint, text }: EndpointProbe,
  { plan, timeout = DEFAULT_PROBE_TIMEOUT }: ProbeSettings,
): Promise<Diagnostic[]> {
  const reason = await system.reach(endpoint, timeout);
  return reason === undefined ? [] : failedProbe(system, plan, `${printable(text)}: ${printable(reason)}`);
}

async function runCommand(
  system: System,
  { argv, at }: CommandProbe,
  { plan, user, timeout = DEFAULT_PROBE_TIMEOUT }: ProbeSettings,
): Promise<Diagnostic[]> {
  const command = user === undefined ? argv : asUser(user, argv, timeout);
  const result = await system.run(command, { timeout });
  if (result.status === 0) return [];
  if (result.unstartable) {
    return [
      error('service-failed', `the probe '${command[0]}' can't be run: ${result.stderr}`, {
        at,
        hint: COMMAND_HINT,
      }),
    ];
  }
  const end = result.late ? `did not end within ${timeout / 1000} s` : `ended with status ${result.status}`;
  const said = lastLines(result);
  const more = said.length > 0 ? `: ${said.join(' / ')}` : '';
  return failedProbe(system, plan, `'${printable(argv.join(' '))}' ${end}${more}`);
}

async function failedProbe(system: System, plan: Plan, what: string): Promise<Diagnostic[]> {
  const one = { unit: plan.unit, scope: plan.target.scope, plan };
  const state = await system.unit(plan.unit);
  if (!isUp(state)) return [await failed(system, one, `the probe ${what}`)];
  const said = await programsSaid(system, plan.unit, plan.target.scope, state);
  const words = said.length > 0 ? [`${plan.unit} said: ${said.join(' / ')}`] : [];
  return [error('service-failed', `the probe ${what}`, { hint: [BY_HAND, ...words].join('; ') })];
}

const BY_HAND =
  'the service stayed up: run the probe by hand to see whether it also fails without the policy';

/** The most lines of each stream that are shown. */
const MOST_LINES = 3;

/** The last lines of a program's output, then of its errors. */
const lastLines = ({ stdout, stderr }: ProcessResult): string[] =>
  [stdout, stderr].flatMap((text) => {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    return lines.slice(-MOST_LINES).map((line) => printable(line.trim()));
  });
