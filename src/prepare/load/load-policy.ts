import { ownCommand } from '../../command-lines.js';
import { type Diagnostic, EXIT, error, type Location, UserError } from '../../diagnostic.js';
import { policyOfDropIn } from '../../emit/files.js';
import { dropInPath, isKeptPolicy, policySearchPath } from '../../paths.js';
import { mergePolicies } from '../../policy/merge.js';
import { parsePolicy, warnIfEmpty } from '../../policy/parse.js';
import type { Policy, WeakerPolicy } from '../../policy/policy.js';
import { MAX_POLICY_SIZE } from '../../policy/policy-size.js';
import { decodePolicy } from '../../policy/toml.js';
import { readFiles } from '../../state/own-files.js';
import type { Located } from '../../syscalls/section.js';
import type { Context } from '../../system/context.js';
import { parseUnitName, type UnitName } from '../../unit/name.js';
import { normalize } from '../../unit/path.js';
import { exists } from './exists.js';
import { findTemplate, type PolicyPlace, templateAt, templateNames } from './find-template.js';
import { INPUT, INPUT_NAME } from './input-policy.js';

/** A policy with all that it extends. */
export interface LoadedPolicy {
  readonly policy: Policy;
  readonly diagnostics: readonly Diagnostic[];
  /** False if a base could not be read; a diagnostic says which. */
  readonly complete: boolean;
  /** The text of each file that was read, by path. */
  readonly sources: ReadonlyMap<string, string>;
  /** Variants of the policy, each without one of the bases that it extends itself. */
  readonly withoutBases: () => readonly WeakerPolicy[];
}

export interface LoadOptions {
  /** Whether root refuses files that others could have written. */
  readonly trusted: boolean;
  /** Whether the policy is to confine something: an empty one, as of a file that was cut short, is an error then. */
  readonly confines?: boolean;
}

/** The most files that one policy may be made of. */
const MAX_FILES = 64;

/**
 * Reads a policy file and all that it extends; a base that is reached twice counts once, at its first place.
 * @throws UserError if the file itself can't be read; errors in a base are among the diagnostics
 */
export async function loadPolicy(
  context: Context,
  place: PolicyPlace,
  options: LoadOptions,
): Promise<LoadedPolicy> {
  const loader = new Loader(context, options);
  try {
    await loader.visit(place, undefined, []);
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    throw new UserError(cause.diagnostics, cause.exit, loader.sources);
  }
  const policies = [...loader.policies.values()];
  const policy = mergePolicies(policies.slice(0, -1), policies.at(-1)!);
  return {
    policy,
    diagnostics: [...loader.diagnostics, ...warnIfEmpty(policy, options.confines ? 'error' : 'warning')],
    complete: loader.complete,
    sources: loader.sources,
    withoutBases: () => loader.withoutBases(policies.at(-1)!),
  };
}

/** The paths where a unit's policy may be, by precedence. */
export function policyPlaces({ placement }: Context, unit: UnitName): string[] {
  const names = [unit.full, ...(unit.template && unit.template !== unit.full ? [unit.template] : [])];
  return policySearchPath(names, placement.scope, placement.home);
}

/** A policy that is named for a unit by its path. What is kept beside its drop-in is in the unit's system. */
export const namedPolicy = (
  { system, program, placement }: Context,
  unit: UnitName,
  path: string,
): PolicyPlace => ({ system: isKeptPolicy(placement, unit.full, path) ? system : program, path });

/** The file of a unit's policy if none is named; undefined if there is none. */
export async function ownPolicy(context: Context, unit: UnitName): Promise<string | undefined> {
  for (const path of policyPlaces(context, unit)) {
    if (await exists(context.policies, path)) return path;
  }
  return undefined;
}

/**
 * The file of a unit's policy.
 * @param asked the name that was given for the unit, which may be an alias
 * @throws UserError `no-policy`
 */
export async function findPolicy(
  context: Context,
  unit: UnitName,
  asked: UnitName = unit,
): Promise<PolicyPlace> {
  const path = await ownPolicy(context, unit);
  if (path !== undefined) return { system: context.policies, path };
  const first = policyPlaces(context, unit)[0]!;
  const place = context.offline ? `${first} below the folder of --root` : first;
  const hint = await wayToPolicy(context, { unit, asked, place, first });
  const alias = asked.full === unit.full ? '' : `, of which ${asked.full} is an alias`;
  throw new UserError(error('no-policy', `no policy for ${unit.full}${alias}`, { hint }), EXIT.failure);
}

interface Lacking {
  readonly unit: UnitName;
  readonly asked: UnitName;
  /** The first path of the search, and the text that names it in a hint. */
  readonly first: string;
  readonly place: string;
}

/** A hint on how the unit comes to a policy, by the files that there are. */
async function wayToPolicy(context: Context, { unit, asked, first, place }: Lacking): Promise<string> {
  const used = await policyInUse(context, unit);
  if (used) return `it is confined by ${used}, or write ${place}`;
  // A policy's file may be named without `.service`, as users type the unit's name.
  const near = first.replace(/\.service\.toml$/, '.toml');
  if (await exists(context.policies, near))
    return `${near} is there: move it to ${place}, or give --policy ${near}`;
  // The search doesn't look for a policy under an alias.
  const other = asked.full === unit.full ? undefined : await ownPolicy(context, asked);
  if (other) return `${other} is for another name: move it to ${place}, or give --policy ${other}`;
  return `write ${place}, or name one with --policy or --template ('sandbox-unit template list')`;
}

/** The policy in a unit's drop-in, and how to name it, since no file in the search path is found. */
async function policyInUse(context: Context, unit: UnitName): Promise<string | undefined> {
  const [dropIn] = await readFiles(context, [dropInPath(context.placement, unit.full)]);
  const path = dropIn && policyOfDropIn(dropIn.content);
  const template = path && templateAt(context, path);
  if (template) return `the template ${template}: give --template ${template} again`;
  if (path === undefined) return undefined;
  const revert = ownCommand(context.placement.scope, 'revert', unit.full);
  return (await exists(context.policies, path))
    ? `the policy ${path}: give --policy ${path} again`
    : `the policy ${path}, which is gone: '${revert}' frees it`;
}

/** A hint on a word that was given for a file: the template or the unit's policy that it may name. */
async function otherMeaning(context: Context, word: string): Promise<string | undefined> {
  if (word.includes('/')) return undefined;
  if ((await templateNames(context)).includes(word)) {
    return `${word} is a template: '--template ${word}' takes it, 'sandbox-unit template show ${word}' prints it`;
  }
  const unit = parseUnitName(word);
  const own = 'full' in unit ? await ownPolicy(context, unit) : undefined;
  return own && `the policy of ${word} is ${own}`;
}

class Loader {
  /** Texts by path, in the order in which they were read. */
  readonly sources = new Map<string, string>();
  readonly diagnostics: Diagnostic[] = [];
  /** Policies by path, each after its bases. */
  readonly policies = new Map<string, Policy>();
  complete = true;
  /** Paths of bases, by the entry in `extends`. */
  readonly #bases = new Map<Located<string>, string>();
  /** Whether there were too many files: one error says so. */
  #full = false;
  /** Visited paths, also of files that could not be read. */
  readonly #visited = new Set<string>();
  readonly #context: Context;
  readonly #options: LoadOptions;

  constructor(context: Context, options: LoadOptions) {
    this.#context = context;
    this.#options = options;
  }

  /**
   * Reads a policy after its bases.
   * @param chain the files that led here, for cycles
   */
  async visit(place: PolicyPlace, at: Location | undefined, chain: readonly string[]): Promise<void> {
    const { path } = place;
    if (chain.includes(path)) {
      const hint = [...chain.slice(chain.indexOf(path)), path].join(' → ');
      throw new UserError(error('extends-cycle', `'${path}' extends itself`, { at, hint }));
    }
    if (this.#visited.has(path)) return;
    if (this.#visited.size === MAX_FILES) {
      this.#full = true;
      throw new UserError(
        error('extends-too-many', `the policy is made of more than ${MAX_FILES} files`, { at }),
      );
    }
    this.#visited.add(path);
    const policy = await this.#parse(place, at);
    for (const reference of policy.extends) {
      if (!this.#full) await this.#visitBase(reference, place, [...chain, path]);
    }
    this.policies.set(path, policy);
  }

  /** Visits a base. Its errors become diagnostics, so that they don't hide errors in other bases. */
  async #visitBase(reference: Located<string>, from: PolicyPlace, chain: readonly string[]): Promise<void> {
    const { at } = reference;
    try {
      const base = await this.#resolve(reference, from);
      this.#bases.set(reference, base.path);
      await this.visit(base, at, chain);
    } catch (cause) {
      if (!(cause instanceof UserError)) throw cause;
      this.complete = false;
      this.diagnostics.push(...cause.diagnostics.map((d) => ({ ...d, at: d.at ?? at })));
    }
  }

  /** @param own the policy itself */
  withoutBases(own: Policy): WeakerPolicy[] {
    return own.extends.map((left) => {
      const paths = new Set<string>();
      for (const one of own.extends) if (one !== left) this.#reach(this.#bases.get(one), paths);
      const bases = [...this.policies].filter(([path]) => paths.has(path)).map(([, policy]) => policy);
      return { name: left.value, at: left.at, policy: mergePolicies(bases, own) };
    });
  }

  /** Adds the paths of a policy and of all that it extends. */
  #reach(path: string | undefined, paths: Set<string>): void {
    if (path === undefined || paths.has(path)) return;
    paths.add(path);
    for (const one of this.policies.get(path)?.extends ?? []) this.#reach(this.#bases.get(one), paths);
  }

  async #parse(place: PolicyPlace, at: Location | undefined): Promise<Policy> {
    const { path } = place;
    const text = place.text ?? (await this.#read(place, at));
    this.sources.set(path, text);
    const { policy, diagnostics } = parsePolicy(text, path);
    this.diagnostics.push(...diagnostics);
    return policy;
  }

  async #read({ system, path, written = path }: PolicyPlace, at: Location | undefined): Promise<string> {
    const isProgramFile = path.startsWith(`${this.#context.home}/`) && system === this.#context.program;
    const trusted = this.#options.trusted && !isProgramFile;
    const file = await system.read(path, { limit: MAX_POLICY_SIZE, trusted });
    if (!file) {
      const message = `there is no policy file '${at ? written : path}'`;
      if (at) {
        const hint = normalize(written) === path ? undefined : `it is looked for at '${path}'`;
        throw new UserError(error('no-policy', message, { at, hint }));
      }
      const hint = await otherMeaning(this.#context, written);
      throw new UserError(error('no-policy', message, { hint }), EXIT.failure);
    }
    return decodePolicy(file.bytes, path);
  }

  /** The place of a base: by a template's name, or by a path, absolute or relative to the policy that names it. */
  async #resolve({ value, at }: Located<string>, from: PolicyPlace): Promise<PolicyPlace> {
    if (value === INPUT && from.input) return from.input;
    if (!value.includes('/') && !value.endsWith('.toml')) return findTemplate(this.#context, value, at);
    if (from.isInput && !value.startsWith('/')) throw relativeToNothing(value, at);
    const folder = from.path.slice(0, from.path.lastIndexOf('/') + 1);
    const path = normalize(value.startsWith('/') ? value : `${folder}${value}`);
    return { system: from.system, path, written: value };
  }
}

function relativeToNothing(path: string, at: Location): UserError {
  const hint = "write an absolute path, or a template's name";
  return new UserError(
    error('extends-relative', `'${path}' is relative to a file's folder, and ${INPUT_NAME} has none`, {
      at,
      hint,
    }),
  );
}
