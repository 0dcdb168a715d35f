import { shortList } from '../../collections.js';
import { type Diagnostic, error, printable } from '../../diagnostic.js';
import { isRoot } from '../../directives/kinds/user.js';
import { RESOURCES } from '../../directives/rows/resources.js';
import { findDirective } from '../../directives/table.js';
import type { DirectiveEntry, Policy } from '../../policy/policy.js';
import type { EffectiveUnit } from '../../unit/effective.js';
import type { ExecCommand } from '../../unit/exec/line.js';
import { plain } from '../../unit/values.js';

/** What holds for a command with `+` all the same: limits of the control group, and these. */
const HOLDS_FOR_PRIVILEGED: ReadonlySet<string> = new Set([
  ...RESOURCES.map(({ name }) => name),
  ...['CacheDirectoryQuota', 'LogsDirectoryQuota', 'StateDirectoryQuota', 'RemoveIPC'],
  ...['IPCNamespacePath', 'KeyringMode', 'NetworkNamespacePath', 'PrivateIPC', 'PrivateNetwork', 'UMask'],
]);

/** All that `!` takes away, as systemd 252 to 262 do: capabilities are bounded, and filters loaded, as without it. */
const LOST_WITHOUT_SETUID: ReadonlySet<string> = new Set([
  ...['DynamicUser', 'Group', 'PAMName', 'SupplementaryGroups', 'User'],
]);

/** What a policy loses where a command runs with more rights than the unit's others; `+` is the most. */
function isLost({ name, value }: DirectiveEntry, { prefixes }: ExecCommand): boolean {
  const texts = [value].flat().map((one) => plain(String(one)));
  if (texts.every((text) => text === 'no' || text === '')) return false;
  if (isNotSetuid(prefixes)) return LOST_WITHOUT_SETUID.has(name) && !texts.every(isRoot);
  const takes = findDirective(name)?.strictness?.takes === true;
  return takes && !HOLDS_FOR_PRIVILEGED.has(name);
}

/** `!!` asks for ambient capabilities, which every kernel has that this is for, and changes nothing. */
const isNotSetuid = (prefixes: string): boolean => prefixes.includes('!') && !prefixes.includes('!!');

const isPrivileged = ({ prefixes }: ExecCommand): boolean => prefixes.includes('+');

const mainCommands = (effective: EffectiveUnit): readonly ExecCommand[] =>
  effective.execCommands('ExecStart');

/** What the plan says of a line then. */
export const LOST_TO_PREFIXES = "ExecStart= has a prefix for which systemd doesn't apply it";

/** Whether systemd's sandbox is around none of the unit's main commands. */
export const hasNoSandbox = (effective: EffectiveUnit): boolean =>
  mainCommands(effective).length > 0 && mainCommands(effective).every(isPrivileged);

/** Whether none of the main commands is held to a directive of `[service]`, for the prefixes that they have. */
export function isLostToPrefixes(entry: DirectiveEntry, effective: EffectiveUnit): boolean {
  const commands = mainCommands(effective);
  return commands.length > 0 && commands.every((command) => hasPrefix(command) && isLost(entry, command));
}

const hasPrefix = (command: ExecCommand): boolean => isPrivileged(command) || isNotSetuid(command.prefixes);

/** Names that one message has. */
const MOST_NAMED = 5;

/**
 * Commands of ExecStart= to which systemd doesn't apply what the policy says, for a prefix of theirs
 * (systemd.service(5)).
 * @param told what is said already: of a command that can't be put behind the launcher
 */
export function prefixGaps(
  policy: Policy,
  effective: EffectiveUnit,
  told: readonly Diagnostic[],
): Diagnostic[] {
  const isTold = ({ at }: ExecCommand) =>
    told.some((one) => one.code === 'gap-exec-privileged' && one.at === at);
  return mainCommands(effective)
    .filter((command) => hasPrefix(command) && !isTold(command))
    .flatMap((command) => {
      const lost = policy.service.filter((entry) => isLost(entry, command)).map(({ name }) => `${name}=`);
      if (policy.syscalls && isPrivileged(command)) lost.unshift('[syscalls]');
      if (lost.length === 0) return [];
      const prefix = isPrivileged(command) ? '+' : '!';
      const message = `'${printable(command.path.value, 60)}' has the prefix ${prefix}: systemd does not apply ${shortList(lost, MOST_NAMED)} to it`;
      const hint = `in a drop-in of the unit's own: an empty ExecStart=, then the line without ${prefix}`;
      return [error('gap-exec-prefix', message, { at: command.at, hint })];
    });
}
