/** Templates for services of root: what the service can do to the manager, and with its own mounts. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { changeFiles } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { splitLines } from '../support/run.js';
import { apply, mainPid, policyPath, properties, sandboxUnit, servicesObstacle } from '../support/service.js';
import { alternatives } from '../support/thorough.js';
import type { TreeName } from '../support/tree.js';

const UNIT = 'nginx.service';

/** The program of a service that stands for a template's. */
const PROGRAMS = {
  apache2: '/usr/sbin/apache2',
  bind9: '/usr/sbin/named',
  dovecot: '/usr/sbin/dovecot',
  haproxy: '/usr/sbin/haproxy',
  mariadb: '/usr/sbin/mariadbd',
  memcached: '/usr/bin/memcached',
  'php-fpm': '/usr/sbin/php-fpm8.4',
  postfix: '/usr/sbin/postfix',
  postgresql: '/usr/bin/pg_ctlcluster',
  unbound: '/usr/sbin/unbound',
};
type Template = keyof typeof PROGRAMS;

/** Templates by which a service may execute its own program, and no shell. */
const WITHOUT_SHELL: readonly Template[] = ['haproxy', 'php-fpm'];

/** Templates by which the service sees no process, and so reaches no files by /proc/PID/root of another user. */
const WITHOUT_PROC: readonly Template[] = ['bind9', 'haproxy', 'postfix', 'unbound'];

/** The shell of klibc-utils, which initramfs-tools brings. */
const KLIBC = '/usr/lib/klibc/bin/sh';

/** Folders that the packages bring. */
const FOLDERS = [
  ...[
    '/var/cache/bind',
    '/var/lib/bind',
    '/var/lib/haproxy/dev',
    '/var/lib/mysql',
    '/var/lib/nginx',
    '/var/log/nginx',
    '/var/lib/php',
    '/var/lib/postfix',
  ],
  ...['/var/lib/postgresql', '/var/log/apache2', '/var/log/postgresql', '/var/spool/postfix', '/var/www'],
  ...['/run/haproxy', '/run/memcached', '/run/mysqld', '/run/named', '/run/php', '/run/postgresql'],
];

/** Files of other programs of root, by which they start something or let somebody in. */
const OTHERS = ['credstore', 'extensions', 'modprobe.d', 'polkit-1', 'sudo', 'tmpfiles.d', 'user/0'];

/** Sockets of programs that start something for root: the manager's own, one for images of /usr, and an engine's. */
const SOCKETS: Readonly<Record<string, string>> = {
  '/etc/systemd/system/engine.socket':
    '[Socket]\nListenStream=/run/docker.sock\n[Install]\nWantedBy=sockets.target\n',
  '/etc/systemd/system/engine.service': '[Service]\nExecStart=/usr/bin/sleep infinity\n',
  '/etc/systemd/system/images.socket': '[Socket]\nListenStream=/run/systemd/io.systemd.sysext\n',
  '/etc/systemd/system/images.service': '[Service]\nExecStart=/usr/bin/sleep infinity\n',
};

/** Says that it is ready, and how often it was asked. */
const NOTIFIES = {
  '/etc/systemd/system/notifies.service':
    '[Service]\nType=notify\nNotifyAccess=all\nExecStart=/opt/notifies\n',
  '/opt/notifies': `#!/bin/bash
trap 'systemd-notify --status=$((n += 1))' USR1
systemd-notify --ready
while :; do sleep 0.1; done
`,
};

/** Sockets and files in /run that a service may write to under any of these templates; `[^/]*` stands for their names. */
const COMMON = [/^\/run\/systemd\/journal\/[^/]*$/, /^\/run\/systemd\/notify$/];

for (const tree of alternatives<TreeName>(['machine', 'bookworm'])) {
  describe(`a service of root of ${tree}`, { skip: servicesObstacle(tree) ?? false }, () => {
    const { box } = machine(`service-templates-${tree}`, {
      tree,
      prepare: async () => {
        await box.succeed(['mount', '--make-rshared', '/']);
        const made =
          await box.sh(`mkdir -p ${FOLDERS.join(' ')} ${OTHERS.map((name) => `/run/${name}`).join(' ')}
        mkdir -p /usr/lib/klibc/bin /run/sandbox-unit && touch /var/lib/haproxy/dev/log /opt/notifies && chmod 755 /opt/notifies && cp /bin/sh ${KLIBC}`);
        assert.equal(made.status, 0, made.stderr);
        const hasNginx = (await box.exec(['test', '-e', '/usr/sbin/nginx'])).status === 0;
        const instead = {
          [`/etc/systemd/system/${UNIT}`]: '[Service]\nType=exec\nExecStart=/usr/bin/sleep infinity\n',
        };
        await changeFiles(box, { ...SOCKETS, ...NOTIFIES, ...(hasNginx ? {} : instead) });
        await box.succeed(['systemctl', 'start', UNIT, 'notifies', 'engine.socket', 'images.socket']);
      },
    });

    /** A shell's script with the mounts of a service. */
    const inside = async (unit: string, script: string) =>
      box.exec(['nsenter', `--target=${await mainPid(box, unit)}`, '--mount', '--', 'sh', '-c', script]);

    /** Files, folders and sockets in /run that a service can write to or connect with, but those that all may. */
    async function open(unit: string): Promise<string[]> {
      const root = `/proc/${await mainPid(box, unit)}/root`;
      // A folder that is in itself, as that of unbound, is an error to find(1).
      const { stdout } = await box.exec(['find', `${root}/run`, '-writable', '-o', '-type', 's']);
      return splitLines(stdout)
        .map((path) => path.slice(root.length))
        .filter((path) => !COMMON.some((one) => one.test(path)))
        .sort();
    }

    /** What a service sees in /proc. */
    const processes = async (unit: string) =>
      (await box.succeed(['ls', `/proc/${await mainPid(box, unit)}/root/proc`])).trim();

    /** Has the manager execute itself, and waits until it has made its socket anew. */
    async function executesItself(how: () => Promise<unknown>) {
      const socket = () => box.exec(['stat', '--format=%i', '/run/systemd/private']);
      const { stdout } = await socket();
      await how();
      await box.waitFor('a new socket of the manager', async () => {
        const now = await socket();
        return now.status === 0 && now.stdout !== stdout;
      });
      await box.succeed(['systemctl', 'show', '--property=Version']);
      await box.succeed(['systemctl', 'restart', 'engine.socket', 'images.socket']);
    }

    const told = async () => (await properties(box, 'notifies.service', 'StatusText')).StatusText;

    test('sees nothing of /run but its own, and still notifies the manager after a daemon-reexec', async () => {
      const reached = await open(UNIT);
      for (const path of ['docker.sock', 'extensions', 'systemd/private', 'systemd/io.systemd.sysext'])
        assert.ok(reached.includes(`/run/${path}`), path);
      await apply(box, `extends = ["nginx"]\n[apply]\nprobe = ["true"]\n`, UNIT);
      await apply(box, 'extends = ["own-run"]\n', 'notifies.service');
      const ways = [() => inside(UNIT, 'kill -TERM 1'), () => box.succeed(['systemctl', 'daemon-reexec'])];
      assert.deepEqual(await open(UNIT), ['/run/nginx.pid']);
      assert.equal(await processes(UNIT), '');
      for (const [i, way] of ways.entries()) {
        await executesItself(way);
        assert.deepEqual(await open(UNIT), ['/run/nginx.pid']);
        await box.succeed(['systemctl', 'kill', '--kill-whom=main', '--signal=USR1', 'notifies']);
        await box.waitFor('a word of the service', async () => (await told()) === `${i + 1}`);
      }
    });

    test('keeps its own folders under each template, and no others', async () => {
      const templates = Object.keys(PROGRAMS) as Template[];
      const unitOf = (template: Template) => `own-${template}.service`;
      for (const template of templates) {
        const program = PROGRAMS[template];
        await box.succeed(['sh', '-c', `rm -f ${program} && cp /usr/bin/sleep ${program}`]);
        const policy = `extends = ["${template}"]\n[apply]\nprobe = ["true"]\n`;
        await box.writeFile(policyPath(unitOf(template)), policy);
      }
      const unit = (template: Template) => `[Service]\nType=exec\nExecStart=${PROGRAMS[template]} infinity\n`;
      await changeFiles(
        box,
        Object.fromEntries(templates.map((one) => [`/etc/systemd/system/${unitOf(one)}`, unit(one)])),
      );
      await box.succeed(['systemctl', 'start', ...templates.map(unitOf)]);
      const klibc = (template: Template) => inside(unitOf(template), `exec ${KLIBC} -c true`);
      for (const template of WITHOUT_SHELL) assert.equal((await klibc(template)).status, 0);
      const { status, stdout, stderr } = await sandboxUnit(box, 'apply', ...templates.map(unitOf));
      assert.equal(status, 0, stdout + stderr);
      assert.doesNotMatch(stderr, /leaves-open|file-mask/);
      const found = await Promise.all(templates.map(async (one) => [one, await open(unitOf(one))]));
      assert.deepEqual(Object.fromEntries(found), {
        apache2: ['/run/apache2', '/run/lock/apache2'],
        bind9: ['/run/named'],
        dovecot: ['/run/dovecot'],
        haproxy: ['/run', '/run/haproxy', '/run/systemd'],
        mariadb: ['/run/mysqld'],
        memcached: ['/run/memcached'],
        'php-fpm': ['/run/php'],
        postfix: [],
        postgresql: ['/run/postgresql'],
        unbound: ['/run', '/run/systemd'],
      });
      for (const template of WITHOUT_PROC) assert.equal(await processes(unitOf(template)), '');
      for (const template of WITHOUT_SHELL) {
        const shell = await klibc(template);
        assert.deepEqual([shell.status, /Permission denied/.test(shell.stderr)], [126, true], shell.stderr);
      }
    });
  });
}
