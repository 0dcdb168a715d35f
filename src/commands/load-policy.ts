import { type Diagnostic, EXIT, error, type Location, UserError } from '../diagnostic.js';
import { policySearchPath } from '../emit/paths.js';
import { mergePolicies } from '../policy/merge.js';
import { parsePolicy, warnIfEmpty } from '../policy/parse.js';
import type { Located, Policy } from '../policy/policy.js';
import { decodePolicy, MAX_POLICY_SIZE } from '../policy/toml.js';
import type { Context } from '../system/context.js';
import type { System } from '../system/system.js';
import type { UnitName } from '../unit/name.js';

/** A policy's file, and the machine that it is on. */
export interface PolicyPlace {
  readonly system: System;
  readonly path: string;
}

/** A policy with all that it extends. */
export interface LoadedPolicy {
  readonly policy: Policy;
  readonly diagnostics: readonly Diagnostic[];
  /** Text of each file that went into it. */
  readonly sources: ReadonlyMap<string, string>;
}

export interface LoadOptions {
  /** As root, refuse files that others could have written. */
  readonly trusted: boolean;
}

/** Most files that one policy may be made of. */
const MAX_FILES = 64;

/** Reads a policy file and all that it extends; a base that is reached twice counts once, at its first place. */
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
    diagnostics: [...loader.diagnostics, ...warnIfEmpty(policy)],
    sources: loader.sources,
  };
}

/**
 * The file of a unit's policy.
 * @throws UserError `no-policy`
 */
export async function findPolicy(context: Context, unit: UnitName): Promise<PolicyPlace> {
  const { system, placement } = context;
  const names = [unit.full, ...(unit.template && unit.template !== unit.full ? [unit.template] : [])];
  const paths = policySearchPath(names, placement.scope, placement.home);
  for (const path of paths) {
    if (await exists(system, path)) return { system, path };
  }
  const hint = `write ${paths[0]}, or name one with --policy or --template ('sandbox-unit template list')`;
  throw new UserError(error('no-policy', `no policy for ${unit.full}`, { hint }), EXIT.failure);
}

const exists = async (system: System, path: string) =>
  (await system.read(path, { limit: 0, head: true })) !== undefined;

/** Where templates are, the administrator's own first. */
export const templateFolders = (context: Context): PolicyPlace[] => [
  { system: context.system, path: '/etc/sandbox-unit/templates' },
  { system: context.program, path: `${context.home}/templates` },
];

/**
 * The file of a template.
 * @throws UserError `unknown-template`
 */
export async function findTemplate(context: Context, name: string, at?: Location): Promise<PolicyPlace> {
  const folders = /^[a-z0-9][a-z0-9-]*$/.test(name) ? templateFolders(context) : [];
  for (const { system, path } of folders) {
    const file = `${path}/${name}.toml`;
    if (await exists(system, file)) return { system, path: file };
  }
  const hint = "'sandbox-unit template list' names them";
  const exit = at ? EXIT.findings : EXIT.failure;
  throw new UserError(error('unknown-template', `no template '${name}'`, { at, hint }), exit);
}

class Loader {
  /** In the order in which they were read. */
  readonly sources = new Map<string, string>();
  readonly diagnostics: Diagnostic[] = [];
  /** By path, bases before what extends them. */
  readonly policies = new Map<string, Policy>();
  readonly #context: Context;
  readonly #options: LoadOptions;

  constructor(context: Context, options: LoadOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** @param chain the files that led here, for cycles */
  async visit(place: PolicyPlace, at: Location | undefined, chain: readonly string[]): Promise<void> {
    const { path } = place;
    if (chain.includes(path)) {
      const hint = [...chain.slice(chain.indexOf(path)), path].join(' → ');
      throw new UserError(error('extends-cycle', `'${path}' extends itself`, { at, hint }));
    }
    if (this.policies.has(path)) return;
    if (chain.length + this.policies.size >= MAX_FILES) {
      throw new UserError(
        error('extends-too-many', `the policy is made of more than ${MAX_FILES} files`, { at }),
      );
    }
    const policy = await this.#parse(place, at);
    for (const reference of policy.extends) {
      await this.visit(await this.#resolve(reference, place), reference.at, [...chain, path]);
    }
    this.policies.set(path, policy);
  }

  async #parse({ system, path }: PolicyPlace, at: Location | undefined): Promise<Policy> {
    const isProgramFile = path.startsWith(`${this.#context.home}/`) && system === this.#context.program;
    const trusted = this.#options.trusted && !isProgramFile;
    const file = await system.read(path, { limit: MAX_POLICY_SIZE, trusted });
    if (!file) {
      const exit = at ? EXIT.findings : EXIT.failure;
      throw new UserError(error('no-policy', `there is no policy file '${path}'`, { at }), exit);
    }
    const text = decodePolicy(file.bytes, path);
    this.sources.set(path, text);
    const { policy, diagnostics } = parsePolicy(text, path);
    this.diagnostics.push(...diagnostics);
    return policy;
  }

  /** A template's name, or a path: absolute, or relative to the policy that names it. */
  async #resolve({ value, at }: Located<string>, from: PolicyPlace): Promise<PolicyPlace> {
    if (!value.includes('/') && !value.endsWith('.toml')) return findTemplate(this.#context, value, at);
    const folder = from.path.slice(0, from.path.lastIndexOf('/') + 1);
    return { system: from.system, path: normalize(value.startsWith('/') ? value : `${folder}${value}`) };
  }
}

/** Takes `.`, `..` and doubled slashes out, so that one file has one name. */
function normalize(path: string): string {
  const absolute = path.startsWith('/');
  const out: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') out.push(part);
    else if (out.length > 0 && out.at(-1) !== '..') out.pop();
    else if (!absolute) out.push(part);
  }
  return `${absolute ? '/' : ''}${out.join('/')}`;
}
