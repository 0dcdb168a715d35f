import type { FilterFile } from '../filter/filter-file.js';
import type { Machine } from '../syscalls/abi.js';
import type { SyscallSets } from '../syscalls/sets.js';
import { type Assessed, assess, type Exposure } from './exposure.js';
import { directiveLayers, filteringOf, type LauncherLayer, launcherLayer, listLayer } from './layers.js';
import type { Settings } from './settings.js';
import { type DoorVerdict, doorsOf, type FlawVerdict, flawsOf } from './verdicts.js';

/** A unit, and the machine that it is on. */
export interface Subject {
  readonly settings: Settings;
  readonly machine: Machine;
  readonly sets: SyscallSets;
  /** The filter that the launcher loads; undefined where there is none. */
  readonly filter: FilterFile | undefined;
}

/** How exposed a unit is. */
export interface Exposed {
  readonly exposure: Exposure;
  /** The exposure without the launcher's filter, as `systemd-analyze security` has it. */
  readonly bySystemd: Exposure;
  /** The rows that the launcher's filter makes better. */
  readonly byLauncher: readonly string[];
}

/** How exposed a unit is, and what stays open to it. */
export interface Score extends Exposed {
  readonly doors: readonly DoorVerdict[];
  readonly flaws: readonly FlawVerdict[];
}

/** A score, and the places where the unit can write files and execute them. */
export interface Scored {
  readonly score: Score;
  /** Undefined where they can't be told. */
  readonly places: readonly string[] | undefined;
}

/**
 * The exposure of a unit.
 * @throws Unprovable for a filter that our compiler didn't make
 */
export function exposureOf(subject: Subject, launcher = launcherOf(subject)): Exposed {
  const { settings, machine, sets } = subject;
  const plain = assess({ settings, filtering: filteringOf([listLayer(settings.filter, machine)], sets) });
  const all = launcher ? assessBehind(subject, launcher) : plain;
  return { exposure: all.exposure, bySystemd: plain.exposure, byLauncher: better(plain, all) };
}

function assessBehind({ settings, machine, sets }: Subject, launcher: LauncherLayer): Assessed {
  const filtering = filteringOf([listLayer(settings.filter, machine), launcher], sets);
  return assess({ settings: behindLauncher(settings, launcher), filtering });
}

/**
 * Scores a unit.
 * @throws Unprovable, ProgramError for a filter that our compiler didn't make
 */
export function scoreOf(subject: Subject): Score {
  const { settings, machine, sets } = subject;
  const launcher = launcherOf(subject);
  const filters = [listLayer(settings.filter, machine), ...(launcher ? [launcher] : [])];
  const gate = {
    settings: launcher ? behindLauncher(settings, launcher) : settings,
    machine,
    layers: [...filters, ...directiveLayers(settings, sets)],
  };
  return { ...exposureOf(subject, launcher), doors: doorsOf(gate), flaws: flawsOf(gate) };
}

const launcherOf = ({ filter, machine }: Subject): LauncherLayer | undefined =>
  filter && launcherLayer(filter, machine);

/** The settings of processes that the launcher starts: it may take privileges and other ABIs from them. */
function behindLauncher(settings: Settings, { noNewPrivileges, opensOthers }: LauncherLayer): Settings {
  return {
    ...settings,
    isOn: (name) => (name === 'NoNewPrivileges' && noNewPrivileges) || settings.isOn(name),
    architectures: opensOthers ? settings.architectures : ['native'],
  };
}

const better = (before: Assessed, after: Assessed): string[] =>
  [...after.badness].filter(([row, bad]) => bad < (before.badness.get(row) ?? 0)).map(([row]) => row);
