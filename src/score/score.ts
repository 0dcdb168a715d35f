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

/** How exposed a unit is, with the launcher's filter. */
export interface Score {
  readonly exposure: Exposure;
  /** The exposure without the launcher's filter, as `systemd-analyze security` has it. */
  readonly bySystemd: Exposure;
  /** The rows that the launcher's filter makes better. */
  readonly byLauncher: readonly string[];
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
 * Scores a unit.
 * @throws Unprovable, ProgramError for a filter that our compiler didn't make
 */
export function scoreOf({ settings, machine, sets, filter }: Subject): Score {
  const launcher = filter && launcherLayer(filter, machine);
  const list = listLayer(settings.filter, machine);
  const filters = launcher ? [list, launcher] : [list];
  const plain = assess({ settings, filtering: filteringOf([list], sets) });
  const behind = launcher ? behindLauncher(settings, launcher) : settings;
  const all = launcher ? assess({ settings: behind, filtering: filteringOf(filters, sets) }) : plain;
  const gate = { settings: behind, machine, layers: [...filters, ...directiveLayers(settings, sets)] };
  return {
    exposure: all.exposure,
    bySystemd: plain.exposure,
    byLauncher: better(plain, all),
    doors: doorsOf(gate),
    flaws: flawsOf(gate),
  };
}

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
