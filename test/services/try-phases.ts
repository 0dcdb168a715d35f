/** One service is learned with its phases, confined, and given other work, in a machine to throw away. */
import { installInjector } from '../support/injector.js';
import { policyPath } from '../support/service.js';
import { type BoxedService, command, type Diagnosed, succeed, withService } from './in-box.js';
import { type Applied, outcomeOf } from './outcome.js';
import type { Passing, PhasedCalls } from './phase-calls.js';
import { lived } from './try-templates.js';

/** The JSON of `plan`, of one that has a [ready]. */
interface Planned {
  readonly ready: {
    readonly left: readonly string[];
    readonly taken: readonly string[];
    readonly critical: { readonly before: readonly string[]; readonly left: readonly string[] };
  } | null;
  readonly diagnostics: readonly Diagnosed[];
}

const TIGHT = '/run/tight.toml';

/**
 * Learns a service from its load, with a reload and without one, applies the tightest policy, and gives it other work.
 * @param name of a script
 * @param seconds of work in the watch
 * @throws Error where it can't be learned at all
 */
export const tryPhases = (name: string, seconds: number): Promise<PhasedCalls> =>
  withService(name, async (service) => {
    const { box, unit, verb } = service;
    await installInjector(box);
    await succeed(box, 'systemctl', 'start', unit);
    const usual = policyPath(unit);
    const load = verb(`load ${seconds}`);
    await command(service, 'learn', '--restart', '--exercise', load, '--ready', '--write', usual, unit);
    await command(service, 'learn', '--show', '--ready', '--no-reload', '--write', TIGHT, unit);
    const [serving, unreloaded] = [await planned(service, usual), await planned(service, TIGHT)];
    const passing = (of: (ready: NonNullable<Planned['ready']>) => [number, number]): Passing => {
      const [start, left] = of(serving);
      return { start, serving: left, unreloaded: of(unreloaded)[1] };
    };
    await succeed(box, 'cp', TIGHT, usual);
    return {
      name,
      counts: {
        all: passing(({ taken, left }) => [taken.length + left.length, left.length]),
        critical: passing(({ critical }) => [critical.before.length, critical.left.length]),
      },
      problems: await works(service),
    };
  });

async function planned(service: BoxedService, policy: string): Promise<NonNullable<Planned['ready']>> {
  const { ready, diagnostics } = await command<Planned>(service, 'plan', '--policy', policy, service.unit);
  if (ready) return ready;
  const why = diagnostics.map(({ code, message }) => `${code}: ${message}`);
  throw new Error(`${policy} takes nothing once it serves: ${why.join('; ')}`);
}

/** Applies the policy of a service, and gives it other work. Returns what was wrong. */
async function works(service: BoxedService): Promise<string[]> {
  const applied = await command<Applied>(service, 'apply', '--no-confirm', service.unit);
  const { kind, reasons } = outcomeOf({ template: 'learned', applied, problems: [] });
  return kind === 'works' ? await lived(service) : [`apply: ${kind}`, ...reasons];
}
