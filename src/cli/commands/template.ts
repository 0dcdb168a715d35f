import { asWarning, type Diagnostic, printable, UserError } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { type Outcome, printed } from '../../outcome.js';
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
  return printed(table(rows, { theme: context.caller.theme }), json, diagnostics);
}

/** The description of a template. An error in it becomes a warning, so that it doesn't hide the others. */
async function describe(context: Context, name: string, diagnostics: Diagnostic[]): Promise<string> {
  const { path } = await findTemplate(context, name);
  try {
    return printable(parsePolicy(await templateText(context, name), path).policy.description ?? '');
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    diagnostics.push(...cause.diagnostics.map(asWarning));
    return '';
  }
}

/** Prints a starter policy. */
export async function showTemplate(context: Context, [name]: readonly string[]): Promise<Outcome> {
  const text = await templateText(context, name!);
  return printed(text, { name, text });
}

async function templateText(context: Context, name: string): Promise<string> {
  const { system, path } = await findTemplate(context, name);
  const file = await system.read(path);
  return new TextDecoder().decode(file?.bytes);
}
