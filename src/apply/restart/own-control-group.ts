import { type Diagnostic, error } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import type { Service } from '../../machine/state/service.js';
import { outsideOfLogin } from '../../systemd/command-lines.js';
import { covers } from '../../systemd/unit/values.js';
import type { AffectedUnit } from './affected-units.js';

/** The verbs that restart services. */
export type Restarting = 'apply' | 'revert' | 'explain --record' | 'learn --restart';

/** The control groups of this program, of version 2 and of systemd's own hierarchy of version 1 (cgroups(7)). */
export async function ownGroups({ program }: Context): Promise<string[]> {
  const file = await program.read('/proc/self/cgroup');
  const text = new TextDecoder().decode(file?.bytes);
  return [...text.matchAll(/^(?:0:|\d+:name=systemd):(\/.*)$/gm)].map(([, path]) => path!);
}

/**
 * An error if this program runs in the control group of a service, or of a unit that the service's restart takes down.
 * The restart would wait for the end of this program, which waits for the restart. A process that KillMode= spares
 * would count as one that isn't confined.
 */
export function insideOf(
  { placement: { scope } }: Context,
  verb: Restarting,
  groups: readonly string[],
  { service, affected }: { readonly service: Service; readonly affected: readonly AffectedUnit[] },
): Diagnostic[] {
  const { name } = service;
  const around = isWithin(groups, service) ? name : affectedAround(groups, affected);
  if (around === undefined) return [];
  const without = verb === 'explain --record' || verb === 'learn --restart' ? '' : ', or use --no-restart';
  const hint = `run it outside: '${outsideOfLogin(scope, verb, name)}'${without}`;
  return [
    error('own-service', `this command runs inside ${around}, which a restart of ${name} stops`, { hint }),
  ];
}

/** Whether one of these control groups is that of a service, or below it. */
export function isWithin(groups: readonly string[], { state }: Service): boolean {
  const group = state.controlGroup;
  return /^\/./.test(group) && groups.some((own) => covers(group, own));
}

/** The affected unit of any type, a scope and a slice among them, that is around this program. */
function affectedAround(groups: readonly string[], affected: readonly AffectedUnit[]): string | undefined {
  const names = groups.flatMap((group) => group.split('/'));
  return names.find((name) => affected.some((one) => one.name === name));
}
