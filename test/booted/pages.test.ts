/**
 * Documents for users, step by step: each command line prints what the document shows. UPDATE_GOLDEN=1 writes the present
 * output into the documents (test/support/shown.ts), and makes the picture of README.md (test/support/terminal-picture.ts).
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { escaped, type Lines, readDocument, type Shown, type Step } from '../support/document.js';
import { whyElsewhere } from '../support/elsewhere.js';
import { machine } from '../support/machine.js';
import { terminalWords, withoutReturns } from '../support/on-terminal.js';
import { inRepository, REPOSITORY } from '../support/repository.js';
import { servicesObstacle } from '../support/service.js';
import { isAsShown, shownAnew, withShown } from '../support/shown.js';
import { type Shown as ShownOnTerminal, terminalPicture } from '../support/terminal-picture.js';
import { THOROUGH } from '../support/thorough.js';
import { BEFORE, type DocumentRun, ENDS, INSTALLED, MACHINE_OF_ALL, RUNS, SHORTER } from './document-runs.js';

/** The picture of README.md, of what these commands print for its first policy. */
const PICTURE = 'docs/pictures/terminal.svg';
const PICTURED = [
  'sandbox-unit plan nginx.service',
  'sandbox-unit apply --quiet nginx.service',
  'sandbox-unit status',
];
const PICTURE_COLUMNS = 100;

/** Commands that change nothing: what they show may come a moment later than they are called. */
const LOOKS =
  /^(?:cat|curl|grep|journalctl|mailq|ls|pgrep|ps|runuser -u postgres -- psql -X -qAt|tail|systemctl (?:is-active|show)|sandbox-unit (?:explain|status)) /;
const LOOKS_MS = 30_000;

/** The kernel leaves records out where others on the machine log many, and nothing can be told of a service then. */
const isLeftOut = (command: string, said: string): boolean =>
  command.startsWith('sandbox-unit explain ') && /^note\[records-incomplete\]: /m.test(said);

const skip = servicesObstacle('clients') ?? false;

const UPDATES = process.env.UPDATE_GOLDEN === '1';

const linesOf = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));

type Command = Extract<Step, { kind: 'command' }>;

/** What a document shows of this, with `…` for what it leaves out without a mark. */
const claimOf = ({ text }: Shown, extent: Command['extent']): string[] =>
  extent === 'all' ? [...text] : ['…', ...text.flatMap((line) => [line, '…'])];

describe('documents', { skip }, () => {
  const { box } = machine('web1', {
    programs: { myos: ['test/booted/programs/myos.c'] },
    tree: 'clients',
    prepare: () => box.sh(MACHINE_OF_ALL),
  });

  /** Runs commands of one document, each where the one before it in its block has gone. */
  function runner({ path, folder: home = '/', lacks, env }: DocumentRun) {
    const limits = lacks === undefined ? [] : ['setpriv', '--bounding-set', lacks];
    let at = { block: -1, folder: home };
    return async ({ command, block }: Command) => {
      for (const [document, after, script] of BEFORE)
        if (document === path && after.test(command)) await box.sh(script);
      if (at.block !== block) at = { block, folder: home };
      const line = SHORTER.reduce((text, [long, short]) => text.replace(long, short), command);
      const script = `exec 2>&1\ntrap 'pwd >/run/folder' EXIT\n${line}`;
      const { status, stdout } = await box.exec([...limits, 'bash', '-c', script], {
        cwd: at.folder,
        ...(env && { env }),
      });
      if (/^cd /m.test(command)) at = { block, folder: (await box.readFile('/run/folder')).trim() };
      // A shell without a terminal tells more of a program that a signal has ended.
      const said = stdout.replace(/^bash: line \d+: +\d+ (Bad system call)\b.*$/gm, '$1');
      return { status, stdout: said.replaceAll(REPOSITORY, INSTALLED) };
    };
  }

  /** What is wrong with how a command ended of which the document doesn't show it. */
  function wrongEnd(command: string, status: number, said: string): string[] {
    const [, statuses, text = /^/] = ENDS.find(([pattern]) => pattern.test(command)) ?? [];
    const isRight = statuses?.includes(status) ? status === 0 || text.test(said) : !statuses && status === 0;
    return isRight ? [] : [`status ${status}`];
  }

  async function tries(document: DocumentRun): Promise<void> {
    const { path, prepare } = document;
    if (prepare !== undefined) await box.exec(['bash', '-c', prepare]);
    const { text, steps } = readDocument(path);
    const runs = runner(document);
    const changes: (readonly [Lines, readonly string[]])[] = [];
    const wrong: string[] = [];

    async function follow(step: Command): Promise<void> {
      const claim = claimOf(step.shown, step.extent);
      let said = await runs(step);
      const isEnough = () =>
        UPDATES && step.extent === 'all' ? said.stdout !== '' : isAsShown(claim, linesOf(said.stdout));
      const look = async () => {
        said = await runs(step);
        return isEnough();
      };
      // What is shown otherwise in the end is told below.
      if (LOOKS.test(step.command) && !isEnough())
        await box.waitFor(step.command, look, LOOKS_MS).catch(() => {});
      // Only a command that takes over a second says what it waits for.
      const printed = linesOf(said.stdout).filter((line) => !/^\S+: waiting for .* …$/.test(line));
      const isUntold = step.extent !== 'all' || printed.length === 0;
      const ends = isUntold ? wrongEnd(step.command, said.status, said.stdout) : [];
      const isAsTold = isAsShown(claim, printed) || isLeftOut(step.command, said.stdout);
      if (!isAsTold && UPDATES && step.extent === 'all')
        changes.push([step.shown, shownAnew(step.shown.text, printed)]);
      else if (!isAsTold || ends.length > 0)
        wrong.push([`${path}:${step.shown.from}: ${step.command}`, ...ends, ...printed].join('\n'));
    }

    for (const step of steps) {
      if (step.kind === 'file') await box.writeFile(step.path, step.content, step.mode);
      else if (step.kind === 'excerpt') {
        const there = linesOf(await box.readFile(step.path));
        if (isAsShown(step.shown.text, there)) continue;
        if (UPDATES) changes.push([step.shown, shownAnew(step.shown.text, there)]);
        else wrong.push([`${path}:${step.shown.from}: ${step.path}`, ...there].join('\n'));
      } else if (whyElsewhere(path, step.command) === undefined) await follow(step);
    }
    if (changes.length > 0) {
      const write = path.startsWith('man/') ? escaped : (line: string) => line;
      const mended = changes.map(([at, lines]) => [at, lines.map(write)] as const);
      writeFileSync(inRepository(path), withShown(text, mended));
    }
    if (wrong.length > 0)
      assert.fail(`UPDATE_GOLDEN=1 rewrites what is shown whole\n\n${wrong.join('\n\n')}`);
  }

  /** What a command that succeeds prints on a terminal. */
  async function shownOnTerminal(command: string): Promise<ShownOnTerminal> {
    const words = terminalWords(command.split(' '), { columns: PICTURE_COLUMNS });
    const said = withoutReturns(await box.succeed(words));
    return { command, printed: said.replaceAll(REPOSITORY, INSTALLED) };
  }

  test(PICTURE, async () => {
    const policy = readDocument('README.md').steps.find((step) => step.kind === 'file');
    assert.equal(policy?.path, '/etc/sandbox-unit/nginx.service.toml');
    await box.writeFile(policy.path, policy.content);
    await box.succeed(['systemctl', 'start', 'nginx']);
    const all: ShownOnTerminal[] = [];
    for (const command of PICTURED) all.push(await shownOnTerminal(command));
    await box.succeed(['sandbox-unit', 'revert', '--quiet', 'nginx']);
    await box.succeed(['rm', policy.path]);
    const made = terminalPicture(all, PICTURED.join('; '), PICTURE_COLUMNS);
    const file = inRepository(PICTURE);
    const shown = existsSync(file) ? linesOf(readFileSync(file, 'utf8')) : [];
    if (isAsShown(shown, linesOf(made))) return;
    if (UPDATES) return writeFileSync(file, made);
    assert.deepEqual(linesOf(made), shown, 'printed otherwise (UPDATE_GOLDEN=1 rewrites the picture)');
  });

  for (const document of RUNS.filter(({ dear }) => !dear || THOROUGH || UPDATES))
    if (readDocument(document.path).steps.length > 0) test(document.path, () => tries(document));
});
