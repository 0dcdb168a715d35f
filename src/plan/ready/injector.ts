/** The program that loads the filter of `[ready]`: where it can work, and the lines of the unit that start it. */

import { type Diagnostic, error } from '../../diagnostic.js';
import { HELPER_MACHINES } from '../../seccomp/syscalls/abi.js';
import type { ReadySection } from '../../seccomp/syscalls/section.js';
import { ROOTS } from '../../systemd/directives/values/mounts.js';
import type { Target } from '../../systemd/target/target.js';
import { parseSpan, timeText } from '../../systemd/time-span.js';
import type { EffectiveUnit } from '../../systemd/unit/effective.js';
import { privilegedCommand } from '../../systemd/unit/exec/wrap.js';
import { statusNumber } from '../../systemd/unit/exit-status.js';
import { folderOf } from '../../systemd/unit/path.js';
import { allWords, lastOf, type UnitValues } from '../../systemd/unit/values.js';
import { commandsOf } from '../launcher/commands.js';
import { hasCapability } from '../launcher/launcher.js';
import { bindReadOnly, requiresMounts } from '../launcher/path-directives.js';
import { hiddenBy } from '../launcher/visibility.js';
import type { PlannedCommands, PlannedDirective } from '../plan.js';
import type { PlacedUnit } from '../request.js';
import { ownValues } from '../unit-values.js';
import { hasReload } from './checks.js';

/** Streams of a unit, which systemd opens again for each of its commands. */
const OUTPUTS: readonly string[] = ['StandardOutput', 'StandardError'];

/** `Type=` by the unit's own lines and systemd's defaults (systemd.service(5)); the manager knows it with our drop-in. */
export function ownType(effective: EffectiveUnit): string {
  const written = effective.last('Service', 'Type')?.value;
  if (written) return written;
  if (effective.last('Service', 'BusName')?.value) return 'dbus';
  return effective.execCommands('ExecStart').length > 0 ? 'simple' : 'oneshot';
}

/** The unit's type with `[ready]`: ExecStartPost= of `simple` may run before the program does. */
export function typeWith(effective: EffectiveUnit, { reload }: ReadySection): string {
  const type = ownType(effective);
  if (type === 'simple') return 'exec';
  return type === 'notify-reload' && reload?.value === false ? 'notify' : type;
}

/**
 * Gaps where no program can load the filter.
 * @param at the section's place, where there is a policy
 */
export function injectorGaps(
  { effective, target, places }: Omit<PlacedUnit, 'policy'>,
  values: UnitValues,
  { at }: Partial<Pick<ReadySection, 'at'>>,
): Diagnostic[] {
  const type = ownType(effective);
  const root = ROOTS.find((name) => !['', '/'].includes(lastOf(values, name)));
  const gap = (why: string, hint: string) =>
    error('gap-ready', `[ready] can't be enforced: ${why}`, { at, hint });
  const out = 'remove [ready], or refuse the calls in [syscalls]';
  const good = goodFailures(values);
  return [
    ...(places ? [] : [gap('a transient unit has no file for its filter', out)]),
    ...(target.scope === 'user' ? [gap("a user's manager can't load its filter into processes", out)] : []),
    ...(HELPER_MACHINES.includes(target.machine)
      ? []
      : [gap(`no program can load its filter on ${target.machine}`, out)]),
    ...(type === 'oneshot' ? [gap('a service of Type=oneshot has ended when it is ready', out)] : []),
    ...(type === 'idle'
      ? [
          gap(
            "with Type=idle systemd does not report the program's start",
            'set Type=exec in a drop-in of the unit',
          ),
        ]
      : []),
    ...(mayLoad(values, target)
      ? []
      : [gap('without NoNewPrivileges only CAP_SYS_ADMIN can load its filter', howToLoad(effective))]),
    ...(good.length > 0
      ? [gap(`SuccessExitStatus=${good.join(' ')} would hide that its filter could not be loaded`, out)]
      : []),
    ...OUTPUTS.filter((name) => lastOf(values, name).startsWith('truncate:')).map((name) =>
      gap(
        `${name}=truncate: would empty its file when the filter is loaded`,
        `set ${name}=append: in a drop-in of the unit`,
      ),
    ),
    ...(lastOf(values, 'PAMName') === ''
      ? []
      : [
          gap(
            'PAMName= may move the processes out of the unit',
            `set an empty PAMName= in a drop-in of the unit, or ${out}`,
          ),
        ]),
    ...(root ? [gap(`the program that loads its filter is not in the root of ${root}=`, out)] : []),
  ];
}

/** Whether the service's processes may get a filter (seccomp(2)), where NoNewPrivileges= is turned off. */
const mayLoad = (values: UnitValues, target: Target): boolean =>
  lastOf(values, 'NoNewPrivileges') !== 'no' || hasCapability(values, target, 'CAP_SYS_ADMIN');

/**
 * The words of SuccessExitStatus= by which systemd would go on without the filter: they hold for commands of a start, too.
 * They are those of the program's own failures, of systemd's where it can't be started (systemd.exec(5)), and all that
 * are no plain status, as signals.
 */
const goodFailures = (values: UnitValues): string[] =>
  allWords(values.get('SuccessExitStatus') ?? []).filter((word) => {
    const status = statusNumber(word) ?? 1;
    return (status >= 1 && status <= 3) || (status >= 200 && status < 255);
  });

/** The way out where {@link mayLoad} says no: a line of the unit's own holds where the policy has none. */
const howToLoad = (effective: EffectiveUnit): string =>
  lastOf(ownValues(effective), 'NoNewPrivileges') === 'no'
    ? 'set NoNewPrivileges = true in [service]'
    : 'remove NoNewPrivileges from [service]';

/** Directives of the drop-in for `[ready]`, besides its commands. */
export function readyDirectives(
  { effective, target, places }: PlacedUnit,
  ready: ReadySection,
  values: UnitValues,
): PlannedDirective[] {
  if (!places) return [];
  const type = typeWith(effective, ready);
  const because =
    type === 'exec'
      ? "[ready] of a service that doesn't report readiness: from its program's start on"
      : '[ready] reload: Type=notify-reload has one of its own';
  const paths = [target.injector, folderOf(places.readyFile)];
  const needed = [target.injector, places.readyFile];
  // systemd gives a command with + these mounts alone.
  const hidden = hiddenBy(values, needed);
  const shown = needed.map((path) => [path] as const);
  return [
    ...(hidden ? [bindReadOnly(shown, `${hidden}= would hide what loads [ready]'s filter`)] : []),
    ...(type === ownType(effective) ? [] : [{ name: 'Type', values: [type], because }]),
    requiresMounts(paths, "[ready]'s filter, and the program that loads it, may be on mounts of their own"),
  ];
}

/**
 * The commands of a unit with those for `[ready]`. The filter is loaded behind the unit's own ExecStartPost= lines, which
 * may still need the service as it starts, unless the policy has them come after.
 * @param commands those behind the launcher
 */
export function withInjector(
  { effective, target, places }: PlacedUnit,
  ready: ReadySection,
  commands: readonly PlannedCommands[],
): PlannedCommands[] {
  if (!places) return [...commands];
  const { settle, within } = settleOf(ownType(effective), effective, ready);
  const line = privilegedCommand([
    target.injector,
    ...['--cgroup', 'self', '--filter', places.readyFile],
    ...(settle > 0 ? ['--settle', String(settle)] : []),
    ...(within === undefined ? [] : ['--within', String(within)]),
  ]);
  const planned = commandsOf('ExecStartPost', effective, commands);
  const which = ready.startPost?.value === 'after' ? 'first' : 'last';
  const because = `[ready]: the ${which} line loads its filter${settle > 0 ? `, and each start takes ${timeText(BigInt(settle) * 1000n)} longer` : ''}`;
  const isTaken = ({ key }: { key: string }) =>
    key === 'ExecStartPost' || (ready.reload?.value === false && RELOADS.includes(key));
  return [
    ...commands.filter((one) => !isTaken(one)),
    ...noReload(effective, ready),
    ready.startPost?.value === 'after'
      ? { ...planned, lines: [line, ...planned.lines], because }
      : { ...planned, lines: [...planned.lines, line], because },
  ];
}

const RELOADS: readonly string[] = ['ExecReload', 'ExecReloadPost'];

/** A unit without ExecReload= can't be reloaded: `reload` is refused, and `reload-or-restart` restarts it. */
const noReload = (effective: EffectiveUnit, { reload }: ReadySection): PlannedCommands[] =>
  reload?.value === false && hasReload(effective)
    ? RELOADS.filter((key) => effective.execCommands(key).length > 0).map((key) => ({
        key,
        lines: [],
        wrapped: 0,
        because: '[ready] reload = false: a reload would make calls that [ready] refuses',
      }))
    : [];

/** Types of services that say when they are ready. The others' processes may still be those of the start. */
const TELLING: readonly string[] = ['notify', 'notify-reload', 'dbus', 'forking'];

/** Milliseconds for which the threads of others must be the same ones. */
const USUAL_SETTLE = 500;

/** Milliseconds that `tighten` waits at most by itself, or as long as threads must be the same ones: it fits a default of 45 s. */
const USUAL_WAIT = 30_000;

/** A wait, in milliseconds. */
export interface Settle {
  /** How long threads must be the same ones; 0 without a wait. */
  readonly settle: number;
  /** The longest wait for that; undefined where `tighten` knows it by itself. */
  readonly within: number | undefined;
}

/**
 * The wait of a unit's start.
 * @param type the unit's own `Type=`
 */
export function settleOf(type: string, effective: EffectiveUnit, ready: ReadySection): Settle {
  const settle = ready.settle?.value ?? (TELLING.includes(type) ? 0 : USUAL_SETTLE);
  const timeout = startTimeout(effective);
  if (settle === 0 || timeout === undefined) return { settle, within: undefined };
  const within = Math.floor(Math.min(shareOf(timeout), Math.max(USUAL_WAIT, 10 * settle)));
  return { settle, within: within === Math.max(USUAL_WAIT, settle) ? undefined : within };
}

/** The share of a time-out that is left to the wait; the rest is for loading the filter. */
const shareOf = (timeout: number): number => (timeout * 2) / 3;

const MILLISECOND = 1_000_000n;

/**
 * Milliseconds that systemd gives each command of a start, by the unit's lines; `Infinity` where it waits for ever. Of
 * TimeoutSec=, which sets it, too, and TimeoutStartSec= the shorter one counts. Undefined where neither says it: then it is
 * the manager's default.
 */
function startTimeout(effective: EffectiveUnit): number | undefined {
  const spans = ['TimeoutStartSec', 'TimeoutSec'].flatMap((key) => {
    const text = effective.last('Service', key)?.value ?? '';
    if (text === 'infinity') return [Infinity];
    const span = parseSpan(text, 1000n * MILLISECOND);
    if (span === undefined) return [];
    return [span === 0n ? Infinity : Number(span / MILLISECOND)];
  });
  return spans.length === 0 ? undefined : Math.min(...spans);
}
