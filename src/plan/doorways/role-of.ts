import type { EffectiveUnit } from '../../unit/effective.js';
import { argumentsOf, type ExecCommand } from '../../unit/exec/line.js';
import { isTemplate, parseUnitName, type UnitName } from '../../unit/name.js';
import { fileName } from '../../unit/search.js';
import { allWords } from '../../unit/values.js';
import type { PlanRequest } from '../request.js';
import type { Role } from './role.js';
import { ROLES as DOORWAYS } from './roles.js';
import { SERVER_ROLES } from './server-roles.js';

/** All roles. The first that fits a unit is its own. */
const ROLES: readonly Role[] = [...DOORWAYS, ...SERVER_ROLES];

/**
 * The role of a unit by which people and machines get in, or run things; undefined for any other. It is known by the
 * programs of ExecStart=, by its name on the bus, by the service of PAM whose sessions it opens, or by a name of its own.
 * Programs that a script starts aren't seen.
 */
export function roleOf(unit: UnitName, effective: EffectiveUnit): Role | undefined {
  const programs = new Set(effective.execCommands('ExecStart').flatMap(programsOf));
  const units = new Set([unit, ...aliases(effective)].map(stemOf));
  const last = (key: string) => effective.last('Service', key)?.value ?? '';
  return (
    ROLES.find((role) => role.programs.some((program) => programs.has(program))) ??
    ROLES.find(
      ({ busNames = [], pamNames = [] }) =>
        busNames.includes(last('BusName')) || pamNames.includes(last('PAMName')),
    ) ??
    ROLES.find((role) => role.units?.some((name) => units.has(name)))
  );
}

const aliases = (effective: EffectiveUnit): UnitName[] =>
  allWords(effective.all('Install', 'Alias').map(({ value }) => value))
    .map(parseUnitName)
    .filter((name) => 'full' in name);

/** A unit's name without its type, and without its instance: `ssh`, `getty@`. */
const stemOf = (unit: UnitName): string =>
  unit.instance === undefined && !isTemplate(unit) ? unit.prefix : `${unit.prefix}@`;

/** Programs that start the one that their command line names. */
const STARTERS = /^(?:(?:ba|da|k|z|a)?sh|env|nice|ionice|chrt|setsid|busybox|(?:python|ruby|perl)[\d.]*)$/;

/** The file names of the programs that a command starts, as far as its line tells. */
function programsOf(command: ExecCommand): string[] {
  const program = fileName(command.path.value);
  if (!STARTERS.test(program)) return [program];
  const given = argumentsOf(command);
  const script = given[given.findIndex((word) => /^-[a-z]*c$/.test(word)) + 1];
  const isScript = script !== undefined && script !== given[0];
  const started = isScript ? startedBy(script) : given.filter((word) => !/^-|=|^\d+$/.test(word)).slice(0, 1);
  return [program, ...started.map(fileName)];
}

/** Words of a shell's script that are paths, or stand behind `exec`. */
const startedBy = (script: string): string[] => {
  const parts = script.split(/[\s;&|()"'`]+/);
  return parts.filter((word, i) => word.startsWith('/') || parts[i - 1] === 'exec');
};

/** The role of a unit of the system's manager; a user's own units and transient units have none. */
export const doorwayOf = ({
  unit,
  effective,
  places,
  target,
}: Pick<PlanRequest, 'unit' | 'effective' | 'places' | 'target'>): Role | undefined =>
  places && target.scope === 'system' ? roleOf(unit, effective) : undefined;
