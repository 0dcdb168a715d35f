/**
 * Pages for administrators, done as they are written: each command is run in its turn, and prints what the page shows.
 * UPDATE_GOLDEN=1 writes what is printed now into the pages and the picture: see test/support/page.ts, terminal-picture.ts.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Box } from '../support/box.js';
import { manualCommands, manualPages } from '../support/manual.js';
import { terminalWords, withoutReturns } from '../support/on-terminal.js';
import { isAsShown, type PageStep, shownAnew, stepsOf, withShown } from '../support/page.js';
import { inRepository, REPOSITORY } from '../support/repository.js';
import { servicesObstacle } from '../support/service.js';
import { type Shown, terminalPicture } from '../support/terminal-picture.js';
import { THOROUGH } from '../support/thorough.js';

interface Page {
  readonly name: string;
  /** A script: what the page takes for granted of the machine. */
  readonly prepare?: string;
  /** How many of its commands can't be run here. */
  readonly elsewhere: number;
  /** Only CI=true tries it. */
  readonly dear?: true;
  /** Capabilities that its commands have not, for setpriv(1). */
  readonly lacks?: string;
}

const MAIL = 'postconf -e mydestination=localhost myorigin=localhost inet_protocols=ipv4 alias_maps=';

/** Where npm installs the command on Debian. */
const INSTALLED = '/usr/local/lib/node_modules/sandbox-unit';

/** Lets root in as root@web1. */
const SSH = `systemctl start systemd-user-sessions ssh
  ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519
  cp /root/.ssh/id_ed25519.pub /root/.ssh/authorized_keys
  printf 'StrictHostKeyChecking accept-new\\nLogLevel ERROR\\n' >/root/.ssh/config
  echo '127.0.0.1 host' >>/etc/hosts`;

/** A folder with a system, which is the machine's own in all but its root. */
const IMAGE = `mkdir -p /srv/image && ln -s usr/lib /srv/image/lib
  for one in etc run usr var; do mkdir "/srv/image/$one"; mount --bind "/$one" "/srv/image/$one"; done`;

const NGINX = 'sandbox-unit revert --quiet nginx; systemctl stop apache2; systemctl restart nginx';

/** What containers without privileges have not. */
const CONTAINER_LACKS = '-sys_admin,-sys_ptrace,-bpf,-perfmon,-syslog,-audit_control,-audit_read';

/** Where npm has packages. */
const NPM = `mkdir -p ${dirname(INSTALLED)} && ln -sfn ${REPOSITORY} ${INSTALLED}
  printf '#!/bin/sh\\necho ${dirname(INSTALLED)}\\n' >/usr/local/bin/npm; chmod 755 /usr/local/bin/npm`;

/** A machine with npm's install and a confined service alone. */
const INSTALLED_BY_NPM = `${NGINX}; ${NPM}
  sandbox-unit status | awk '/enforcing/ { print $1 }' | xargs -r sandbox-unit revert --quiet
  rm -rf /etc/sandbox-unit /var/lib/sandbox-unit; mkdir /etc/sandbox-unit
  echo 'extends = ["no-exec"]' >/etc/sandbox-unit/nginx.service.toml; sandbox-unit apply --quiet nginx`;

/** What a manual page takes for granted. The one of `learn` writes the policy. */
const MANUAL = `sandbox-unit learn --stop nginx; sandbox-unit revert --quiet nginx ssh
  rm -rf /root/manual; mkdir -p /root/manual /etc/sandbox-unit /var/lib/prometheus/node-exporter; cd /root/manual
  ln -s /srv/image image; echo 'extends = ["no-exec"]' >nginx.toml
  echo '[service]' >/etc/sandbox-unit/ssh.service.toml; rm -f /etc/sandbox-unit/nginx.service.toml
  [ "$1" = sandbox-unit-learn.1 ] || cp nginx.toml /etc/sandbox-unit/nginx.service.toml
  sandbox-unit facts --script | sh -s nginx.service >web1.facts
  sandbox-unit generate --facts web1.facts --output stage --activate nginx.service`;

/** What a manual page's commands may end with here: not enough is known yet. */
const TOO_EARLY = /^error\[(?:not-watched-enough|records-inconclusive|watched)\]: /m;

/** There is no jq here, no user's program, and no recording of other hosts. */
const NOT_HERE = /\bjq\b|^sudo |\.\/myos|^sh stage|--merge web2\.json/;

const PAGES: readonly Page[] = [
  { name: 'first-service', elsewhere: 3 },
  { name: 'postgresql', elsewhere: 1, dear: true },
  { name: 'exec-where-needed', prepare: `systemctl stop nginx; ${MAIL}`, elsewhere: 2 },
  { name: 'fleet', prepare: NGINX, elsewhere: 0, dear: true },
  { name: 'containers', prepare: NGINX, elsewhere: 0, lacks: CONTAINER_LACKS },
  { name: 'configuration-management', prepare: NGINX, elsewhere: 0 },
  { name: 'install', prepare: INSTALLED_BY_NPM, elsewhere: 6 },
];

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
  /^(?:cat|curl|grep|journalctl|mailq|ls|pgrep|ps|runuser -u postgres -- psql -qAt|tail|systemctl (?:is-active|show)|sandbox-unit (?:explain|status)) /;
const LOOKS_MS = 30_000;

/** `explain` says so where services outside of the box fill the kernel's log, which is one for all. */
const OTHERS_RECORDS = 'note[records-suppressed]: ';

/** No command of a page takes this long, on a busy machine either. */
const STEP_MS = 300_000;

const skip = servicesObstacle('clients') ?? false;

const UPDATES = process.env.UPDATE_GOLDEN === '1';

const README = readFileSync(inRepository('README.md'), 'utf8');

const linesOf = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));

describe('pages', { skip }, () => {
  let box: Box;
  before(async () => {
    box = await Box.boot({ name: 'web1', tree: 'clients' });
    await box.succeed(['ln', '-s', inRepository('dist/sandbox-unit.cjs'), '/usr/local/bin/sandbox-unit']);
    await box.sh(`${SSH}\n${IMAGE}`);
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

  /** What a command that succeeds prints on a terminal. */
  async function shownOnTerminal(command: string): Promise<Shown> {
    const words = terminalWords(command.split(' '), { columns: PICTURE_COLUMNS });
    return { command, printed: withoutReturns(await box.succeed(words, { timeoutMs: STEP_MS })) };
  }

  test(PICTURE, async () => {
    const [, policy = '', path = ''] =
      /```toml\n(# (\/etc\S+\/nginx\.service\.toml)\n.*?)```/s.exec(README) ?? [];
    assert.notEqual(path, '', 'README.md has no policy for nginx.service');
    await box.writeFile(path, policy);
    await box.succeed(['systemctl', 'start', 'nginx']);
    const all: Shown[] = [];
    for (const command of PICTURED) all.push(await shownOnTerminal(command));
    await box.succeed(['sandbox-unit', 'revert', '--quiet', 'nginx']);
    await box.succeed(['rm', path]);
    const made = terminalPicture(all, PICTURED.join('; '), PICTURE_COLUMNS);
    const file = inRepository(PICTURE);
    const shown = existsSync(file) ? linesOf(readFileSync(file, 'utf8')) : [];
    if (isAsShown(shown, linesOf(made))) return;
    if (UPDATES) return writeFileSync(file, made);
    assert.deepEqual(linesOf(made), shown, 'printed otherwise (UPDATE_GOLDEN=1 rewrites the picture)');
  });

  for (const page of PAGES.filter(({ dear }) => !dear || THOROUGH || UPDATES)) {
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
        if (isAsShown(shown, printed) || printed.some((line) => line.startsWith(OTHERS_RECORDS))) continue;
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

  if (THOROUGH) test('command lines of the manual pages', triesManual);

  async function triesManual(): Promise<void> {
    await box.sh(NPM);
    const wrong: string[] = [];
    let count = 0;
    for (const page of manualPages()) {
      const commands = manualCommands(page).filter((command) => !NOT_HERE.test(command));
      if (commands.length > 0) await box.exec(['bash', '-c', MANUAL, 'bash', page], { timeoutMs: STEP_MS });
      for (const command of commands) {
        count++;
        const { status, stdout } = await run(
          `cd /root/manual\n${command.replace('--for 10min', '--for 1s')}`,
          undefined,
        );
        if ((status === 2 || status > 3) && !TOO_EARLY.test(stdout))
          wrong.push(`${page}: ${command}: status ${status}\n${stdout}`);
      }
    }
    assert.ok(count > 50);
    assert.deepEqual(wrong, []);
  }
});
