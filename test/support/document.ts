/** Documents with command lines, in Markdown or mdoc(7): what they have a reader do, and what they show of it. */
import { readdirSync, readFileSync } from 'node:fs';
import { manualPages } from './manual.js';
import { inRepository } from './repository.js';

/** Lines of a document, counted from 0; `to` is the first one after them. */
export interface Lines {
  readonly from: number;
  readonly to: number;
}

/** What a document shows of a file, or of what a command prints. */
export interface Shown extends Lines {
  readonly text: readonly string[];
}

/** How much a document shows of what a command prints: all of it, some lines in order, or none. */
export type Extent = 'all' | 'lines' | 'none';

/** A command line, or a script of several. `block` is the line at which its block begins, `shown` has what is printed. */
interface CommandStep {
  readonly kind: 'command';
  readonly command: string;
  readonly extent: Extent;
  readonly block: number;
  readonly shown: Shown;
}

/** What a document has a reader do: run a command, write a file, or look at lines of one. */
export type Step =
  | CommandStep
  | { readonly kind: 'file'; readonly path: string; readonly content: string; readonly mode: string }
  | { readonly kind: 'excerpt'; readonly path: string; readonly shown: Shown };

/** What is set apart from the text. `info` are the words after a fence; `indented` where there is none. */
interface Block extends Lines {
  readonly info: string;
}

export interface Document {
  readonly path: string;
  readonly text: string;
  readonly steps: readonly Step[];
}

/** Languages of blocks that hold no command lines, but files, or parts of them. */
const LANGUAGES = new Set(['ini', 'nix', 'php', 'puppet', 'python', 'ruby', 'toml', 'yaml']);

const isPrompt = (line: string | undefined): boolean => /^[#$] (?!\/)/.test(line ?? '');

/** Variables, then a program, as a shell takes them; no key of a file. */
const COMMAND_LINE = /^(?:[A-Z_]+=\S+ (?:\\\n\s*)?)*(?:\.?\/)?[a-z][\w./+-]*(?: (?!=)|$)/;

function blocksOf(lines: readonly string[]): Block[] {
  const blocks: Block[] = [];
  let begun: { readonly info: string; readonly from: number } | undefined;
  for (const [at, line] of lines.entries()) {
    if (begun?.info === 'indented' && !/^ {4}/.test(line)) {
      blocks.push({ ...begun, to: at });
      begun = undefined;
    }
    if (line.startsWith('```')) {
      if (begun) blocks.push({ ...begun, to: at });
      begun = begun ? undefined : { info: line.slice(3), from: at + 1 };
    } else if (!begun && /^ {4}\S/.test(line) && !lines[at - 1]) begun = { info: 'indented', from: at };
  }
  return blocks;
}

/** Commands of a block, each with the lines below it. A backslash at the end joins a command's lines. */
function sessionOf(lines: readonly string[], { from, to }: Lines, extent: 'all' | 'lines'): Step[] {
  const steps: Step[] = [];
  for (let at = from; at < to; ) {
    const words = [lines[at]!.slice(2)];
    while (lines[at++]!.endsWith('\\')) words.push(lines[at]!);
    const below = at;
    while (at < to && !isPrompt(lines[at])) at++;
    const shown = { from: below, to: at, text: lines.slice(below, at) };
    const some = extent === 'lines' && shown.text.length === 0 ? 'none' : extent;
    steps.push({ kind: 'command', command: words.join('\n'), extent: some, block: from, shown });
  }
  return steps;
}

/** A block that is commands alone, of which nothing is shown: one of each piece of text. */
const commandsOf = (pieces: readonly string[], { from, to }: Lines): Step[] =>
  pieces.map((command) => ({
    kind: 'command',
    command,
    extent: 'none',
    block: from,
    shown: { from: to, to, text: [] },
  }));

const PATH_COMMENT = /^(?:#|;|\/\/|<\?php \/\/) (\/[\w./@-]+)$/;

/** A file that the reader is to write, or with the word `excerpt` lines of one that is there. Its path is a comment. */
function fileOf(lines: readonly string[], { info, from, to }: Block): Step[] {
  const isScript = lines[from]!.startsWith('#!');
  const [, path] = PATH_COMMENT.exec(lines[from + Number(isScript)]!) ?? [];
  if (path === undefined) return [];
  if (info.endsWith(' excerpt'))
    return [{ kind: 'excerpt', path, shown: { from: from + 1, to, text: lines.slice(from + 1, to) } }];
  const content = `${lines.slice(from, to).join('\n')}\n`;
  return [{ kind: 'file', path, content, mode: isScript ? '0755' : '0644' }];
}

const isNoComment = (line: string): boolean => !/^ *#/.test(line);

function stepsOfBlock(lines: readonly string[], block: Block): Step[] {
  const { info, from, to } = block;
  const [language = ''] = info.split(' ');
  const content = lines.slice(from, to);
  if (language === 'console') {
    if (!isPrompt(content[0])) throw new Error(`line ${from + 1}: no command`);
    return sessionOf(lines, block, 'all');
  }
  if (language === 'indented') {
    const inner = content.map((line) => line.slice(4));
    if (isPrompt(inner[0])) return sessionOf([...lines.slice(0, from), ...inner], block, 'lines');
    const pieces = inner.join('\n').split(/(?<!\\)\n/);
    return COMMAND_LINE.test(pieces[0]!) ? commandsOf(pieces.filter(isNoComment), block) : [];
  }
  const files = fileOf(lines, block);
  if (files.length > 0 || LANGUAGES.has(language)) return files;
  if (language === 'sh') return commandsOf([content.join('\n')], block);
  if (language !== '') throw new Error(`line ${from}: blocks in '${language}' aren't known`);
  if (isPrompt(content[0])) return sessionOf(lines, block, 'lines');
  return COMMAND_LINE.test(content.join('\n')) ? commandsOf([content.join('\n')], block) : [];
}

/**
 * The steps of a page in Markdown:
 * - `console` blocks are commands, each after `# ` or `$ `, and all that they print;
 * - a block without a language that begins with such a prompt is commands and some lines of what they print, in order;
 * - indented lines that begin with a program are commands, and so is a block in `sh`, as one script;
 * - a block whose first line is a comment with a path is a file to be written; `toml excerpt` are lines of one that is there.
 * @throws Error for a console block that doesn't begin with a command, a language that isn't known, and a command line of
 *   sandbox-unit in a block that is none of these
 */
export function markdownSteps(text: string): Step[] {
  const lines = text.split('\n');
  return blocksOf(lines).flatMap((block) => {
    const steps = stepsOfBlock(lines, block);
    if (steps.length === 0) assertNoCommand(lines, block);
    return steps;
  });
}

/** @throws Error for a block that is taken for text and has a command line of sandbox-unit */
function assertNoCommand(lines: readonly string[], { from, to }: Lines): void {
  const at = lines
    .slice(from, to)
    .findIndex((line) => /^ *(?:[#$] )?(?:sudo )?sandbox-unit [a-z]/.test(line));
  if (at !== -1) throw new Error(`line ${from + at + 1}: a command in a block that begins with none`);
}

const ESCAPES: readonly (readonly [string, string])[] = [
  ['\\-', '-'],
  ['\\(dq', '"'],
  ['\\&', ''],
  ['\\e', '\\'],
];

/** A line of a manual page as it is read. */
const unescaped = (line: string): string =>
  ESCAPES.reduce((text, [sequence, character]) => text.replaceAll(sequence, character), line);

/** A line that is read so, as a line of a literal block in a manual page. */
export const escaped = (line: string): string => line.replaceAll('\\', '\\e').replace(/^(?=[.'])/, '\\&');

/** Commands of a literal block: where none has lines below it, the block shows nothing of what they print. */
function manualSession(lines: readonly string[], block: Lines): Step[] {
  const all = sessionOf(lines, block, 'all');
  const showsSome = all.some((step) => step.kind !== 'command' || step.shown.text.length > 0);
  return showsSome ? all : sessionOf(lines, block, 'lines');
}

/**
 * The steps of a manual page:
 * - lines of `.Dl` are commands after `# ` or `$ `; those in a row are a block;
 * - a literal block that begins with such a prompt is commands and all that they print, or commands alone, of which nothing is
 *   shown; one that begins with a program is a script, which ends where a command fails.
 * @throws Error for a line of `.Dl` without a prompt, and a command line of sandbox-unit in another literal block
 */
export function manualSteps(text: string): Step[] {
  const lines = text.split('\n').map(unescaped);
  const steps: Step[] = [];
  for (let at = 0; at < lines.length; ) {
    const from = ++at;
    const line = lines[from - 1]!;
    if (line.startsWith('.Dl ')) {
      while (lines[at]!.startsWith('.Dl ')) at++;
      const inner = lines.slice(from - 1, at).map((one) => one.slice('.Dl '.length));
      const wrong = inner.findIndex((one) => !isPrompt(one));
      if (wrong !== -1) throw new Error(`line ${from + wrong}: no command`);
      steps.push(
        ...commandsOf(
          inner.map((one) => one.slice(2)),
          { from: from - 1, to: at },
        ),
      );
    } else if (line.startsWith('.Bd -literal')) {
      while (lines[at] !== '.Ed') at++;
      const content = lines.slice(from, at).join('\n');
      if (isPrompt(content)) steps.push(...manualSession(lines, { from, to: at }));
      else if (COMMAND_LINE.test(content))
        steps.push(...commandsOf([`set -e\n${content}`], { from, to: at }));
      else assertNoCommand(lines, { from, to: at });
    }
  }
  return steps;
}

/** The paths of all documents for users that may have command lines, in the repository. */
export const documentPaths = (): string[] => [
  'README.md',
  ...['docs', 'integrations'].flatMap((folder) =>
    readdirSync(inRepository(folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`)
      .sort(),
  ),
  ...manualPages().map((page) => `man/${page}`),
];

/** Reads a document by its path in the repository. @throws Error that names the document */
export function readDocument(path: string): Document {
  const text = readFileSync(inRepository(path), 'utf8');
  const isManual = path.startsWith('man/');
  try {
    const steps = isManual ? manualSteps(text) : markdownSteps(text);
    return { path, text, steps };
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
  }
}
