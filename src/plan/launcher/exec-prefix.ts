import { lazily, shortList } from '../../collections.js';
import { type Diagnostic, error, printable } from '../../diagnostic.js';
import type { DirectiveEntry, Policy } from '../../policy/policy.js';
import { isRoot } from '../../systemd/directives/kinds/names/user.js';
import { resources } from '../../systemd/directives/rows/resources.js';
import { findDirective } from '../../systemd/directives/table.js';
import type { EffectiveUnit } from '../../systemd/unit/effective.js';
import type { ExecCommand } from '../../systemd/unit/exec/line.js';
import { plain } from '../../systemd/unit/values.js';

/** Directives that hold for a command with `+`, too: limits of the control group, and a few more. */
const holdsForPrivileged = lazily(
  (): ReadonlySet<string> =>
    new Set([
      ...resources().map(({ name }) => name),
      ...['CacheDirectoryQuota', 'LogsDirectoryQuota', 'StateDirectoryQuota', 'RemoveIPC'],
      ...['IPCNamespacePath', 'KeyringMode', 'NetworkNamespacePath', 'PrivateIPC', 'PrivateNetwork', 'UMask'],
    ]),
);

/**
 * Directives that `!` takes away, as systemd 252 to 262 do. Capabilities are bounded, and filters loaded, all the same.
 */
export const LOST_WITHOUT_SETUID: ReadonlySet<string> = new Set([
  ...['DynamicUser', 'Group', 'PAMName', 'SupplementaryGroups', 'User'],
]);

/** Whether systemd doesn't apply a directive to a command with this prefix; `+` takes away the most. */
function isLost({ name, value }: DirectiveEntry, { prefixes }: ExecCommand): boolean {
  const texts = [value].flat().map((one) => plain(String(one)));
  if (texts.every((text) => text === 'no' || text === '')) return false;
  if (isNotSetuid(prefixes)) return LOST_WITHOUT_SETUID.has(name) && !texts.every(isRoot);
  const takes = findDirective(name)?.strictness?.takes === true;
  return takes && !holdsForPrivileged().has(name);
}

/**
 * Whether a command has `!`, and not `!!`: that has an effect only on kernels without ambient capabilities
 * (systemd.service(5)), none of which is served here.
 */
const isNotSetuid = (prefixes: string): boolean => prefixes.includes('!') && !prefixes.includes('!!');

const isPrivileged = ({ prefixes }: ExecCommand): boolean => prefixes.includes('+');

/** The plan's reason for a line that prefixes take from all main commands. */
export const LOST_TO_PREFIXES = "systemd does not apply it to ExecStart=, because of the command's prefix";

/** Whether systemd's sandbox is around none of the unit's main commands. */
export function hasNoSandbox(effective: EffectiveUnit): boolean {
  const commands = effective.execCommands('ExecStart');
  return commands.length > 0 && commands.every(isPrivileged);
}

/** Whether systemd applies a directive of `[service]` to none of the main commands, for their prefixes. */
export function isLostToPrefixes(entry: DirectiveEntry, effective: EffectiveUnit): boolean {
  const commands = effective.execCommands('ExecStart');
  return commands.length > 0 && commands.every((command) => leavesSandbox(command) && isLost(entry, command));
}

/** Whether a command has a prefix for which systemd applies less of the sandbox to it. */
export const leavesSandbox = (command: ExecCommand): boolean =>
  isPrivileged(command) || isNotSetuid(command.prefixes);

/**
 * Gaps for commands of ExecStart= to which systemd doesn't apply all of the policy, for a prefix (systemd.service(5)).
 * @param reported diagnostics about commands that can't be put behind the launcher: these commands are left out
 */
export function prefixGaps(
  policy: Policy,
  effective: EffectiveUnit,
  reported: readonly Diagnostic[],
): Diagnostic[] {
  const isReported = ({ at }: ExecCommand) =>
    reported.some((one) => one.code === 'gap-exec-privileged' && one.at === at);
  return effective
    .execCommands('ExecStart')
    .filter((command) => leavesSandbox(command) && !isReported(command))
    .flatMap((command) => {
      const lost = policy.service.filter((entry) => isLost(entry, command)).map(({ name }) => `${name}=`);
      if (policy.syscalls && isPrivileged(command)) lost.unshift('[syscalls]');
      if (lost.length === 0) return [];
      const prefix = isPrivileged(command) ? '+' : '!';
      const message = `'${printable(command.path.value, 60)}' has the prefix ${prefix}: systemd does not apply ${shortList(lost)} to it`;
      const hint = `write an empty ExecStart= and the line without ${prefix} in a drop-in of your own`;
      return [error('gap-exec', message, { at: command.at, hint })];
    });
}
