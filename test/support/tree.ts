import { type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { inBatches } from '../../src/collections.js';
import { inRepository } from './repository.js';
import { THOROUGH } from './thorough.js';

/** Trees that hold the file `vmlinuz` alone: Debian's kernel of a machine. */
export type KernelName = `linux-${'5.10' | '6.12'}-${'x86-64' | 'arm64'}` | 'linux-6.1-x86-64';

type RootName =
  | 'machine'
  | 'toolchain'
  | 'clang'
  | 'services'
  | 'more-services'
  | 'ready-services'
  | 'bookworm-services'
  | 'clients'
  | 'shells'
  | 'ansible'
  | 'ansible-bookworm'
  | 'puppet'
  | 'bullseye'
  | 'bookworm'
  | 'forky'
  | 'emulator';

/**
 * Debian root trees, for boxes to boot and compilers to run in, unit files of daemons, and kernels. Each is made by mmdebstrap once and kept in
 * `$XDG_CACHE_HOME/sandbox-unit/trees`; nothing is installed on the machine itself.
 */
export type TreeName = RootName | 'daemons' | KernelName;

interface Tree {
  readonly suite: string;
  readonly packages: readonly string[];
  /** Of a kernel, by Debian's name. */
  readonly architecture?: 'amd64' | 'arm64';
  /** Only `usr/lib/systemd/system` of the packages, and of none that they need. */
  readonly unitsOnly?: true;
}

const SYSTEMD = ['systemd', 'systemd-sysv', 'dbus', 'dbus-user-session', 'libpam-systemd', 'procps'];

/** What Ansible asks of a host, and a program that carries bytes to its sshd. */
const ANSIBLE_HOST = ['netcat-openbsd', 'openssh-server', 'python3', 'sudo'];

const TREES: Readonly<Record<TreeName, Tree>> = {
  machine: {
    suite: 'trixie',
    packages: [
      ...SYSTEMD,
      ...[
        'systemd-coredump',
        'nginx',
        'redis-server',
        'memcached',
        'curl',
        'iproute2',
        'strace',
        'e2fsprogs',
        'nodejs',
      ],
    ],
  },
  toolchain: {
    suite: 'trixie',
    packages: [
      ...['gcc', 'libc6-dev', 'make', 'libseccomp-dev', 'seccomp', 'patchelf', 'strace'],
      ...['gcc-aarch64-linux-gnu', 'libc6-dev-arm64-cross', 'musl-tools', 'mandoc', 'shellcheck'],
    ],
  },
  /** Apart from the toolchain, for its size: what the observer and the packages take, for arm64, too. */
  clang: {
    suite: 'trixie',
    packages: [
      ...['clang', 'make', 'libclang-rt-19-dev', 'libc6-dev', 'gcc', 'gcc-aarch64-linux-gnu'],
      ...['libbpf-dev', 'libelf-dev', 'zlib1g-dev', 'libzstd-dev'],
      ...['libbpf-dev:arm64', 'libelf-dev:arm64', 'zlib1g-dev:arm64', 'libzstd-dev:arm64'],
      ...['debhelper', 'lintian', 'rpm', 'rpmlint'],
    ],
  },
  /** Services and runtimes of test/services/, and their clients: 2 GB. */
  services: {
    suite: 'trixie',
    packages: [
      ...SYSTEMD,
      ...['apache2', 'apache2-utils', 'bind9', 'bind9-host', 'chrony', 'curl', 'dovecot-imapd', 'haproxy'],
      ...['iproute2', 'logrotate', 'mariadb-server', 'memcached', 'mosquitto', 'mosquitto-clients', 'nginx'],
      ...['openssh-client', 'openssh-server', 'openssh-sftp-server', 'php-fpm', 'postfix', 'postgresql'],
      ...['prometheus-node-exporter', 'redis-server', 'rsyslog', 'squid', 'unbound', 'varnish'],
      ...['gunicorn', 'prometheus-redis-exporter'],
      ...['gcc', 'libc6-dev', 'nodejs', 'openjdk-21-jre-headless', 'python3', 'rustc'],
    ],
  },
  /** Daemons of test/services/more-loads/, and their clients: those that can't be installed beside the ones above, too. */
  'more-services': {
    suite: 'trixie',
    packages: [
      ...SYSTEMD,
      ...[
        'apache2-utils',
        'at',
        'avahi-daemon',
        'avahi-utils',
        'beanstalkd',
        'bind9-host',
        'caddy',
        'coturn',
      ],
      ...[
        'cron',
        'cups-client',
        'cups-daemon',
        'curl',
        'dnsmasq',
        'dropbear',
        'exim4-daemon-light',
        'fail2ban',
      ],
      ...['freeradius', 'freeradius-utils', 'iproute2', 'knot', 'knot-dnsutils', 'ldap-utils', 'lighttpd'],
      ...[
        'logrotate',
        'monit',
        'nagios-nrpe-plugin',
        'nagios-nrpe-server',
        'netcat-openbsd',
        'ngircd',
        'nsd',
      ],
      ...['openssh-client', 'openssl', 'pdns-backend-bind', 'pdns-server', 'privoxy', 'proftpd-core'],
      ...['prometheus', 'prosody', 'radicale', 'rsync', 'samba', 'slapd', 'smbclient', 'snmp', 'snmpd'],
      ...['stunnel4', 'syslog-ng-core', 'tinyproxy', 'tor', 'valkey-server', 'valkey-tools'],
    ],
  },
  /** Daemons of test/services/ready-loads/ and learned-loads/, and their clients. */
  'ready-services': {
    suite: 'trixie',
    packages: [
      ...[...SYSTEMD, 'curl', 'docker-registry', 'gpsd', 'icecast2', 'iproute2', 'jetty9', 'logrotate'],
      ...[
        'nats-server',
        'netcat-openbsd',
        'openssl',
        'pure-ftpd',
        'python3',
        'tomcat10',
        'webhook',
        'zookeeperd',
      ],
    ],
  },
  /** Shells that the command line is completed in. */
  shells: { suite: 'trixie', packages: ['bash-completion', 'fish', 'zsh'] },
  /** Services that templates are for, on the release before. */
  'bookworm-services': {
    suite: 'bookworm',
    packages: [
      ...SYSTEMD,
      ...['apache2', 'apache2-utils', 'bind9', 'bind9-host', 'curl', 'dovecot-imapd', 'gunicorn', 'haproxy'],
      ...[
        'iproute2',
        'logrotate',
        'mariadb-server',
        'memcached',
        'nginx',
        'php-fpm',
        'postfix',
        'postgresql',
      ],
      ...['prometheus-node-exporter', 'prometheus-redis-exporter', 'redis-server', 'unbound'],
      ...['gcc', 'libc6-dev', 'nodejs', 'python3'],
    ],
  },
  /** Services that a policy may break unnoticed, and their clients; those of the pages in docs/. */
  clients: {
    suite: 'trixie',
    packages: [
      ...SYSTEMD,
      ...['cron', 'openssh-client', 'openssh-server', 'sudo'],
      ...[
        'apache2',
        'apache2-utils',
        'curl',
        'jq',
        'nginx',
        'php-fpm',
        'postfix',
        'postgresql',
        'redis-server',
      ],
    ],
  },
  /** Ansible, its linters, and what its hosts have. */
  ansible: {
    suite: 'trixie',
    packages: [
      ...[...SYSTEMD, ...ANSIBLE_HOST, 'openssh-client'],
      ...['ansible-core', 'ansible-lint', 'git', 'pycodestyle', 'pylint', 'python3-voluptuous', 'yamllint'],
    ],
  },
  'ansible-bookworm': { suite: 'bookworm', packages: [...SYSTEMD, ...ANSIBLE_HOST] },
  /** Puppet, its linter and its tests, and CFEngine. */
  puppet: {
    suite: 'trixie',
    packages: [
      ...SYSTEMD,
      ...['cfengine3', 'puppet-agent', 'puppet-lint', 'puppet-strings'],
      ...['ruby-puppet-resource-api', 'ruby-rspec-puppet'],
    ],
  },
  daemons: {
    suite: 'trixie',
    packages: [
      ...['apache2', 'avahi-daemon', 'bind9', 'chrony', 'cups-daemon', 'dnsmasq', 'dovecot-core'],
      ...['exim4-base', 'haproxy', 'lighttpd', 'mariadb-server', 'mosquitto', 'openssh-server', 'postfix'],
      ...['postgresql-common', 'proftpd-core', 'prometheus-node-exporter', 'rsyslog', 'samba', 'tor'],
      ...['unbound', 'vsftpd'],
    ],
    unitsOnly: true,
  },
  bullseye: { suite: 'bullseye', packages: SYSTEMD },
  bookworm: { suite: 'bookworm', packages: SYSTEMD },
  forky: { suite: 'forky', packages: SYSTEMD },
  emulator: { suite: 'trixie', packages: ['qemu-system-arm', 'qemu-system-x86'] },
  // The kernel for clouds, which is small, has no x32.
  'linux-5.10-x86-64': { suite: 'bullseye', packages: ['linux-image-amd64'], architecture: 'amd64' },
  'linux-5.10-arm64': { suite: 'bullseye', packages: ['linux-image-cloud-arm64'], architecture: 'arm64' },
  'linux-6.1-x86-64': { suite: 'bookworm', packages: ['linux-image-amd64'], architecture: 'amd64' },
  'linux-6.12-x86-64': { suite: 'trixie', packages: ['linux-image-amd64'], architecture: 'amd64' },
  'linux-6.12-arm64': { suite: 'trixie', packages: ['linux-image-cloud-arm64'], architecture: 'arm64' },
};

/** Trees that only tests with CI=true need. */
const FOR_THOROUGH: readonly TreeName[] = THOROUGH ? [] : ['puppet'];

/** Trees of the tests; test/services/ is run by itself. */
export const TREE_NAMES = (Object.keys(TREES) as TreeName[]).filter(
  (name) => !name.endsWith('services') && !FOR_THOROUGH.includes(name),
);

/** Whether only the tests of other kernels need a tree. */
export const isForKernels = (name: TreeName): boolean => name === 'emulator' || name.startsWith('linux-');

/** Where a tree lies or will lie; the key changes with everything that the tree is made from. */
function treePath(name: TreeName): string {
  const { suite, packages, architecture } = TREES[name];
  const key = JSON.stringify([architecture ?? process.arch, suite, packages]);
  const digest = createHash('sha256').update(key).digest('hex').slice(0, 12);
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(cache, 'sandbox-unit', 'trees', `${name}-${digest}`);
}

/** Why a tree can't be had, known to this process already. */
const missing = new Map<TreeName, string>();

const isThere = (name: TreeName): boolean =>
  statSync(treePath(name), { throwIfNoEntry: false }) !== undefined;

function buildOf(
  name: TreeName,
): readonly [command: string, words: readonly string[], options: SpawnOptions] {
  const { suite, packages, architecture, unitsOnly } = TREES[name];
  const only = unitsOnly ? 'units' : architecture;
  const script = inRepository('test/support/tree.sh');
  const words = [script, name, treePath(name), suite, packages.join(','), ...(only ? [only] : [])];
  return ['bash', words, { stdio: ['ignore', 'pipe', 'inherit'] }];
}

const failureOf = (text: string): string => text.trim() || 'test/support/tree.sh failed';

/**
 * The root folder of a Debian tree, read-only by custom: it is the lower layer of every box.
 * Builds it when it isn't there, which takes about 15 seconds and the network; says so on standard error.
 * @throws Error saying what is missing and what to do.
 */
export function debianTree(name: TreeName): string {
  if (isThere(name)) return treePath(name);
  const known = missing.get(name) ?? process.env.SANDBOX_UNIT_NO_TREES;
  if (known) throw new Error(known);
  const { status, error, stdout } = spawnSync(...buildOf(name));
  if (status === 0) return treePath(name);
  const reason = error?.message ?? failureOf(String(stdout));
  missing.set(name, reason);
  throw new Error(reason);
}

/** Builds those trees that aren't there, as many at a time as there are processors. */
export async function buildTrees(names: readonly TreeName[]): Promise<void> {
  await inBatches(
    names.filter((name) => !isThere(name)),
    availableParallelism(),
    async (name) => {
      const child = spawn(...buildOf(name));
      const said = text(child.stdout!);
      const [status] = await once(child, 'close');
      if (status !== 0) missing.set(name, failureOf(await said));
    },
  );
}
