import type { CallContext } from '../../src/plan/calls/left-to-launcher.js';
import { ownLimits } from '../../src/plan/calls/own-limits.js';
import { emitFiles, type Origin } from '../../src/plan/emit/files.js';
import { decide } from '../../src/plan/make-plan.js';
import type { Plan } from '../../src/plan/plan.js';
import type { PlanRequest } from '../../src/plan/request.js';
import { ownValues } from '../../src/plan/unit-values.js';
import type { Policy } from '../../src/policy/policy.js';
import { resolveCalls } from '../../src/seccomp/syscalls/resolve.js';
import type { SyscallsSection } from '../../src/seccomp/syscalls/section.js';
import type { Target } from '../../src/systemd/target/target.js';
import { effectiveUnit } from '../../src/systemd/unit/effective.js';
import { execKeys } from '../../src/systemd/unit/exec/keys.js';
import { parseUnitName, type UnitName } from '../../src/systemd/unit/name.js';
import { parseUnitFile } from '../../src/systemd/unit/unit-file.js';
import type { UnitValues } from '../../src/systemd/unit/values.js';
import type { PlannedDropIn } from '../../src/verify/manager/read-back.js';
import { targetSets } from './fake-system.js';
import { olderSets } from './older-sets.js';
import { policyFrom, syscallsFrom } from './policy.js';

/** A target with a systemd of some release, about as it was. */
export function targetOf(systemd: number, more: Partial<Target> = {}): Target {
  const sets = systemd >= 257 ? targetSets() : olderSets(systemd >= 252 ? '252' : '247');
  return {
    scope: 'system',
    systemd,
    version: String(systemd),
    machine: 'x86-64',
    sets,
    mounts: [],
    launcher: '/usr/local/libexec/sandbox-unit/launcher',
    injector: '/usr/libexec/sandbox-unit/tighten',
    abilities: { lacks: new Map(), assumed: new Set() },
    ...more,
  };
}

/** Lines of `[Service]` as one file of a unit. */
export const unitFile = (lines: string, path = 'demo.service') =>
  parseUnitFile(path, `[Service]\nExecStart=/usr/sbin/demod\n${lines}`);

/** The values of lines of `[Service]`. */
export const valuesOf = (lines: string): UnitValues => ownValues(effectiveUnit([unitFile(lines)]));

/** Facts for the planning of a policy's `[syscalls]` on a unit with these lines in `[Service]`. */
export function callContext(syscalls: string, lines = '', target = targetOf(257)): CallContext {
  const section = syscallsFrom(syscalls);
  const effective = effectiveUnit([unitFile(lines)], execKeys(target.systemd));
  const own = ownLimits(effective, target.sets, target.systemd);
  const type = effective.last('Service', 'Type')?.value ?? 'simple';
  return { section, target, own, named: resolveCalls(section, target.sets, own), type };
}

/** A policy that is nothing but its `[syscalls]`. */
export const policyOf = (syscalls: SyscallsSection): Policy => ({ ...policyFrom(''), syscalls });

/** A plan with all advice on it. */
export function makePlan(request: PlanRequest): Plan {
  const { plan, advice } = decide(request);
  return { ...plan, diagnostics: [...plan.diagnostics, ...advice()] };
}

/** The plan for a policy on a unit with these lines in `[Service]`. */
export const planned = (policy: Policy | string, lines = '', target = targetOf(257)): Plan =>
  makePlan({
    unit: parseUnitName('demo.service') as UnitName,
    effective: effectiveUnit([unitFile(lines)], execKeys(target.systemd)),
    policy: typeof policy === 'string' ? policyFrom(policy) : policy,
    target,
    places: {
      dropIn: '/etc/systemd/system/demo.service.d/zz-sandbox-unit.conf',
      filterFile: '/etc/systemd/system/demo.service.d/zz-sandbox-unit.filter',
      readyFile: '/etc/systemd/system/demo.service.d/zz-sandbox-unit.ready-filter',
    },
    usable: true,
  });

/** The drop-in of a plan as it is held against the manager's properties. */
export const plannedDropIn = (plan: Plan, path: string): PlannedDropIn => ({
  unit: plan.unit,
  target: plan.target,
  dropIn: parseUnitFile(path, dropInText(plan)),
});

/** The unit as systemd has it with the planned directives in a drop-in. */
export function confinedUnit(plan: Plan, lines = '') {
  const text = plan.directives.flatMap(({ name, values }) => values.map((value) => `${name}=${value}\n`));
  const dropIn = parseUnitFile('zz.conf', `[Service]\n${text.join('')}`);
  return effectiveUnit([unitFile(lines), dropIn]);
}

const ORIGIN = { version: '0', policyHash: '0', unitHash: '0' };
const HASHING = { files: () => '', text: () => '' };

/** The drop-in's text, without the hashes of files. */
export const dropInText = (plan: Plan, origin: Origin = ORIGIN): string =>
  new TextDecoder()
    .decode(emitFiles(plan, {}, { scope: 'system', lifetime: 'always' }, origin, HASHING).at(-1)!.content)
    .replace(/^# (?:Files|Text): .*\n|^# which files .*\nLogExtraFields=.*\n/gm, '');
