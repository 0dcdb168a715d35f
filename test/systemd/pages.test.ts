/**
 * Pages for administrators, done as they are written: each command is run in its turn, and prints what the page shows.
 * UPDATE_GOLDEN=1 writes what is printed now into the pages: see test/support/page.ts.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Box } from '../support/box.js';
import { isAsShown, type PageStep, shownAnew, stepsOf, withShown } from '../support/page.js';
import { inRepository, REPOSITORY } from '../support/repository.js';
import { servicesObstacle } from '../support/service.js';

interface Page {
  readonly name: string;
  /** A script: what the page takes for granted of the machine. */
  readonly prepare?: string;
  /** How many of its commands can't be run here. */
  readonly elsewhere: number;
}

const MAIL = 'postconf -e mydestination=localhost myorigin=localhost inet_protocols=ipv4 alias_maps=';

const PAGES: readonly Page[] = [
  { name: 'first-service', prepare: 'echo "<title>web1</title>" >/var/www/html/index.html', elsewhere: 1 },
  { name: 'postgresql', elsewhere: 0 },
  { name: 'exec-where-needed', prepare: `systemctl stop nginx; ${MAIL}`, elsewhere: 0 },
];

/** Commands that change nothing: what they show may come a moment later than they are called. */
const LOOKS =
  /^(?:cat|curl|grep|journalctl|mailq|ls|pgrep|ps|runuser -u postgres -- psql -qAt|tail|systemctl (?:is-active|show)|sandbox-unit (?:explain|status)) /;
const LOOKS_MS = 30_000;

/** No command of a page takes this long, on a busy machine either. */
const STEP_MS = 300_000;

const skip = servicesObstacle('clients') ?? false;

/** Where npm installs the command on Debian. */
const INSTALLED = '/usr/local/lib/node_modules/sandbox-unit';

const UPDATES = process.env.UPDATE_GOLDEN === '1';

const linesOf = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));

describe('pages', { skip }, () => {
  let box: Box;
  before(async () => {
    box = await Box.boot({ name: 'web1', tree: 'clients' });
    await box.succeed(['ln', '-s', inRepository('dist/sandbox-unit.cjs'), '/usr/local/bin/sandbox-unit']);
  });
  after(() => box?.stop());

  const run = async (command: string) => {
    const { status, stdout } = await box.exec(['bash', '-c', `exec 2>&1\n${command}`], {
      timeoutMs: STEP_MS,
    });
    return { status, stdout: stdout.replaceAll(REPOSITORY, INSTALLED) };
  };

  /** What a step prints. A failure says so, or is one of the page. */
  async function printedBy(step: PageStep, shown: readonly string[]): Promise<string[]> {
    if (step.kind === 'excerpt') return linesOf(await box.readFile(step.path));
    assert.equal(step.kind, 'command');
    let { status, stdout } = await run(step.command);
    const isEnough = () => (UPDATES ? stdout !== '' : isAsShown(shown, linesOf(stdout)));
    if (LOOKS.test(step.command) && !isEnough())
      await box
        .waitFor(
          step.command,
          async () => {
            ({ status, stdout } = await run(step.command));
            return isEnough();
          },
          LOOKS_MS,
        )
        .catch(() => {});
    if (stdout === '') assert.equal(status, 0, step.command);
    return linesOf(stdout);
  }

  for (const { name, prepare, elsewhere } of PAGES)
    test(`docs/${name}.md`, async () => {
      if (prepare !== undefined) await box.sh(prepare);
      const path = inRepository(`docs/${name}.md`);
      const text = readFileSync(path, 'utf8');
      const lines = text.split('\n');
      const changes: (readonly [{ from: number; to: number }, readonly string[]])[] = [];
      const wrong: string[] = [];
      const steps = stepsOf(text);
      for (const step of steps) {
        if (step.kind === 'file') await box.writeFile(step.path, step.content, step.mode);
        if (step.kind === 'file' || step.kind === 'elsewhere') continue;
        const shown = lines.slice(step.shown.from, step.shown.to);
        const printed = await printedBy(step, shown);
        if (isAsShown(shown, printed)) continue;
        const what = step.kind === 'command' ? step.command : step.path;
        wrong.push(`docs/${name}.md:${step.shown.from}: ${what}\n${printed.join('\n')}`);
        if (UPDATES) changes.push([step.shown, shownAnew(shown, printed)]);
      }
      assert.ok(steps.filter(({ kind }) => kind === 'command').length > 2);
      assert.equal(steps.filter(({ kind }) => kind === 'elsewhere').length, elsewhere);
      if (UPDATES) return writeFileSync(path, withShown(text, changes));
      assert.deepEqual(wrong, [], 'printed otherwise (UPDATE_GOLDEN=1 rewrites the page)');
    });
});
