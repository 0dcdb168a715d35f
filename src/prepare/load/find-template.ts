import { didYouMean, EXIT, error, type Location, UserError } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import type { System } from '../../machine/system.js';
import type { TomlDocument } from '../../policy/toml.js';
import { fileName } from '../../systemd/unit/path.js';
import { exists } from './exists.js';

/** A policy's file, and the machine that it is on. */
export interface PolicyPlace {
  readonly system: System;
  readonly path: string;
  /** The text to take instead of the file's. */
  readonly text?: string;
  /** The keys and values to take instead: there is no text. */
  readonly document?: TomlDocument;
  /** Whether the text came by standard input: there is no folder that paths in it are relative to. */
  readonly isInput?: boolean;
  /** Whether it is the defaults of a host, not a policy. */
  readonly isDefaults?: true;
  /** The policy that `-` in `extends` stands for. */
  readonly input?: PolicyPlace;
  /** The path as `--policy` or another policy's `extends` has it. */
  readonly written?: string;
}

/** The folders of templates, the administrator's own first, then those for any service, then those for one. */
const templateFolders = (context: Context): PolicyPlace[] => [
  { system: context.policies, path: '/etc/sandbox-unit/templates' },
  { system: context.program, path: `${context.home}/templates` },
  { system: context.program, path: `${context.home}/templates/services` },
];

/** The name of the template that a file is; undefined if it is none. */
export function templateAt(context: Context, path: string): string | undefined {
  const name = templateName(fileName(path));
  return templateFolders(context).some((folder) => path === `${folder.path}/${name}.toml`) ? name : undefined;
}

const templateName = (file: string): string | undefined => /^([a-z0-9][a-z0-9-]*)\.toml$/.exec(file)?.[1];

/** Names of the templates, sorted. */
export async function templateNames(context: Context): Promise<string[]> {
  const names = new Set<string>();
  for (const { system, path } of templateFolders(context)) {
    for (const file of await system.list(path)) {
      const name = templateName(file);
      if (name) names.add(name);
    }
  }
  return [...names].sort();
}

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
  const hint = didYouMean(name, await templateNames(context)) ?? "'sandbox-unit template list' lists them";
  const exit = at ? EXIT.findings : EXIT.failure;
  throw new UserError(error('unknown-template', `no template '${name}'`, { at, hint }), exit);
}
