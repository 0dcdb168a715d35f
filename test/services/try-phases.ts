/** One service is learned with its phases, confined, and given other work, in a machine to throw away. */
import { installInjector } from '../support/injector.js';
import { policyPath } from '../support/service.js';
import { type BoxedService, command, packageOf, succeed, withService } from './in-box.js';
import { type Applied, outcomeOf } from './outcome.js';
import { type PhasedCalls, RELOADED_ANYWAY, THREADED } from './phase-calls.js';
import type { Result } from './ready-page.js';
import { lived } from './try-templates.js';

/** Of the JSON of `plan`. */
interface Planned {
  readonly ready: {
    readonly left: readonly string[];
    readonly taken: readonly string[];
    readonly critical: { readonly before: readonly string[]; readonly left: readonly string[] };
  } | null;
}

const TIGHT = '/run/tight.toml';

/**
 * Learns a service at work, with a reload and without one, applies the tightest policy that it can have, and gives it work.
 * @param name of a script
 * @param seconds of work in the watch
 * @throws Error where it can't be learned at all
 */
export const tryPhases = (name: string, seconds: number): Promise<Result> =>
  withService(name, async (service) => {
    const { box, unit, verb } = service;
    await installInjector(box);
    await succeed(box, 'systemctl', 'start', unit);
    const usual = policyPath(unit);
    // What isn't seen at work is taken, so that all of it is watched; but not threads.
    const load = verb(`load ${seconds}`) + (THREADED.includes(name) ? '' : ` && ${verb('other-load')}`);
    await command(service, 'learn', '--restart', '--exercise', load, '--ready', '--write', usual, unit);
    await command(service, 'learn', '--show', '--ready', '--no-reload', '--write', TIGHT, unit);
    const counts = passingOf(await planned(service, usual), await planned(service, TIGHT));
    await succeed(box, 'cp', TIGHT, usual);
    const rotation = `s/invoke-rc.d ${name} reload/systemctl try-restart ${name}/`;
    if (RELOADED_ANYWAY.includes(name)) await succeed(box, 'sed', '-i', rotation, `/etc/logrotate.d/${name}`);
    return { package: await packageOf(service), counts, problems: await works(service) };
  });

type PlannedReady = NonNullable<Planned['ready']>;

const planned = async (service: BoxedService, policy: string): Promise<PlannedReady | undefined> =>
  (await command<Planned>(service, 'plan', '--policy', policy, service.unit)).ready ?? undefined;

/** The calls of both policies; undefined where neither takes any. One that takes none leaves those of the start. */
function passingOf(
  serving: PlannedReady | undefined,
  unreloaded: PlannedReady | undefined,
): PhasedCalls['counts'] {
  const one = serving ?? unreloaded;
  if (!one) return undefined;
  const all = one.taken.length + one.left.length;
  const critical = one.critical.before.length;
  return {
    all: {
      start: all,
      serving: serving?.left.length ?? all,
      unreloaded: unreloaded?.left.length ?? all,
    },
    critical: {
      start: critical,
      serving: serving?.critical.left.length ?? critical,
      unreloaded: unreloaded?.critical.left.length ?? critical,
    },
  };
}

/** Applies the policy of a service, and gives it other work. Returns what was wrong. */
async function works(service: BoxedService): Promise<string[]> {
  const applied = await command<Applied>(service, 'apply', '--no-confirm', service.unit);
  const { kind, reasons } = outcomeOf({ template: 'learned', applied, problems: [] });
  return kind === 'works' ? await lived(service) : [`apply: ${kind}`, ...reasons];
}
