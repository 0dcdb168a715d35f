import type { FilterFile } from '../../seccomp/filter/filter-file.js';
import type { Machine } from '../../seccomp/syscalls/abi.js';
import type { SyscallSets } from '../../seccomp/syscalls/sets.js';
import type { Exposure } from './exposure.js';
import { directiveLayers, type FilterLayer, filteringOf, filterLayer, listLayer } from './layers.js';
import { type Assessed, assess } from './rows.js';
import type { ScoreSettings } from './settings.js';
import { type DoorVerdict, doorsOf } from './verdicts.js';

/** A unit, and the machine that it is on. */
export interface ScoreInput {
  readonly settings: ScoreSettings;
  readonly machine: Machine;
  readonly sets: SyscallSets;
  /** The filter that the launcher loads; undefined where there is none. */
  readonly filter: FilterFile | undefined;
  /** The filter that is loaded once it serves; undefined where there is none. */
  readonly ready: FilterFile | undefined;
}

/** How exposed a unit is, once it serves. */
export interface Exposed {
  readonly exposure: Exposure;
  /** The exposure until it serves; undefined where no filter is loaded then. */
  readonly untilReady: Exposure | undefined;
  /** The exposure without filters of ours, as `systemd-analyze security` has it. */
  readonly bySystemd: Exposure;
  /** The rows that the launcher's filter makes better. */
  readonly byLauncher: readonly string[];
  /** The rows that the filter makes better which is loaded once it serves. */
  readonly byReady: readonly string[];
}

/** How exposed a unit is, and what stays open to it. */
export interface Score extends Exposed {
  readonly doors: readonly DoorVerdict[];
}

/** A score, and the places where the unit can write files and execute them. */
export interface Scored {
  readonly score: Score;
  /** Undefined where they are unknown. */
  readonly places: readonly string[] | undefined;
  /** Its exposure when `learn --promote` has stated the lines that wait; undefined where none waits. */
  readonly promoted?: Exposure;
}

/**
 * The exposure of a unit.
 * @throws Unprovable for a filter that our compiler didn't make
 */
export function exposureOf(subject: ScoreInput, filters = filtersOf(subject)): Exposed {
  const { launcher, ready } = filters;
  const plain = assessBehind(subject, []);
  const start = launcher ? assessBehind(subject, [launcher]) : plain;
  const all = ready ? assessBehind(subject, present(launcher, ready)) : start;
  return {
    exposure: all.exposure,
    untilReady: ready && start.exposure,
    bySystemd: plain.exposure,
    byLauncher: better(plain, start),
    byReady: better(start, all),
  };
}

function assessBehind({ settings, machine, sets }: ScoreInput, filters: readonly FilterLayer[]): Assessed {
  const filtering = filteringOf([listLayer(settings.filter, machine), ...filters], sets);
  return assess({ settings: behind(settings, filters), filtering });
}

/**
 * Scores a unit, as it is once it serves.
 * @throws Unprovable, ProgramError for a filter that our compiler didn't make
 */
export function scoreOf(subject: ScoreInput): Score {
  const { settings, machine, sets } = subject;
  const filters = filtersOf(subject);
  const own = present(filters.launcher, filters.ready);
  const gate = {
    settings: behind(settings, own),
    machine,
    layers: [listLayer(settings.filter, machine), ...own, ...directiveLayers(settings, sets)],
  };
  return { ...exposureOf(subject, filters), doors: doorsOf(gate) };
}

/** Filters of ours on one machine. */
interface FilterLayers {
  readonly launcher: FilterLayer | undefined;
  readonly ready: FilterLayer | undefined;
}

const filtersOf = ({ filter, ready, machine }: ScoreInput): FilterLayers => ({
  launcher: filter && filterLayer('the launcher', filter, machine),
  ready: ready && filterLayer('[ready]', ready, machine),
});

const present = (...filters: readonly (FilterLayer | undefined)[]): FilterLayer[] =>
  filters.flatMap((filter) => filter ?? []);

/** The settings of processes with filters of ours: they may have taken privileges and other ABIs from them. */
function behind(settings: ScoreSettings, filters: readonly FilterLayer[]): ScoreSettings {
  const isNative = filters.some(({ opensOthers }) => !opensOthers);
  const hasNone = filters.some(({ noNewPrivileges }) => noNewPrivileges);
  return {
    ...settings,
    isOn: (name) => (name === 'NoNewPrivileges' && hasNone) || settings.isOn(name),
    architectures: isNative ? ['native'] : settings.architectures,
  };
}

const better = (before: Assessed, after: Assessed): string[] =>
  [...after.badness].filter(([row, bad]) => bad < (before.badness.get(row) ?? 0)).map(([row]) => row);
