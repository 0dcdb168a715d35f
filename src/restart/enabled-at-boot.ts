/** Units whose policies the generator puts into force at boot, and what keeps it from that (sandbox-unit-generator(8)). */

import { ownCommand, systemctl } from '../command-lines.js';
import { type Diagnostic, error, printable } from '../diagnostic.js';
import {
  ENABLED,
  enabledManifest,
  enabledManifests,
  isRefusal,
  reasonOfRefusal,
  refusalPath,
  refusalService,
} from '../paths/at-boot.js';
import { ownDropInPaths } from '../paths/own-files.js';
import { type InstalledProgram, packagedProgram } from '../paths/programs.js';
import { disableCommand, disableThere, enableCommand } from '../prepare/apply-again.js';
import { anyEnabled, type Enabled } from '../prepare/enabled.js';
import { exists } from '../prepare/load/exists.js';
import { orElse } from '../state/failures.js';
import type { Service } from '../state/service.js';
import { hasFailed } from '../state/service-run.js';
import type { Context } from '../system/context.js';
import { shellWord } from '../unit/exec/shell-word.js';
import { isServiceName } from '../unit/name.js';
import { fileName, folderOf } from '../unit/path.js';

/** The code of a unit whose next start the generator keeps from happening. */
export const REFUSED_AT_BOOT = 'refused-at-boot';

/** The code of a unit that is enabled at boot, and may start without its policy. */
export const NOT_PUT_INTO_FORCE = 'not-put-into-force';

/**
 * An error about a unit whose files the generator would put back at the reload that follows their change.
 * @param isToGo whether the files are to go, and no others are to take their place
 */
export async function enabledAtBoot(context: Context, unit: string, isToGo = false): Promise<Diagnostic[]> {
  const { system, placement } = context;
  const manifest = enabledManifest(unit);
  if (placement.scope === 'user' || !(await exists(system, manifest))) return [];
  const hint = wayToChange(context, await anyEnabled(context, unit), isToGo);
  return [
    error('enabled-at-boot', `${unit} is enabled at boot: the generator would put its files back`, { hint }),
  ];
}

/** How a unit is changed that is enabled. A machine that doesn't run, or of which there are facts alone, has no command of ours. */
function wayToChange(context: Context, enabled: Enabled, isToGo: boolean): string {
  const { unit } = enabled;
  if (context.offline) return `remove ${enabledManifest(unit)} there first`;
  if (context.isRecorded)
    return `'generate --at-boot' makes its files anew from the facts; on the host '${disableThere(unit)}' takes its policy out of force`;
  const disables = `'${disableCommand(unit)}' takes its policy out of force, at boot too`;
  if (isToGo) return disables;
  return `'${enableCommand(context, enabled)}' makes its files anew, without a trial; ${disables}`;
}

/**
 * An error for each service that the generator keeps from starting, with its reason and the way out.
 * @param unit the unit that has the manifest, or an instance of it: where no service is loaded its own name is told
 */
export async function refusedAtBoot(
  context: Context,
  unit: string,
  services: readonly Service[],
): Promise<Diagnostic[]> {
  const { system, placement, offline } = context;
  if (offline || placement.scope === 'user') return [];
  const loaded = services.flatMap(({ name, state }) => {
    const path = state.dropInPaths.find(isRefusal);
    return path === undefined ? [] : [{ name, path }];
  });
  const path = refusalPath(unit);
  const isAlone = services.length === 0 && (await exists(system, path));
  const all = isAlone ? [{ name: unit, path }] : loaded;
  return Promise.all(all.map((one) => refusal(context, one)));
}

interface Refused {
  /** The service. */
  readonly name: string;
  /** The generator's drop-in. */
  readonly path: string;
}

async function refusal(context: Context, { name, path }: Refused): Promise<Diagnostic> {
  const unit = fileName(folderOf(path)).replace(/\.d$/, '');
  const enabled = await anyEnabled(context, isServiceName(unit) ? unit : name);
  const reason = await reasonBeside(context, path);
  const why = reason ?? 'the policy that is enabled for it does not fit any more';
  const hint = await wayOut(context, {
    ...{ enabled, reason: reason ?? '' },
    tried: (await wasTried(context, name)) ? name : undefined,
  });
  return error(REFUSED_AT_BOOT, `${name} can't start: ${why}`, { hint });
}

/** The reason beside the generator's drop-in: the end of the sentence that is told of the unit. */
async function reasonBeside({ system }: Context, dropIn: string): Promise<string | undefined> {
  const file = await orElse(() => system.read(reasonOfRefusal(dropIn), { limit: MAX_REASON }), undefined);
  const text = new TextDecoder().decode(file?.bytes);
  const [, reason] = / is not started without its policy: (.+)$/.exec(text) ?? [];
  return reason === undefined ? undefined : printable(reason, 600);
}

/** The most bytes of a reason. */
const MAX_REASON = 1 << 16;

/** Whether a start of a service was refused: the service that told so has failed, since it does nothing else. */
async function wasTried({ system }: Context, name: string): Promise<boolean> {
  const state = await orElse(() => system.unit(refusalService(name)), undefined);
  return state !== undefined && hasFailed(state);
}

interface Why {
  readonly enabled: Enabled;
  /** The generator's words, `WHAT: PATH`; empty if they can't be read. */
  readonly reason: string;
  /** The service, if a start of it was refused. */
  readonly tried: string | undefined;
}

/** The generator's words for programs. */
const PROGRAMS: readonly [words: string, name: InstalledProgram][] = [
  ['the launcher', 'launcher'],
  ['tighten', 'tighten'],
];

/** The command lines that let a unit start with its policy again, by the generator's reason (native-helper/generator/). */
async function wayOut(context: Context, { enabled, reason, tried }: Why): Promise<string> {
  const [, what = reason, path = ''] = /^([^:]*): (\/.*)$/.exec(reason) ?? [];
  const manifest = shellWord(enabledManifest(enabled.unit));
  const reload = systemctl('system', 'daemon-reload');
  const file = shellWord(path);
  const isThere = path !== '' && (await exists(context.system, path).catch(() => true));
  if (what.startsWith('others than root can change the folder')) {
    const folders = `/etc/sandbox-unit ${ENABLED} ${enabledManifests}`;
    return `'chown root ${folders} && chmod go-w ${folders} && ${reload}' leaves it to root`;
  }
  if (what.startsWith("a file can't be written") || what.startsWith('the generator has not come'))
    return `'${reload}' has the generator try it again`;
  const program = PROGRAMS.find(([words]) => what.startsWith(words))?.[1];
  if (program && isThere && path === packagedProgram(program))
    return `install the package of ${path} again, then '${reload}'`;
  if (program) return `'${enableCommand(context, enabled, { program, tried })}' installs it`;
  if (what.startsWith('a file of the unit is gone') && isThere)
    return `'chown root ${file} && chmod go-w ${file} && ${reload}' leaves it to root`;
  if (ownDropInPaths({ scope: 'system', lifetime: 'always' }, enabled.unit).includes(path)) {
    const revert = ownCommand('system', 'revert', enabled.unit);
    const again = enableCommand(context, enabled, { verb: 'restart', tried });
    return `it hides that of the generator: 'rm ${manifest} && ${revert} && ${again}'`;
  }
  const isNew = what.startsWith('the unit has a new') || what.startsWith('another unit file');
  if (isNew && isThere && path.startsWith('/run/'))
    return `'rm ${file} && ${reload}': what is in /run is not there at boot`;
  const starts = `'${disableCommand(enabled.unit, tried)}' has it start without`;
  return `'${enableCommand(context, enabled, { tried })}' makes its files anew; ${starts}`;
}

/** An error about an enabled unit that nothing confines, and that nothing keeps from starting either. */
export function notPutIntoForce(context: Context, enabled: Enabled): Diagnostic {
  const { unit, runsIfChanged } = enabled;
  const why = runsIfChanged
    ? 'its own files have changed since its files were made, or'
    : 'systemd has no generator of ours, or';
  const message = `${unit} is enabled at boot, and its policy is not in force: ${why} systemd has not been reloaded since`;
  const linked = runsIfChanged ? '' : '; sandbox-unit-generator(8) says how systemd gets the generator';
  const hint = `'${enableCommand(context, enabled)}' makes its files anew, and puts them into force${linked}`;
  return error(NOT_PUT_INTO_FORCE, message, { hint });
}
