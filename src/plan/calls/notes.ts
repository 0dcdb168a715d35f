/** Diagnostics about effects of a unit's system call filters that the policy's author may not expect. */
import { type Diagnostic, note, warning } from '../../diagnostic.js';
import type { NamedPolicy } from '../../seccomp/syscalls/named-policy.js';
import { namesake } from '../../seccomp/syscalls/numbers.js';
import type { SyscallsSection } from '../../seccomp/syscalls/section.js';
import { areSetsOf } from '../../seccomp/syscalls/sets.js';
import type { Target } from '../../systemd/target/target.js';
import { type CallContext, cantBeMade, openAbis } from './left-to-launcher.js';

/** Notes about calls that only other machines have, if no line covers this machine's call of the same kind. */
export function absentCalls(context: CallContext): Diagnostic[] {
  const { section, named } = context;
  const [native] = openAbis(context);
  const entries = [...(section.allow ?? []), ...section.deny, ...section.log];
  const rules = section.rules.map(({ syscall }) => ({ name: syscall.value, at: syscall.at }));
  const absent = [...entries, ...rules].filter(
    ({ name }) => !name.startsWith('@') && cantBeMade(name, context),
  );
  return absent.flatMap(({ name, at }) => {
    const near = namesake(name, native!);
    if (near === undefined || named.verdicts.has(near)) return [];
    return [note('unknown-syscall', `${native} has no call '${name}'`, { at, hint: `it has '${near}'` })];
  });
}

/** A warning if the syscall sets aren't those of the target's release: their members may differ. */
export function foreignSets(
  section: SyscallsSection,
  { sets, version }: Target,
  own: NamedPolicy | undefined,
) {
  const entries = [...(section.allow ?? []), ...section.deny, ...section.log];
  const named = entries.find(({ name }) => name.startsWith('@'));
  if (areSetsOf(sets, version) || (!named && !section.allow && !own)) return [];
  const message = `this plan uses the syscall sets of systemd ${sets.systemd}, not those of the target's ${version}`;
  const hint = "run the command on the target, whose 'systemd-analyze' lists its own sets";
  return [warning('assumed', message, { at: (named ?? section).at, hint })];
}

/** A warning if `inherit = false` drops the unit's own system call filter. */
export function replacedFilter(section: SyscallsSection, present: NamedPolicy | undefined): Diagnostic[] {
  if (!present || section.inherit?.value !== false) return [];
  const { at } = section.inherit;
  const message = "'inherit = false' drops the unit's own system call filter";
  if (!section.permissive) return [warning('own-filter', message, { at })];
  return [
    warning('own-filter', `${message}: while the unit is permissive, no call is refused`, {
      at,
      hint: "remove 'inherit' to keep the unit's own filter",
    }),
  ];
}
