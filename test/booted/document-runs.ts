/** What documents take for granted of the machine on which their command lines are run, and what is otherwise there. */
import { dirname } from 'node:path';
import { manualPages } from '../support/manual.js';
import { MACHINE } from '../support/native.js';
import { REPOSITORY } from '../support/repository.js';
import { PROGRAMS } from '../support/service.js';

/** How the command lines of a document are run. */
export interface DocumentRun {
  /** The document, by its path in the repository. */
  readonly path: string;
  /** A script: what the document takes for granted of the machine. */
  readonly prepare?: string;
  /** Where its commands are run; `/` unless told. */
  readonly folder?: string;
  /** Only CI=true tries it. */
  readonly dear?: true;
  /** Capabilities that its commands have not, for setpriv(1). */
  readonly lacks?: string;
  /** Beside HOME, LANG, PATH, USER. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Where npm installs the command on Debian. */
export const INSTALLED = '/usr/local/lib/node_modules/sandbox-unit';

/** Lets root in as root@web1 and root@host. */
const SSH = `systemctl start systemd-user-sessions ssh
  ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519
  cp /root/.ssh/id_ed25519.pub /root/.ssh/authorized_keys
  printf 'StrictHostKeyChecking accept-new\\nLogLevel ERROR\\n' >/root/.ssh/config
  echo '127.0.0.1 host' >>/etc/hosts`;

/** A folder with a system, which is the machine's own in all but its root. */
const IMAGE = `mkdir -p /srv/image && ln -s usr/lib /srv/image/lib
  for one in etc run usr var; do mkdir "/srv/image/$one"; mount --bind "/$one" "/srv/image/$one"; done`;

/** Where npm has packages, by a npm that knows nothing else. */
const NPM = `mkdir -p ${dirname(INSTALLED)} && ln -sfn ${REPOSITORY} ${INSTALLED}
  printf '#!/bin/sh\\n[ "$*" = "root --global" ] && echo ${dirname(INSTALLED)}\\n' >/usr/local/bin/npm
  chmod 755 /usr/local/bin/npm`;

const HELPER = `${REPOSITORY}/native-helper/build/${MACHINE}`;

/** What the launcher's package has. */
const PACKAGED = `install -D -t /usr/libexec/sandbox-unit ${HELPER}/tighten
  install -D -t /usr/bin ${HELPER}/sandboxify; install -D -t /usr/lib/x86_64-linux-gnu ${HELPER}/libsandbox.so`;

/** A user's program, of root. */
const USERS_PROGRAM = `printf '[Service]\\nExecStart=sleep infinity\\n' >/run/demo.service
  install -D -m 644 -t /root/.config/systemd/user /run/demo.service; systemctl restart user@0
  XDG_RUNTIME_DIR=/run/user/0 systemctl --user start demo`;

/** What all documents take for granted. */
export const MACHINE_OF_ALL = [
  `ln -s ${REPOSITORY}/dist/sandbox-unit.cjs /usr/local/bin/sandbox-unit`,
  ...[SSH, IMAGE, NPM, PACKAGED],
].join('\n');

const MAIL = 'postconf -e mydestination=localhost myorigin=localhost inet_protocols=ipv4 alias_maps=';

const NGINX = 'sandbox-unit revert --quiet nginx; systemctl stop apache2; systemctl restart nginx';

/** A policy of another page: `learn` writes none over it. */
const NGINX_POLICY = '/etc/sandbox-unit/nginx.service.toml';

/** What containers without privileges have not. */
const CONTAINER_LACKS = '-sys_admin,-sys_ptrace,-bpf,-perfmon,-syslog,-audit_control,-audit_read';

/** Frees all services: the launcher goes with the last. A watch outlasts an uninstall. */
const FREED = `systemctl stop 'sandbox-unit-learn-*'
  sandbox-unit status --json | jq -r '.units[].unit' | xargs -r sandbox-unit revert --quiet
  rm -rf /etc/sandbox-unit`;

/** A machine where no service is confined. */
const FRESH = `${FREED}
  systemctl stop apache2; systemctl restart nginx`;

/** A machine with npm's install, and one service that is confined. */
const INSTALLED_BY_NPM = `${FRESH}; mkdir /etc/sandbox-unit
  echo 'extends = ["no-exec"]' >${NGINX_POLICY}; sandbox-unit apply --quiet nginx`;

const PAGES: readonly DocumentRun[] = [
  { path: 'docs/first-service.md', prepare: 'echo "<title>web1</title>" >/var/www/html/index.html' },
  { path: 'docs/postgresql.md', dear: true },
  { path: 'docs/ready.md', prepare: `${NGINX}; rm -f ${NGINX_POLICY}`, dear: true },
  { path: 'docs/exec-where-needed.md', prepare: `systemctl stop nginx; ${MAIL}`, dear: true },
  { path: 'docs/fleet.md', prepare: NGINX, dear: true },
  { path: 'docs/containers.md', prepare: NGINX, lacks: CONTAINER_LACKS, dear: true },
  {
    path: 'docs/configuration-management.md',
    prepare: NGINX,
    dear: true,
    env: { BUILDROOT: '/srv/image', SRCDIR: '/srv' },
  },
  { path: 'docs/templates.md', prepare: 'systemctl start postgresql', dear: true },
  { path: 'README.md', prepare: `${FRESH}; systemctl start redis-server` },
  { path: 'docs/install.md', prepare: INSTALLED_BY_NPM },
];

/** Manual pages of commands for a service that is confined already. */
const OF_CONFINED = /-(?:explain|revert|status|verify)\.1$/;

/** What manual pages take for granted. The one of `learn` writes the policy itself. */
const manualRun = (page: string): DocumentRun => ({
  path: `man/${page}`,
  folder: '/root/manual',
  env: { XDG_RUNTIME_DIR: '/run/user/0' },
  dear: true,
  prepare: `${FREED}; systemctl start nginx
    rm -rf /root/manual
    mkdir -p /root/manual /etc/sandbox-unit /etc/bash_completion.d
    mkdir -p /var/lib/prometheus/node-exporter /root/.zfunc /root/.config/fish/completions
    cd /root/manual
    ln -s /srv/image image; echo 'extends = ["no-exec"]' >nginx.toml; install -T ${PROGRAMS}/myos myos
    printf '[service]\\nProtectKernelModules = true\\n' >/etc/sandbox-unit/ssh.service.toml
    ${page === 'sandbox-unit-learn.1' ? `${USERS_PROGRAM}; ${OTHER_HOSTS}` : 'cp nginx.toml /etc/sandbox-unit/nginx.service.toml'}
    sandbox-unit facts --script | sh -s nginx.service ssh.service >web1.facts
    ${page === 'sandbox-unit-activate.8' ? 'sandbox-unit generate --facts web1.facts --output stage --activate ssh.service' : ''}
    ${OF_CONFINED.test(page) ? 'sandbox-unit apply --quiet nginx' : ''}`,
});

/** Recordings as of two other hosts. */
const OTHER_HOSTS = `sandbox-unit learn --for 1s nginx
  for host in web2 web3; do
    cp "$(ls /var/lib/sandbox-unit/recordings/nginx.service/*.json | head -1)" $host.json
  done`;

/** All documents whose command lines are run, in order. */
export const RUNS: readonly DocumentRun[] = [...PAGES, ...manualPages().map(manualRun)];

/** Scripts in front of a command of a document that takes up another thread than the commands above it. */
export const BEFORE: readonly (readonly [document: string, command: RegExp, script: string])[] = [
  // The watch of a week is over.
  ['man/sandbox-unit-learn.1', /^sandbox-unit learn --restart --for /, 'sandbox-unit learn --stop nginx'],
];

/** Times that a reader waits for, each with one that tests do. */
export const SHORTER: readonly (readonly [RegExp, string])[] = [
  [/--for 10min/, '--for 1s'],
  [/learn --user demo/, 'learn --user --for 1s demo'],
  [/learn --restart nginx --write/, 'learn --restart --for 1s nginx --write'],
];

/** Commands that end with something else than 0, as their manuals have it, and what they say then. */
export const ENDS: readonly (readonly [command: RegExp, statuses: readonly number[], said: RegExp])[] = [
  // A policy has to be at work for a week.
  [/^sandbox-unit learn --promote /, [2], /^error\[not-promoted\]: /m],
  // The program that loads the filter of [ready] comes with a package.
  [/^sandbox-unit learn --show nginx --ready /, [0, 2], /^error\[gap-ready\]: /m],
  // One of the others has a redis-server, too, which an exec ends (services.test.ts).
  [
    /^sandbox-unit explain redis-server\b/,
    [0, 1],
    /error\[refused-call\]: probably of this unit: execve \(59\) ended the process: /m,
  ],
  // The command that is run ends with an error.
  [/^sandbox-unit run .* uname\b/, [1], /^uname: cannot get system name: Network is down$/m],
  // Something would change.
  [
    /^sandbox-unit apply --check (?:--json=summary|--diff) nginx\.service$/,
    [3],
    /"changed": true|: pending$/m,
  ],
  [/^sandbox-unit tighten --check /, [3], /^nginx\.service: pending$/m],
  [/^sandbox-unit revert --check /, [3], /^nginx\.service: pending$/m],
  // The change of ssh.service waits for a confirmation.
  [/\bsandbox-unit apply (?:--confirm .*|--all(?: --purge)?)$/, [3], /^(?:note|warning)\[unconfirmed\]: /m],
  [/^sh stage\/activate --confirm /, [3], /^ssh\.service: waits for '--keep ssh\.service', for 120 s$/m],
  [/^sandbox-unit score --max /, [1], /^error\[exposed\]: /m],
];
