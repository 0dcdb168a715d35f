import type { CallLists, ReadySection, SyscallsSection } from '../seccomp/syscalls/section.js';
import { isOfReady } from './expect.js';
import type { DirectiveEntry, Expectation, Policy } from './policy.js';

/**
 * Joins a policy with its bases, which come first, in their order. Lists of calls, rules, expectations, loosened
 * directives and understood errors are joined, and so are directives that list what is closed (see {@link CLOSING}). For
 * every other key the last value counts. The last one counts, too, among other directives of one name, and among
 * expectations on one call with equal arguments. The policy's rules come before its bases' rules, a later base's before
 * an earlier base's: the first rule that holds decides.
 */
export function mergePolicies(bases: readonly Policy[], own: Policy): Policy {
  return bases.length === 0 ? own : [...bases, own].reduce(mergeTwo);
}

function mergeTwo(base: Policy, over: Policy): Policy {
  const names = new Set(over.service.map((entry) => entry.name));
  const keys = new Set(over.expect.map(keyOf));
  return {
    file: over.file,
    description: over.description,
    extends: over.extends,
    defaults: over.defaults ?? base.defaults,
    syscalls: mergeSyscalls(base.syscalls, over.syscalls),
    ready: mergeReady(base.ready, over.ready),
    service: [
      ...base.service.filter((entry) => !names.has(entry.name)),
      ...over.service.map((entry) => keepingClosed(base.service, entry, over)),
    ],
    loosen: [...base.loosen, ...over.loosen],
    wrap: over.wrap ?? base.wrap,
    startPre: [...base.startPre, ...over.startPre],
    settle: over.settle ?? base.settle,
    probe: over.probe ?? base.probe,
    probeAs: over.probeAs ?? base.probeAs,
    probeTimeout: over.probeTimeout ?? base.probeTimeout,
    reload: over.reload ?? base.reload,
    refused: over.refused ?? base.refused,
    listening: over.listening ?? base.listening,
    understood: [...base.understood, ...over.understood],
    expect: [...base.expect.filter((one) => !keys.has(keyOf(one))), ...over.expect],
  };
}

const BINDS = 'BindReadOnlyPaths';

/**
 * Directives of which each entry closes something, which a list of the policy's own must not open again by the way. Of
 * BindReadOnlyPaths= this goes for the paths that are bound in their own place. A test holds the names against the rows
 * of the directives, which lie above this folder.
 */
export const CLOSING: ReadonlySet<string> = new Set([
  ...['BPFProgram', BINDS, 'IPAddressDeny', 'IPEgressFilterPath', 'IPIngressFilterPath'],
  ...['InaccessiblePaths', 'NoExecPaths', 'ReadOnlyPaths', 'SocketBindDeny', 'TemporaryFileSystem'],
]);

/** A directive with the entries of its base that close, unless it is empty or the policy's `loosen` names it. */
function keepingClosed(base: Policy['service'], entry: DirectiveEntry, { loosen }: Policy): DirectiveEntry {
  const { name, value } = entry;
  const inherited = CLOSING.has(name) ? base.find((one) => one.name === name) : undefined;
  const own = elementsOf(value);
  if (!inherited || own.length === 0 || loosen.some((one) => one.value === name)) return entry;
  const places = new Set(own.map((element) => placeOf(name, element)));
  const kept = elementsOf(inherited.value)
    .filter((element) => name !== BINDS || isInPlace(element))
    .filter((element) => !places.has(placeOf(name, element)));
  return kept.length === 0 ? entry : { ...entry, value: [...kept, ...own] };
}

/** The elements of a directive that is a list; of a text, its words. */
function elementsOf(value: unknown): readonly unknown[] {
  if (typeof value === 'string') return value.split(/[ \t]+/).filter((word) => word !== '');
  return Array.isArray(value) ? value : [value];
}

/** The path that an element closes, or the element: where a policy names it again, the policy's own entry counts. */
function placeOf(name: string, element: unknown): string {
  const text = String(element).replace(/^-?\+?/, '');
  const [from = '', to = from] = fieldsOf(text);
  if (name === 'TemporaryFileSystem') return from;
  return name === BINDS ? to : text;
}

/** Whether an element of BindReadOnlyPaths= is `PATH`, or `PATH:PATH`, maybe with an option. */
function isInPlace(element: unknown): boolean {
  const [from, to = from] = fieldsOf(String(element).replace(/^-/, ''));
  return from === to;
}

const fieldsOf = (text: string): string[] => text.split(/(?<!\\):/);

/**
 * The call, arguments, ABI and phase of an expectation as text; trailing zero arguments are left out, as they are the
 * default.
 */
function keyOf(expectation: Expectation): string {
  const { syscall, args, architecture } = expectation;
  const values = args.map(({ value }) => String(value));
  while (values.at(-1) === '0') values.pop();
  const phase = isOfReady(expectation) ? 'ready' : 'start';
  return [phase, architecture?.value ?? 'native', syscall.value, ...values].join(' ');
}

const mergeLists = (base: CallLists, over: CallLists): CallLists => ({
  at: over.at,
  allow: base.allow || over.allow ? [...(base.allow ?? []), ...(over.allow ?? [])] : undefined,
  deny: [...base.deny, ...over.deny],
  log: [...base.log, ...over.log],
  rules: [...over.rules, ...base.rules],
  action: over.action ?? base.action,
});

function mergeReady(
  base: ReadySection | undefined,
  over: ReadySection | undefined,
): ReadySection | undefined {
  if (!base || !over) return over ?? base;
  return {
    ...mergeLists(base, over),
    reload: over.reload ?? base.reload,
    settle: over.settle ?? base.settle,
    startPost: over.startPost ?? base.startPost,
  };
}

function mergeSyscalls(
  base: SyscallsSection | undefined,
  over: SyscallsSection | undefined,
): SyscallsSection | undefined {
  if (!base || !over) return over ?? base;
  return {
    ...mergeLists(base, over),
    unknown: over.unknown ?? base.unknown,
    inherit: over.inherit ?? base.inherit,
    implicit: over.implicit ?? base.implicit,
    architectures: over.architectures ?? base.architectures,
    enforcer: over.enforcer ?? base.enforcer,
    stage: over.stage ?? base.stage,
  };
}
