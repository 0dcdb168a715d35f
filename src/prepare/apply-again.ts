import { ownCommand, systemctl } from '../command-lines.js';
import type { DropInFacts } from '../emit/drop-in-facts.js';
import { AT_BOOT, ENABLED, enabledDropIn, enabledManifest, refusalService } from '../paths/at-boot.js';
import { dropInPath } from '../paths/own-files.js';
import { type InstalledProgram, installedProgram } from '../paths/programs.js';
import type { Context } from '../system/context.js';
import { shellWord } from '../unit/exec/shell-word.js';
import { fileName, folderOf } from '../unit/path.js';
import type { Enabled } from './enabled.js';
import { policyPlaces } from './load/find-policy.js';
import { templateAt } from './load/find-template.js';
import { serviceName } from './load/load-unit.js';
import type { PrepareOptions } from './prepare.js';

type Applied = Pick<DropInFacts, 'policy' | 'permissive' | 'gaps'> & {
  /** The unit's files for the generator, which would put back what `apply` changes. */
  readonly enabled?: Enabled | undefined;
};

/** The facts of a drop-in, and whether the generator has put it into force. */
export type AppliedFacts = DropInFacts & Pick<Applied, 'enabled'>;

/** Whether a file is found for a unit without being named. */
export const isSearched = (context: Context, unit: string, policy: string): boolean =>
  policyPlaces(context, serviceName(unit)).includes(policy);

/** The options by which a unit's policy would be applied again as it was, by what its drop-in says. */
export function optionsAgain(
  context: Context,
  unit: string,
  { policy, permissive, gaps }: Applied,
): Pick<PrepareOptions, 'policy' | 'template' | 'permissive' | 'allowGaps'> {
  const as = { permissive, allowGaps: gaps };
  if (policy === undefined || isSearched(context, unit, policy)) return as;
  const template = templateAt(context, policy);
  return template === undefined ? { policy, ...as } : { template, ...as };
}

/** The command line that does it; in a folder of another system there is none that could be typed as it stands. */
export const againHint = (context: Context, unit: string, applied: Applied): string | undefined =>
  context.offline ? undefined : againCommand(context, unit, applied);

/**
 * The command line that does it, as permissive, with gaps and for as long as it was. Of a unit that is enabled at boot it
 * makes the generator's files anew.
 * @param context where the drop-in is: for good, or until the next boot
 * @param more options besides
 */
export function againCommand(
  context: Context,
  unit: string,
  applied: Applied,
  more: readonly string[] = [],
): string {
  const { placement } = context;
  if (applied.enabled) return enableCommand(context, applied.enabled);
  const runtime = placement.lifetime === 'runtime' ? ['--runtime'] : [];
  const [mode, named] = wordsAgain(context, unit, applied);
  return ownCommand(placement.scope, ['apply', ...more, ...mode, ...runtime, ...named].join(' '), unit);
}

/** Options by which files are made again as they were: those of the mode, and those that name the policy. */
function wordsAgain(context: Context, unit: string, applied: Applied): readonly [string[], string[]] {
  const { policy, template, permissive } = optionsAgain(context, unit, applied);
  const mode = [
    ...(permissive ? ['--permissive'] : []),
    ...(applied.gaps.length > 0 ? ['--allow-gaps'] : []),
  ];
  const named = [
    ...(template === undefined ? [] : [`--template ${template}`]),
    ...(policy === undefined ? [] : [`--policy ${shellWord(policy)}`]),
  ];
  return [mode, named];
}

interface Enabling {
  /** The program that is to be put in its place, too. */
  readonly program?: InstalledProgram;
  /** The verb for the services then; as a rule only those that run are restarted. */
  readonly verb?: 'try-restart' | 'restart';
  /** A service whose start was refused: it is started, and that is no failure any more. */
  readonly tried?: string | undefined;
}

/** The command lines that make a unit's files for the generator anew, have it look at them, and its services run by them. */
export function enableCommand(context: Context, enabled: Enabled, how: Enabling = {}): string {
  const { program, verb = 'try-restart', tried } = how;
  const { unit } = enabled;
  const path = program && installedProgram(AT_BOOT, program);
  return [
    makeCommand(context, enabled),
    ...(path ? [`install -D -m 755 ${ENABLED}${path} ${path}`] : []),
    systemctl('system', 'daemon-reload'),
    ...(tried === undefined ? [systemctl('system', verb, servicePattern(unit))] : startedAgain(tried)),
  ].join(' && ');
}

/**
 * The command lines that take a unit's policy out of force, at boot too.
 * @param tried a service whose start was refused: it is started, and that is no failure any more
 */
export const disableCommand = (unit: string, tried?: string): string =>
  [
    `rm -rf ${filesForGenerator(unit)}`,
    systemctl('system', 'daemon-reload'),
    ownCommand('system', 'revert', unit),
    ...startedAgain(tried),
  ].join(' && ');

/** The command lines that do it on a host without this program. */
export function disableThere(unit: string): string {
  const dropIn = dropInPath(AT_BOOT, unit);
  const copies = `${shellWord(folderOf(dropIn))}/${fileName(dropIn).replace(/conf$/, '*')}`;
  return [
    `rm -rf ${filesForGenerator(unit)} ${copies}`,
    systemctl('system', 'daemon-reload'),
    systemctl('system', 'try-restart', servicePattern(unit)),
  ].join(' && ');
}

/** The files of a unit that the generator reads: its manifest, and the folder of the others. */
const filesForGenerator = (unit: string): string =>
  [enabledManifest(unit), folderOf(enabledDropIn(unit))].map(shellWord).join(' ');

/** The pattern of the services that a unit's files are for, as systemctl(1) takes it. */
const servicePattern = (unit: string): string => unit.replace(/@(?=\.service$)/, '@*');

/** The command lines by which a service runs again whose start was refused. */
const startedAgain = (tried: string | undefined): string[] =>
  tried === undefined
    ? []
    : [systemctl('system', 'restart', tried), systemctl('system', 'reset-failed', refusalService(tried))];

/** The command line that makes a unit's files for the generator, as they were. */
function makeCommand(context: Context, { unit, runsIfChanged, facts }: Enabled): string {
  const [mode, named] = wordsAgain(context, unit, facts ?? NO_FACTS);
  const words = [
    ...['generate', '--runtime', '--at-boot', `--output ${ENABLED}`],
    ...(runsIfChanged ? ['--if-changed run'] : []),
    ...mode,
    ...named,
  ];
  return ownCommand('system', words.join(' '), unit);
}

const NO_FACTS: Applied = { policy: undefined, permissive: false, gaps: [] };
