import type { Diagnostic } from '../../diagnostic.js';
import type { Policy } from '../../policy/policy.js';
import { capabilitySet } from '../../systemd/directives/kinds/names/capabilities.js';
import { runsAsRoot } from '../../systemd/directives/kinds/names/user.js';
import type { Target } from '../../systemd/target/target.js';
import { lastOf, plain, type UnitValues } from '../../systemd/unit/values.js';
import { traitsOf } from '../access-units.js';
import type { PlannedCommands, PlannedDirective } from '../plan.js';
import type { PlacedUnit, PlanRequest } from '../request.js';
import { plannedValues } from '../unit-values.js';
import { planCommands } from './commands.js';
import { launcherDirectives, setAnyway } from './launcher-needs.js';

/** Commands behind the launcher, and the directives that it needs. */
export interface PlannedLauncher {
  readonly commands: readonly PlannedCommands[];
  readonly directives: readonly PlannedDirective[];
  /** Exec keys with commands that run without it: `ExecStopPost=`; `ExecStopPost=+` for those without any sandbox. */
  readonly without: readonly string[];
  readonly noNewPrivileges: boolean;
}

/** The launcher in front of commands; none if it gets in front of nothing, for the reasons among the diagnostics. */
interface Placed {
  readonly launcher?: PlannedLauncher;
  readonly diagnostics: readonly Diagnostic[];
  readonly advice: () => readonly Diagnostic[];
}

/**
 * Puts the launcher in front of the commands that a policy confines.
 * @param service the directives of `[service]`
 */
export function planLauncher(
  request: PlacedUnit & Pick<PlanRequest, 'unit' | 'surroundings'>,
  service: readonly PlannedDirective[],
): Placed {
  const values = plannedValues(request.effective, service);
  const { commands, without, diagnostics } = planCommands(request);
  if (commands.every((one) => one.wrapped === 0)) return { diagnostics, advice: () => [] };
  const noNewPrivileges = setsNoNewPrivileges(request, values);
  return {
    launcher: {
      commands,
      directives: launcherDirectives(request, values, noNewPrivileges),
      without,
      noNewPrivileges,
    },
    diagnostics,
    advice: () => (noNewPrivileges ? setAnyway(request, values) : []),
  };
}

/** Whether a filter is loaded with no_new_privs: unless the policy, or the kind of unit, has use for other privileges. */
export const setsNoNewPrivileges = (
  request: PlacedUnit & Pick<PlanRequest, 'unit'>,
  values: UnitValues,
): boolean => !isTurnedOff(request.policy) && !mayGain(request, values);

/**
 * Whether the policy turns NoNewPrivileges= off. The unit's own line doesn't count: it is about other ways to
 * privileges than a filter.
 */
const isTurnedOff = ({ service }: Policy): boolean =>
  service.some(({ name, value }) => name === 'NoNewPrivileges' && plain(String(value)) === 'no');

/**
 * Whether programs that the unit starts may gain privileges, though a filter is loaded: sudo in a login is to work. To
 * load one without no_new_privs takes CAP_SYS_ADMIN (seccomp(2)). Transient units are not asked: their command is one program.
 */
const mayGain = (request: PlacedUnit & Pick<PlanRequest, 'unit'>, values: UnitValues): boolean =>
  lastOf(values, 'NoNewPrivileges') === '' &&
  request.places !== undefined &&
  traitsOf(request).has('starts') &&
  hasCapability(values, request.target, 'CAP_SYS_ADMIN');

/** Whether a service starts with a capability. A user's manager has none to give. */
export function hasCapability(values: UnitValues, { scope }: Target, capability: string): boolean {
  const bounding = capabilitySet(values.get('CapabilityBoundingSet') ?? [], true);
  const ambient = capabilitySet(values.get('AmbientCapabilities') ?? [], false);
  const held = runsAsRoot({ unit: values }) || ambient.has(capability);
  return scope === 'system' && held && bounding.has(capability);
}
