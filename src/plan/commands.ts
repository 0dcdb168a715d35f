import { type Diagnostic, error } from '../diagnostic.js';
import type { Policy } from '../policy/policy.js';
import type { EffectiveUnit } from '../unit/effective.js';
import type { ExecCommand } from '../unit/exec-line.js';
import { wrapExecCommand } from '../unit/exec-wrap.js';
import type { PlannedCommands } from './plan.js';
import type { Target } from './target.js';

interface Request {
  readonly effective: EffectiveUnit;
  readonly policy: Policy;
  readonly target: Target;
  readonly places: { readonly filterFile: string };
}

/** The keys whose lines get the launcher. */
export function wrappedKeys(policy: Policy): string[] {
  const usual = policy.programs ? [] : ['ExecStart'];
  return [...new Set(policy.wrap?.map(({ value }) => value) ?? usual)];
}

/** Paths of the programs that the policy is about, as written. */
export const confinedPrograms = (policy: Policy, effective: EffectiveUnit): string[] => [
  ...(policy.programs ?? []).map(({ value }) => value),
  ...new Set(
    wrappedKeys(policy)
      .flatMap((key) => effective.execCommands(key))
      .map(({ path }) => path.value),
  ),
];

/** Puts the launcher in front of each command of the wrapped keys. What can't be wrapped is a gap. */
export function planCommands(request: Request): {
  commands: PlannedCommands[];
  diagnostics: Diagnostic[];
} {
  const { effective, policy } = request;
  const diagnostics: Diagnostic[] = [];
  const commands: PlannedCommands[] = [];
  for (const key of wrappedKeys(policy)) {
    const originals = effective.execCommands(key);
    if (originals.length === 0) continue;
    const lines = originals.map((command) => wrapOne(request, command, diagnostics));
    commands.push({
      key,
      lines,
      wrapped: lines.length - lines.filter((line, i) => line === written(originals[i]!)).length,
    });
  }
  const main = commands.find(({ key }) => key === 'ExecStart');
  if (!main && !policy.programs && diagnostics.length === 0) {
    const why = effective.execCommands('ExecStart').length > 0 ? "'wrap' leaves it out" : 'the unit has none';
    diagnostics.push(
      error('gap-no-command', `no ExecStart= is put behind the launcher: ${why}`, {
        at: policy.wrap?.[0]?.at,
      }),
    );
  }
  return { commands, diagnostics };
}

/** The wrapped command, or, with a diagnostic, the command as it was. */
function wrapOne(request: Request, command: ExecCommand, diagnostics: Diagnostic[]): string {
  const wrapped = wrapExecCommand(command, launcherWords(request, command));
  if (typeof wrapped === 'string') return wrapped;
  diagnostics.push({ ...wrapped, code: `gap-${wrapped.code}` });
  return written(command);
}

function launcherWords({ effective, target, places }: Request, command: ExecCommand): string[] {
  const words = [target.launcher, `--filter=${places.filterFile}`];
  const directories = effective.list('Service', 'ExecSearchPath').flatMap(({ value }) => value.split(':'));
  return command.bareName && directories.length > 0
    ? [...words, `--search-path=${directories.join(':')}`]
    : words;
}

/** A command as a unit file has it. */
function written({ prefixes, path, argv0, rest }: ExecCommand): string {
  return [`${prefixes}${path.raw}`, ...(argv0 ? [argv0.raw] : []), ...(rest === '' ? [] : [rest])].join(' ');
}
