import { type Diagnostic, error, type Location, UserError } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { onDefaults } from '../../policy/defaults.js';
import { mergePolicies } from '../../policy/merge.js';
import { parsePolicy, readPolicy, warnIfEmpty } from '../../policy/parse.js';
import type { Policy, WeakerPolicy } from '../../policy/policy.js';
import type { Located } from '../../seccomp/syscalls/section.js';
import { defaultsPaths } from '../../systemd/paths/policies.js';
import { hostDefaults } from './find-defaults.js';
import type { PolicyPlace } from './find-template.js';
import { namesDefaults, noDefaults, readDefaults } from './host-defaults.js';
import { placeOfBase, readText } from './policy-texts.js';

/** A policy with all that it extends, and the host's defaults. */
export interface LoadedPolicy {
  readonly policy: Policy;
  readonly diagnostics: readonly Diagnostic[];
  /** False if a base or the defaults could not be read; a diagnostic says which. */
  readonly complete: boolean;
  /** The text of each file that was read, by path. */
  readonly sources: ReadonlyMap<string, string>;
  /** Variants of the policy, each without one of the bases that it extends itself, or without the host's defaults. */
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
 * Reads a policy file, all that it extends, and the host's defaults, which come first; a base that is reached twice counts
 * once, at its first place.
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
  const own = policies.at(-1)!;
  const written = mergePolicies(policies.slice(0, -1), own);
  const empty = place.isDefaults ? [] : warnIfEmpty(written, options.confines ? 'error' : 'warning');
  if (!place.isDefaults) await loader.visitDefaults(written);
  return {
    policy: loader.withDefaults(written),
    diagnostics: [...loader.diagnostics, ...empty],
    complete: loader.complete,
    sources: loader.sources,
    withoutBases: () => loader.withoutBases(own),
  };
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
  /** The host's defaults, whether the policy adds to them or not; undefined where there are none. */
  #defaults: Policy | undefined;
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
      throw new UserError(error('policy-value', `'${path}' extends itself`, { at, hint }));
    }
    if (this.#visited.has(path)) return;
    const { scope, home } = this.#context.placement;
    if (!place.isDefaults && defaultsPaths(scope, home).includes(path)) throw namesDefaults(path, at);
    if (this.#visited.size === MAX_FILES) {
      this.#full = true;
      throw new UserError(
        error('policy-value', `the policy is made of more than ${MAX_FILES} files`, { at }),
      );
    }
    this.#visited.add(path);
    const policy = await this.#parse(place, at);
    for (const reference of policy.extends) {
      if (!this.#full) await this.#visitBase(reference, place, [...chain, path]);
    }
    this.policies.set(path, policy);
  }

  async #visitBase(reference: Located<string>, from: PolicyPlace, chain: readonly string[]): Promise<void> {
    const { at } = reference;
    await this.#collect(at, async () => {
      const base = await placeOfBase(this.#context, reference, from);
      this.#bases.set(reference, base.path);
      await this.visit(base, at, chain);
    });
  }

  /** Reads the host's defaults, unless a policy with all that it extends does without. */
  async visitDefaults({ defaults }: Policy): Promise<void> {
    if (defaults?.value === false) return;
    await this.#collect(undefined, async () => {
      const place = await hostDefaults(this.#context, this.#options.trusted);
      if (place) this.#defaults = await this.#parse(place, undefined);
      else if (defaults) throw noDefaults(this.#context, defaults.at);
    });
  }

  /** Does work whose errors become diagnostics, so that they don't hide errors in other files. */
  async #collect(at: Location | undefined, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      if (!(cause instanceof UserError)) throw cause;
      this.complete = false;
      this.diagnostics.push(...cause.diagnostics.map((d) => (d.at || !at ? d : { ...d, at })));
    }
  }

  /** A policy on top of the host's defaults, where it adds to them. */
  withDefaults(policy: Policy): Policy {
    return this.#defaults && policy.defaults?.value !== false ? onDefaults(this.#defaults, policy) : policy;
  }

  /** @param own the policy itself */
  withoutBases(own: Policy): WeakerPolicy[] {
    const fewer = own.extends.map(({ value, at }, i) => ({
      does: `take "${value}" out of extends in line ${at.line}`,
      line: at.line,
      policy: this.withDefaults(this.#mergedWith(own, own.extends.toSpliced(i, 1))),
    }));
    return this.#defaults ? [...fewer, this.#withoutDefaults(own)] : fewer;
  }

  #withoutDefaults(own: Policy): WeakerPolicy {
    const { line } = own.defaults?.at ?? { line: 1 };
    const does = own.defaults
      ? `write "defaults = false" in line ${line}`
      : 'write "defaults = false" as the first line';
    return { does, line, policy: this.#mergedWith(own, own.extends) };
  }

  /** The policy itself with some of the bases that it extends, and all that these extend. */
  #mergedWith(own: Policy, references: readonly Located<string>[]): Policy {
    const paths = new Set<string>();
    for (const one of references) this.#reach(this.#bases.get(one), paths);
    const bases = [...this.policies].filter(([path]) => paths.has(path)).map(([, policy]) => policy);
    return mergePolicies(bases, own);
  }

  /** Adds the paths of a policy and of all that it extends. */
  #reach(path: string | undefined, paths: Set<string>): void {
    if (path === undefined || paths.has(path)) return;
    paths.add(path);
    for (const one of this.policies.get(path)?.extends ?? []) this.#reach(this.#bases.get(one), paths);
  }

  async #parse(place: PolicyPlace, at: Location | undefined): Promise<Policy> {
    const { path, document } = place;
    const { trusted } = this.#options;
    const { policy, diagnostics } = document
      ? readPolicy(document, path)
      : this.#parsed(place, place.text ?? (await readText(this.#context, place, { at, trusted })));
    this.diagnostics.push(...diagnostics);
    return policy;
  }

  #parsed({ path, isDefaults }: PolicyPlace, text: string) {
    this.sources.set(path, text);
    return (isDefaults ? readDefaults : parsePolicy)(text, path);
  }
}
