import { EXIT, error, hasErrors, UserError } from '../diagnostic.js';
import type { EmittedFile } from '../emit/files.js';
import type { Outcome } from '../outcome.js';
import { activationFiles } from '../prepare/activation.js';
import { type PrepareOptions, prepare } from '../prepare/prepare.js';
import type { Context } from '../system/context.js';

export interface GenerateOptions extends PrepareOptions {
  readonly output?: string;
  /** Whether there is a script besides that puts them into force. */
  readonly activate?: boolean;
  /** `run` or `refuse`: what the generator does where the unit's own files have changed. */
  readonly ifChanged?: string;
}

/**
 * The files that apply would write: on stdout, or below a folder at their own paths.
 * @throws UserError `usage` for `--activate` without a folder
 */
export async function generate(
  context: Context,
  [unit]: readonly string[],
  options: GenerateOptions,
): Promise<Outcome> {
  const { output, activate = false, ifChanged = 'refuse' } = options;
  if (activate && output === undefined) throw usage('--activate needs a folder', 'name one with --output');
  if (!['refuse', 'run'].includes(ifChanged) || (options.ifChanged !== undefined && !activate))
    throw usage(
      "--if-changed takes 'refuse' or 'run', and is for --activate",
      "see 'sandbox-unit generate --help'",
    );
  const prepared = await prepare(context, unit!, options);
  const failed = hasErrors(prepared.diagnostics);
  const script =
    activate && !failed
      ? await activationFiles(context, prepared, { runsIfChanged: ifChanged === 'run' })
      : undefined;
  const files = [...prepared.files, ...(script?.files ?? [])];
  const diagnostics = [...prepared.diagnostics, ...(script?.diagnostics ?? [])];
  const { sources } = prepared;
  if (!failed && output !== undefined) {
    for (const { path, content, mode } of files)
      await context.program.replace(`${output}${path}`, content, { mode, foreign: true });
  }
  return {
    exit: failed ? EXIT.findings : EXIT.ok,
    json: { files: files.map(fileJson) },
    text:
      output === undefined
        ? files.map(fileText).join('\n')
        : files.map(({ path }) => `${output}${path}\n`).join(''),
    diagnostics,
    sources,
  };
}

const usage = (message: string, hint: string) =>
  new UserError(error('usage', message, { hint }), EXIT.failure);

const isText = ({ path }: EmittedFile) => path.endsWith('.conf');
const textOf = ({ content }: EmittedFile) => new TextDecoder().decode(content);

/** A file for people. Programs and filters are shown by their size: a terminal is no place for them. */
const fileText = (file: EmittedFile) =>
  `# ${file.path}\n${isText(file) ? textOf(file) : `# ${file.content.length} bytes, mode ${file.mode.toString(8)}\n`}`;

const fileJson = (file: EmittedFile) => ({
  path: file.path,
  mode: file.mode.toString(8).padStart(4, '0'),
  ...(isText(file) ? { text: textOf(file) } : { base64: btoa(latin1(file.content)) }),
});

const latin1 = (bytes: Uint8Array) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
