import { toBase64 } from '../../../collections.js';
import { EXIT, hasErrors } from '../../../diagnostic.js';
import type { Context } from '../../../machine/context.js';
import { Recorded } from '../../../machine/recorded/recorded.js';
import { type Outcome, printed } from '../../../outcome.js';
import type { EmittedFile } from '../../../plan/emit/files.js';
import { activationFiles, activationScript } from '../../../prepare/activation.js';
import { serviceName } from '../../../prepare/load/load-unit.js';
import { type PrepareOptions, prepare } from '../../../prepare/prepare.js';
import { wrongUsage } from '../usage.js';
import { writeBelow } from './class-folders.js';
import { type GeneratedFiles, generateForHosts } from './for-hosts.js';

export interface GenerateOptions extends PrepareOptions {
  readonly output?: string;
  /** Whether there is a script besides that puts them into force. */
  readonly activate?: boolean;
  /** Whether that script alone is printed. */
  readonly script?: boolean;
  /** A folder with the facts of many machines, `HOST.facts` each. */
  readonly hosts?: string;
}

/**
 * The files that apply would write: on stdout, or below a folder at their own paths; or the script for hosts without Node.
 * @throws UserError `usage` for `--activate` without a folder, and without a unit; `no-helper`
 */
export async function generate(
  context: Context,
  [unit]: readonly string[],
  options: GenerateOptions,
): Promise<Outcome> {
  const { output, activate = false, script: alone = false, hosts } = options;
  if (alone) return printed(new TextDecoder().decode(await activationScript(context)));
  if (unit === undefined) throw wrongUsage('generate', "missing required argument 'unit'");
  if ((activate || hosts !== undefined) && output === undefined)
    throw wrongUsage(
      'generate',
      `${activate ? '--activate' : '--hosts'} needs a folder: name one with --output`,
    );
  const make = (of: Context) => makeFiles(of, unit, options);
  if (hosts !== undefined) {
    const { full } = serviceName(unit);
    return generateForHosts(context, { unit: full, hosts, output: output!, make });
  }
  const { exit, files, diagnostics, sources } = await make(context);
  if (exit === EXIT.ok && output !== undefined && !hasOpenQuestions(context))
    await writeBelow(context, output, files);
  return {
    exit,
    json: { files: files.map(fileJson) },
    text:
      output === undefined
        ? files.map(fileText).join('\n')
        : files.map(({ path }) => `${output}${path}\n`).join(''),
    diagnostics,
    sources,
  };
}

/** Whether a recorded machine has yet to answer something: what was planned without the answer is worth nothing. */
const hasOpenQuestions = ({ system }: Context): boolean =>
  system instanceof Recorded && system.unanswered !== undefined;

async function makeFiles(context: Context, unit: string, options: GenerateOptions): Promise<GeneratedFiles> {
  const prepared = await prepare(context, unit, options);
  const failed = hasErrors(prepared.diagnostics);
  const script = options.activate && !failed ? await activationFiles(context, prepared) : undefined;
  return {
    exit: failed ? EXIT.findings : EXIT.ok,
    files: [...prepared.files, ...(script?.files ?? [])],
    diagnostics: [...prepared.diagnostics, ...(script?.diagnostics ?? [])],
    sources: prepared.sources,
  };
}

const isText = ({ path }: EmittedFile) => path.endsWith('.conf');
const decoded = ({ content }: EmittedFile) => new TextDecoder().decode(content);

/** A file for people. Programs and filters are shown by their size: a terminal is no place for them. */
const fileText = (file: EmittedFile) =>
  `# ${file.path}\n${isText(file) ? decoded(file) : `# ${file.content.length} bytes, mode ${file.mode.toString(8)}\n`}`;

const fileJson = (file: EmittedFile) => ({
  path: file.path,
  mode: file.mode.toString(8).padStart(4, '0'),
  ...(isText(file) ? { text: decoded(file) } : { base64: toBase64(file.content) }),
});
