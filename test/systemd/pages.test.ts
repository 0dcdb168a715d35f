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
  /** Capabilities that its commands have not, for setpriv(1). */
  readonly lacks?: string;
}

const MAIL = 'postconf -e mydestination=localhost myorigin=localhost inet_protocols=ipv4 alias_maps=';

const SSH = `systemctl start systemd-user-sessions ssh
  ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519
  cp /root/.ssh/id_ed25519.pub /root/.ssh/authorized_keys
  ssh -o StrictHostKeyChecking=accept-new -o LogLevel=ERROR root@web1 true`;

const IMAGE = `systemctl stop apache2; systemctl reset-failed
  mkdir -p /srv/image && ln -s usr/lib /srv/image/lib
  for one in etc run usr var; do mkdir "/srv/image/$one"; mount --bind "/$one" "/srv/image/$one"; done`;

/** What containers without privileges have not. */
const CONTAINER_LACKS = '-sys_admin,-sys_ptrace,-bpf,-perfmon,-syslog,-audit_control,-audit_read';

const PAGES: readonly Page[] = [
  { name: 'first-service', prepare: 'echo "<title>web1</title>" >/var/www/html/index.html', elsewhere: 1 },
  { name: 'postgresql', elsewhere: 0 },
  { name: 'exec-where-needed', prepare: `systemctl stop nginx; ${MAIL}`, elsewhere: 0 },
  { name: 'fleet', prepare: `systemctl stop apache2 nginx; systemctl start nginx\n${SSH}`, elsewhere: 0 },
  { name: 'containers', prepare: IMAGE, elsewhere: 0, lacks: CONTAINER_LACKS },
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

  async function run(command: string, lacks: string | undefined) {
    const limits = lacks === undefined ? [] : ['setpriv', '--bounding-set', lacks];
    const argv = [...limits, 'bash', '-c', `exec 2>&1\n${command}`];
    const { status, stdout } = await box.exec(argv, { timeoutMs: STEP_MS });
    return { status, stdout: stdout.replaceAll(REPOSITORY, INSTALLED) };
  }

  /** What a step prints. A failure says so, or is one of the page. */
  async function printedBy(step: PageStep, shown: readonly string[], { lacks }: Page): Promise<string[]> {
    if (step.kind === 'excerpt') return linesOf(await box.readFile(step.path));
    assert.equal(step.kind, 'command');
    let said = await run(step.command, lacks);
    const isEnough = () => (UPDATES ? said.stdout !== '' : isAsShown(shown, linesOf(said.stdout)));
    const look = async () => {
      said = await run(step.command, lacks);
      return isEnough();
    };
    // What is shown otherwise in the end is told by the caller.
    if (LOOKS.test(step.command) && !isEnough())
      await box.waitFor(step.command, look, LOOKS_MS).catch(() => {});
    if (said.stdout === '') assert.equal(said.status, 0, step.command);
    return linesOf(said.stdout);
  }

  for (const page of PAGES) {
    const { name, prepare, elsewhere } = page;
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
        const printed = await printedBy(step, shown, page);
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
  }
});
