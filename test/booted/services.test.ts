/** Debian's own services under a policy that lets them start no program. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { callNames } from '../../src/seccomp/syscalls/numbers.js';
import { machine } from '../support/machine.js';
import { apply, mainPid, PROGRAMS, properties, revert, sandboxUnit } from '../support/service.js';

interface Service {
  readonly unit: string;
  /** A request of a real client, and what the service answers. */
  readonly ask: string;
  readonly answer: RegExp;
  readonly reloads?: boolean;
  /** Lines for the policy. */
  /** Set where a script becomes the program, which loses the calls once it serves. */
  readonly isScripted?: true;
}

const SERVICES: readonly Service[] = [
  {
    unit: 'nginx.service',
    ask: 'curl -sS http://127.0.0.1/',
    answer: /<title>Welcome to nginx!<\/title>/,
    reloads: true,
  },
  {
    unit: 'redis-server.service',
    ask: 'redis-cli ping; redis-cli set key "a value"; redis-cli get key',
    answer: /^PONG\nOK\na value\n$/,
  },
  {
    unit: 'memcached.service',
    ask: `printf 'set key 0 0 7\\r\\na value\\r\\nget key\\r\\nquit\\r\\n' | curl -sS telnet://127.0.0.1:11211`,
    answer: /^STORED\r\nVALUE key 0 7\r\na value\r\nEND\r\n$/,
    isScripted: true,
  },
];
const UNITS = SERVICES.map(({ unit }) => unit);

/** Has each service say something in the journal as it starts. */
const CONFIGURATION = {
  '/etc/nginx/conf.d/same-name.conf': 'server { listen 81; server_name a; }\n'.repeat(2),
  '/etc/memcached.conf': '-vv\n-u memcache\n-l 127.0.0.1\n-P /run/memcached/memcached.pid\n',
};

/** What tells a service's main process, and the machine, before any policy. */
const untouched = new Map<string, string>();
let untouchedMachine: readonly string[];

const { box, test } = machine('services', {
  programs: { 'inject-execve': ['test/booted/programs/inject-execve.c', '-static'] },
  files: CONFIGURATION,
  script: `sed -i 's/^logfile .*/logfile ""/' /etc/redis/redis.conf; mkdir -p /etc/sandbox-unit`,
  start: UNITS,
  prepare: async () => {
    for (const service of SERVICES) {
      await assertServes(service);
      untouched.set(service.unit, await mainProcess(service.unit));
    }
    untouchedMachine = await stateOfMachine();
  },
});

/** What comes of a service's main process executing a program. */
const injectExec = async (unit: string) =>
  box.succeed([`${PROGRAMS}/inject-execve`, `${await mainPid(box, unit)}`]);

test('without a policy the services can start programs', async () => {
  for (const service of SERVICES) {
    assert.equal(await injectExec(service.unit), 'SUCCEEDED\n', service.unit);
    await box.succeed(['systemctl', 'restart', service.unit]);
    await assertServes(service);
  }
});

async function assertServes({ unit, ask, answer }: Service): Promise<void> {
  let last = '';
  const served = async () => {
    const { stdout, stderr } = await box.sh(ask);
    last = stdout + stderr;
    return answer.test(stdout);
  };
  await box.waitFor(`an answer of ${unit}`, served).catch(() => assert.match(last, answer, unit));
}

/** Whether a unit is active, its main process's executable, name and arguments, and what the journal calls its processes. */
async function mainProcess(unit: string): Promise<string> {
  const script = `
    systemctl is-active "$1"
    pid=$(systemctl show --value --property=MainPID "$1")
    stat -L --format=%d:%i /proc/$pid/exe
    cat /proc/$pid/comm
    tr '\\0' ' ' </proc/$pid/cmdline
    journalctl --sync
    journalctl _SYSTEMD_INVOCATION_ID=$(systemctl show --value --property=InvocationID "$1") --output=json |
      grep -o '"SYSLOG_IDENTIFIER":"[^"]*"' | grep -v '"tighten"' | sort -u`;
  return box.succeed(['bash', '-c', script, 'bash', unit]);
}

const PLACES =
  '/etc /usr/local /usr/libexec $(ls -d /var/lib/sandbox* /run/sandbox* /run/systemd/system || :)';

/** Every file where the command may write, and all that systemd has of the units but what a restart changes. */
async function stateOfMachine(): Promise<string[]> {
  const { stdout } = await box.sh(`
    find ${PLACES} -printf '%p %y %m %u:%g %l\\n'
    find ${PLACES} -type f ! -name node -exec sha256sum {} +
    systemctl show ${UNITS.join(' ')}`);
  return stdout
    .split('\n')
    .filter((line) => !/^[^=]*(Timestamp|PID|Nsec|NSec|Id|ID|Memory|Tasks)[^=]*=/.test(line))
    .map((line) => line.replace(/ (start_time|pid)=.*$/, ''))
    .map((line) => (/^(After|Requires)=/.test(line) ? line.split(/[= ]/).sort().join(' ') : line))
    .sort();
}

/** Whether the journal has this of a unit. */
const hasSaid = async (unit: string, text: RegExp) =>
  text.test(await box.succeed(['journalctl', `--unit=${unit}`, '--output=cat']));

async function assertConfined(service: Service): Promise<void> {
  const { unit } = service;
  await assertServes(service);
  assert.equal(await mainProcess(unit), untouched.get(unit));
  const { stdout } = await box.sh(`
    for pid in $(cat /sys/fs/cgroup/system.slice/${unit}/cgroup.procs); do
      grep -E '^(Seccomp|NoNewPrivs):' /proc/$pid/status
    done | sort -u`);
  assert.equal(stdout, 'NoNewPrivs:\t1\nSeccomp:\t2\n', `every process of ${unit}`);
}

for (const action of ['EPERM', 'kill']) {
  describe(`if starting a program gets ${action}`, () => {
    const policy = ({ isScripted }: Service) =>
      `[${isScripted ? 'ready' : 'syscalls'}]\ndeny = ["execve", "execveat"]\naction = "${action}"\n`;

    for (const service of SERVICES) {
      const { unit } = service;
      test(`${unit} works as before, confined`, async () => {
        // Restarts by hand count for the limit on restarts, too.
        await box.succeed(['systemctl', 'reset-failed', unit]);
        assert.match(await apply(box, policy(service), unit), new RegExp(`^${unit}: applied$`, 'm'));
        await assertConfined(service);
      });

      test(`${unit} reloads, restarts, stops and starts`, async () => {
        const pid = await mainPid(box, unit);
        if (service.reloads) {
          await box.succeed(['systemctl', 'reload', unit]);
          assert.equal(await mainPid(box, unit), pid);
          await assertConfined(service);
        }
        await box.succeed(['systemctl', 'restart', unit]);
        assert.notEqual(await mainPid(box, unit), pid);
        await assertConfined(service);
        await box.succeed(['systemctl', 'stop', unit]);
        assert.deepEqual(await properties(box, unit, 'ActiveState', 'Result'), {
          ActiveState: 'inactive',
          Result: 'success',
        });
        await box.succeed(['systemctl', 'start', unit]);
        await assertConfined(service);
      });

      test(`applying the policy to ${unit} again changes nothing`, async () => {
        const pid = await mainPid(box, unit);
        const { status, stdout } = await sandboxUnit(box, 'apply', unit);
        assert.deepEqual([status, stdout], [0, `${unit}: unchanged\n`]);
        assert.equal(await mainPid(box, unit), pid);
      });
    }

    for (const service of SERVICES) {
      const { unit } = service;
      test(`${unit} can't start a program`, async () => {
        await box.succeed(['systemctl', 'reset-failed', unit]);
        const pid = await mainPid(box, unit);
        if (action === 'kill') {
          assert.equal(await injectExec(unit), 'killed (SIGSYS)\n');
          await box.waitFor(`word of the end of ${unit}`, () =>
            hasSaid(unit, /code=killed, status=31\/SYS$/m),
          );
          await box.succeed(['systemctl', 'restart', unit]);
        } else {
          assert.equal(await injectExec(unit), 'refused (EPERM)\n');
          assert.equal(await mainPid(box, unit), pid);
        }
        await assertConfined(service);
      });
    }

    test("nginx can't replace itself by a new binary", async () => {
      const log = '/var/log/nginx/error.log';
      await box.succeed(['truncate', '--size=0', log]);
      await box.sh('kill -USR2 $(systemctl show --value --property=MainPID nginx.service)');
      const refusal =
        action === 'kill'
          ? /new binary process \d+ exited on signal 31/
          : /execve\(\) failed while executing new binary process .* \(1: Operation not permitted\)/;
      await box.waitFor('a refusal in its log', async () => refusal.test(await box.readFile(log)));
      await assertConfined(SERVICES[0]!);
    });
  });
}

test('systemd lets redis-server make fewer calls than before', async () => {
  const calls = async () =>
    (await properties(box, 'redis-server.service', 'SystemCallFilter')).SystemCallFilter.split(' ');
  const confined = new Set(await calls());
  await revert(box, 'redis-server.service');
  const own = new Set(await calls());
  const found = [...confined].filter((call) => !own.has(call));
  assert.deepEqual(found, []);
  assert.deepEqual(
    [...own].filter((call) => !confined.has(call) && callNames().has(call)),
    ['execveat'],
  );
});

test('after revert the machine is as before', async () => {
  await box.succeed(['systemctl', 'reset-failed']);
  await revert(box, ...UNITS);
  for (const service of SERVICES) {
    await assertServes(service);
    assert.equal(await mainProcess(service.unit), untouched.get(service.unit));
  }
  const now = await stateOfMachine();
  assert.deepEqual(
    {
      gone: untouchedMachine.filter((line) => !now.includes(line)),
      // The lock of those who change units stays until the next boot.
      new: now.filter((line) => !untouchedMachine.includes(line) && !line.includes('/run/sandbox-unit')),
    },
    { gone: [], new: [] },
  );
});
