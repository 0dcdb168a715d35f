import { type Diagnostic, note } from '../../diagnostic.js';
import { checkExpectations } from '../../policy/expect.js';
import { isPermissive } from '../../seccomp/syscalls/permissive.js';
import type { SyscallPolicy } from '../../seccomp/syscalls/policy.js';
import { resolve, resolveCalls } from '../../seccomp/syscalls/resolve.js';
import type { SyscallsSection } from '../../seccomp/syscalls/section.js';
import { ownCommand } from '../../systemd/command-lines.js';
import type { Target } from '../../systemd/target/target.js';
import type { Mode } from '../plan.js';
import type { PlanRequest } from '../request.js';
import type { CallContext } from './left-to-launcher.js';

/** The mode of `[syscalls]`: `permissive` by the command line, or since the policy refuses no call and records some. */
export const modeOf = (section: SyscallsSection, { sets }: Target): Mode =>
  section.permissive || isPermissive(resolveCalls(section, sets)) ? 'permissive' : 'enforcing';

/** Diagnostics about `[[expect]]` tables that don't hold for the enforced policy, even while a unit is permissive. */
export function expectations(
  { policy, target }: PlanRequest,
  { section, own, named }: CallContext,
  meaning: () => SyscallPolicy,
): Diagnostic[] {
  const { sets } = target;
  if (policy.expect.length === 0) return [];
  if (!section.permissive) return checkExpectations(policy, { section, sets, named, machines: [meaning()] });
  const enforced = resolveCalls({ ...section, permissive: false }, sets, own);
  const machines = [resolve(enforced, target.machine)];
  return checkExpectations(policy, { section, sets, named: enforced, machines });
}

/** A note that a unit is permissive. */
export function permissiveNote({ unit, policy, target, places }: PlanRequest): Diagnostic {
  const ours = (verb: string) => ownCommand(target.scope, verb, unit.full);
  const tables = [...(policy.syscalls ? ['[syscalls]'] : []), ...(policy.ready ? ['[ready]'] : [])];
  const lines = policy.lifted?.length ?? 0;
  const does = [
    ...(tables.length > 0
      ? [`calls that ${tables.join(' and ')} of ${unit.full} would refuse are let through and recorded`]
      : []),
    ...(lines > 0
      ? [`${lines === 1 ? '1 line' : `${lines} lines`} of [service] ${lines === 1 ? 'is' : 'are'} lifted`]
      : []),
  ];
  const message = `--permissive: ${does.join('; ')}`;
  // No later command can look at a transient unit: it is gone when it has ended.
  const shows =
    tables.length > 0 ? `'${ours('explain')}' shows them` : `'${ours('learn')}' shows what it does`;
  const hint = places
    ? `${shows}; '${ours('apply')}' enforces the policy`
    : `'journalctl --dmesg --grep=type=1326' shows them`;
  return note('permissive', message, { hint });
}

/** Notes about the effects of `--permissive` on a unit. */
export const permissiveNotes = (request: PlanRequest, { section, own }: CallContext): Diagnostic[] =>
  section.permissive
    ? [
        permissiveNote(request),
        ...(own ? [note('own-filter', "calls that the unit's own filters refuse stay refused")] : []),
      ]
    : [];
