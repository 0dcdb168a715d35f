import { type Diagnostic, EXIT, printable, UserError } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import type { Outcome } from '../../outcome.js';
import { parsePolicy } from '../../policy/parse.js';
import { findTemplate, templateNames } from '../../prepare/load/find-template.js';
import { table } from '../report/table.js';

/** Lists the starter policies. */
export async function listTemplates(context: Context): Promise<Outcome> {
  const diagnostics: Diagnostic[] = [];
  const rows: [name: string, description: string][] = [];
  for (const name of await templateNames(context)) {
    rows.push([name, await describe(context, name, diagnostics)]);
  }
  const json = { templates: rows.map(([name, description]) => ({ name, description })) };
  return {
    exit: EXIT.ok,
    json,
    text: table(rows, { theme: context.caller.theme }),
    diagnostics,
    sources: new Map(),
  };
}

/** The description of a template. An error in it becomes a warning, so that it doesn't hide the others. */
async function describe(context: Context, name: string, diagnostics: Diagnostic[]): Promise<string> {
  const { path } = await findTemplate(context, name);
  try {
    return printable(parsePolicy(await textOf(context, name), path).policy.description ?? '');
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    diagnostics.push(...cause.diagnostics.map((d): Diagnostic => ({ ...d, severity: 'warning' })));
    return '';
  }
}

/** Prints a starter policy. */
export async function showTemplate(context: Context, [name]: readonly string[]): Promise<Outcome> {
  const text = await textOf(context, name!);
  return { exit: EXIT.ok, json: { name, text }, text, diagnostics: [], sources: new Map() };
}

async function textOf(context: Context, name: string): Promise<string> {
  const { system, path } = await findTemplate(context, name);
  const file = await system.read(path);
  return new TextDecoder().decode(file?.bytes);
}
