import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { Box, boxAvailable } from './box.js';
import { REPOSITORY } from './repository.js';
import { run } from './run.js';
import { testsUnless } from './tests-unless.js';
import type { TreeName } from './tree.js';
import { until } from './until.js';

const skip = boxAvailable();
const test = testsUnless(skip);
const folder = mkdtempSync(join(tmpdir(), 'sandbox-unit-box-'));
const box = skip ? undefined : await Box.boot({ name: 'under-test' });
after(async () => {
  await box?.stop();
  rmSync(folder, { recursive: true });
});

test('systemd is PID 1, everything that it starts succeeds', async () => {
  assert.equal(await box!.readFile('/proc/1/comm'), 'systemd\n');
  assert.equal(await box!.succeed(['systemctl', '--failed', '--no-legend']), '');
  assert.equal(await box!.succeed(['systemctl', 'is-system-running']), 'running\n');
});

test('a command has its status, signal, output, input, user and environment', async () => {
  const shell = (script: string, options = {}) => box!.exec(['sh', '-c', script], options);
  assert.deepEqual(await shell('cat; echo "no $X" >&2; exit 3', { input: 'ünï\n', env: { X: 'y' } }), {
    status: 3,
    stdout: 'ünï\n',
    stderr: 'no y\n',
  });
  assert.deepEqual(await shell('kill -TERM $$'), { status: 143, signal: 'SIGTERM', stdout: '', stderr: '' });
  assert.equal(
    (await shell('id -un; id -gn; echo $HOME $PWD', { user: 'www-data', cwd: '/usr' })).stdout,
    'www-data\nwww-data\n/var/www /usr\n',
  );
  assert.deepEqual(await box!.sh('false; echo not reached'), { status: 1, stdout: '', stderr: '' });
  await assert.rejects(
    box!.succeed(['sh', '-c', 'echo why; exit 4']),
    /^Error: status 4 in box 'under-test': .*\nwhy/,
  );
});

test('a command that takes too long is killed with its children', async () => {
  await assert.rejects(box!.sh('sleep 4242 & wait', { timeoutMs: 500 }), /^Error: no end after 500 ms: /);
  await box!.waitFor('no sleep', async () => (await box!.exec(['pgrep', '-f', 'sleep 4242'])).status === 1);
});

test('a command is in a cgroup of the box', async () => {
  assert.match(await box!.readFile('/proc/self/cgroup'), /^0::\/init\.scope$/m);
});

test('files are written whole, with their mode, and read back', async () => {
  const text = 'a\0b\n$HOME %n "\\\n';
  await box!.writeFile('/etc/new/deep/file', text, '0600');
  assert.equal(await box!.readFile('/etc/new/deep/file'), text);
  assert.equal(await box!.succeed(['stat', '-c', '%a %U', '/etc/new/deep/file']), '600 root\n');
});

test("the repository and the tests' Node are in the box, the repository read-only", async () => {
  assert.equal(await box!.succeed(['node', '-p', 'process.version']), `${process.version}\n`);
  const packageJson = join(REPOSITORY, 'package.json');
  assert.equal(await box!.readFile(packageJson), readFileSync(packageJson, 'utf8'));
  assert.match((await box!.exec(['touch', join(REPOSITORY, 'new')])).stderr, /Read-only file system/);
});

test('shared kernel settings are read-only', async () => {
  const setting = '/proc/sys/vm/swappiness';
  const same = readFileSync(setting, 'utf8');
  assert.match((await box!.sh(`printf %s ${Number(same)} >${setting}`)).stderr, /Read-only file system/);
});

test('Debian’s nginx, redis-server and memcached serve on loopback', async () => {
  await box!.succeed(['systemctl', 'start', 'nginx', 'redis-server', 'memcached']);
  assert.match(await box!.succeed(['curl', '-sS', 'http://127.0.0.1/']), /<title>Welcome to nginx!<\/title>/);
  assert.equal(await box!.succeed(['redis-cli', 'ping']), 'PONG\n');
  const said = await box!.succeed(['curl', '-sS', 'telnet://127.0.0.1:11211'], {
    input: 'version\r\nquit\r\n',
  });
  assert.match(said, /^VERSION 1\./);
  assert.match(await box!.succeed(['journalctl', '-u', 'nginx.service']), /Started nginx\.service/);
});

test('user managers run, for root and for others', async () => {
  await box!.succeed(['useradd', '--create-home', 'ada']);
  for (const user of ['root', 'ada']) {
    const uid = (await box!.succeed(['id', '-u', user])).trim();
    await box!.succeed(['systemctl', 'start', `user@${uid}.service`]);
    const state = await box!.succeed(['systemctl', '--user', 'is-system-running', '--wait'], { user });
    assert.equal(state, 'running\n');
    await box!.succeed(['busctl', '--user', 'status'], { user });
  }
});

test("boxes don't see each other or change the machine", async () => {
  const others = await Promise.all(['one', 'two'].map((name) => Box.boot({ name })));
  await Promise.all(others.map((other) => other.writeFile('/etc/mine', other.name)));
  assert.deepEqual(await Promise.all(others.map((other) => other.readFile('/etc/mine'))), ['one', 'two']);
  assert.deepEqual(await Promise.all(others.map((other) => other.readFile('/etc/hostname'))), [
    'one\n',
    'two\n',
  ]);
  assert.equal((await box!.exec(['test', '-e', '/etc/mine'])).status, 1);
  assert.equal(readdirSync('/etc').includes('mine'), false);
  await Promise.all(others.map((other) => other.stop()));
});

test('a repository whose path has odd characters is seen at its path', async () => {
  const repository = join(folder, 'a b,c:d\\e"f\'g$h');
  mkdirSync(repository);
  writeFileSync(join(repository, 'file'), 'here');
  const odd = await Box.boot({ name: 'odd', repository });
  assert.equal(await odd.readFile(join(repository, 'file')), 'here');
  await odd.stop();
});

test('a box that cannot boot says why and leaves nothing', async () => {
  const name = `broken-${process.pid}`;
  await assert.rejects(
    Box.boot({ name, root: folder }),
    /^Error: box 'broken-\d+' does not boot: it ended before systemd/,
  );
  assert.deepEqual(processesWith(name), []);
});

const RELEASES: readonly [TreeName, RegExp][] = [
  ['bullseye', /^systemd 247 /],
  ['bookworm', /^systemd 252 /],
  ['forky', /^systemd 2[6-9]\d /],
];

for (const [tree, version] of RELEASES) {
  test(`the systemd of Debian ${tree} boots`, { skip: boxAvailable(tree) }, async () => {
    const other = await Box.boot({ tree });
    assert.match(await other.succeed(['systemctl', '--version']), version);
    assert.equal(await other.succeed(['systemctl', 'is-system-running']), 'running\n');
    assert.equal(await other.succeed(['node', '-p', 'process.version']), `${process.version}\n`);
    await other.stop();
  });
}

/** Processes that have this word in their command line. */
function processesWith(word: string): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(word);
      } catch {
        return false; // it has ended
      }
    })
    .map(Number);
}

/** The cgroups made for a supervisor's box, wherever this machine has cgroup2 mounted. */
async function cgroupsOf(supervisor: number): Promise<string> {
  const script = `mount -t cgroup2 cgroup2 /sys/fs/cgroup; ls /sys/fs/cgroup`;
  const { stdout } = await run(['unshare', '--mount', '--propagation', 'private', 'sh', '-ec', script]);
  return stdout
    .split('\n')
    .filter((name) => name.startsWith(`sandbox-unit-box.${supervisor}.`))
    .join();
}

/** Mounts of the kinds that boxes are made of, in the mount namespace of the tests. */
const mounts = () =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => / - (overlay|cgroup2|tmpfs) /.test(line));

/** Whether a process is more than a zombie, which PID 1 of some containers leaves behind. */
function alive(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

const gone = (pids: readonly number[]) => until(`the end of ${pids}`, () => !pids.some(alive));

/** Another process that boots a box and keeps it, with a long-running command inside. */
async function ownerOf(name: string, temporary: string) {
  const script = join(folder, 'owner.mjs');
  writeFileSync(
    script,
    `
    import { Box } from ${JSON.stringify(new URL('./box.js', import.meta.url).href)};
    const box = await Box.boot({ name: ${JSON.stringify(name)} });
    void box.exec(['sleep', 'infinity', '${name}'.length]);
    await box.waitFor('sleep', async () => (await box.exec(['pgrep', 'sleep'])).status === 0);
    console.log(box.pid);
    setInterval(() => {}, 1000);`,
  );
  const env = { ...process.env, TMPDIR: temporary };
  const owner = spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(owner.stdout, 'data')) as [Buffer];
  const supervisor = processesWith(`box-supervisor.sh\0${name}\0`);
  assert.equal(supervisor.length, 1);
  return { owner, init: Number(line), supervisor: supervisor[0]! };
}

test("a box is the same whatever its caller's limits", async () => {
  const script = join(folder, 'habits.mjs');
  writeFileSync(
    script,
    `
    import { Box } from ${JSON.stringify(new URL('./box.js', import.meta.url).href)};
    const box = await Box.boot();
    const ask = 'nice; umask; ulimit -Sa; ulimit -Ha';
    console.log((await box.sh(ask)).stdout);
    console.log(await box.succeed(['systemd-run', '--quiet', '--pipe', '--wait', 'bash', '-c', ask]));
    await box.stop();`,
  );
  // A bash(1) whose input is a socket reads the caller's ~/.bashrc otherwise.
  const from = (habits: string) =>
    run(['bash', '--norc', '-ec', `${habits} exec "$0" "$1"`, process.execPath, script]);
  const plain = await from('');
  assert.match(plain.stdout, /^0\n0022\n/);
  const odd = 'umask 077; ulimit -S -n 200 -f 99999 -s 4096 -c unlimited -u 500; renice 10 $$ >&2;';
  const { stdout, status } = await from(odd);
  assert.deepEqual([status, stdout], [0, plain.stdout]);
});

test('a box ends without a trace when its owner is killed', async () => {
  const temporary = join(folder, 'temporary');
  mkdirSync(temporary);
  const before = mounts();
  const { owner, init, supervisor } = await ownerOf('orphan', temporary);
  assert.notEqual(await cgroupsOf(supervisor), '');
  owner.kill('SIGKILL');
  await gone([init, supervisor]);
  assert.equal(await cgroupsOf(supervisor), '');
  assert.deepEqual(mounts(), before);
  assert.deepEqual(readdirSync(temporary), []);
});

test('a box ends when its supervisor is killed, and the next one removes the rest', async () => {
  const { owner, init, supervisor } = await ownerOf('unsupervised', folder);
  process.kill(supervisor, 'SIGKILL');
  await gone([init, supervisor]);
  owner.kill('SIGKILL');
  // A box that another test boots in that moment may be the next one.
  await (await Box.boot()).stop();
  assert.equal(await cgroupsOf(supervisor), '');
});
