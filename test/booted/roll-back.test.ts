/** A service that fails under its policy runs without it again after `apply`. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { changeFiles } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { policyPath, properties, revert, sandboxUnit } from '../support/service.js';

const { box, run, test } = machine('roll-back');

const SHELL = 'ExecStart=/bin/sh -c';
const NO_PROGRAMS = 'deny = ["execve:EPERM", "execveat"]';

const SERVICES: readonly [what: string, lines: string, policy: string, hint?: RegExp][] = [
  [
    'fails',
    `${SHELL} '/bin/true && exec /bin/sleep inf'`,
    NO_PROGRAMS,
    /sandbox-unit explain --record .*; it said: .*Operation not permitted/,
  ],
  ['ends as if all were well', `${SHELL} '/bin/true && exec /bin/sleep inf; exit 0'`, NO_PROGRAMS],
  ['starts again and again', `Restart=always\n${SHELL} 'exec /bin/sleep inf'`, NO_PROGRAMS],
  [
    'is killed at once',
    'Type=exec\nExecStart=/bin/sleep inf',
    'deny = ["openat"]',
    /sandbox-unit explain --record fragile3.service/,
  ],
  ['never gets ready', `Type=notify\n${SHELL} 'systemd-notify --ready; exec /bin/sleep inf'`, NO_PROGRAMS],
];

for (const [i, [what, lines, policy, hint]] of SERVICES.entries()) {
  test(`a service that ${what} is rolled back`, async () => {
    const unit = `fragile${i}.service`;
    await changeFiles(box, {
      [`/etc/systemd/system/${unit}`]: `[Service]\nNotifyAccess=all\n${lines}\n`,
      [policyPath(unit)]: `[syscalls]\n${policy}\n`,
    });
    await box.succeed(['systemctl', 'restart', unit]);
    const { status, stdout, stderr } = await sandboxUnit(box, 'apply', unit);
    assert.deepEqual([status, stdout], [1, `${unit}: rolled-back\n`], stderr);
    assert.match(stderr, /^error\[service-failed\]: /m);
    const [, said = ''] =
      /^ {2}hint: (.*)$/m.exec(stderr.slice(stderr.indexOf('error[service-failed]'))) ?? [];
    assert.match(said, hint ?? /./);
    assert.doesNotMatch(said, /Stopped|Started|Main process exited/);
    assert.deepEqual(await properties(box, unit, 'ActiveState', 'DropInPaths'), {
      ActiveState: 'active',
      DropInPaths: '',
    });
    assert.equal((await box.exec(['ls', `/etc/systemd/system/${unit}.d`])).status, 2);
    await box.succeed(['systemctl', 'stop', unit]);
  });
}

describe('a service that stays up but is refused calls in its trial', () => {
  const unit = 'busy.service';
  /** A process for each command, which the policy doesn't let through. */
  const WORK = `while :; do /bin/true; sleep 0.1; done`;
  const start = async (policy: string) => {
    await changeFiles(box, {
      [`/etc/systemd/system/${unit}`]: `[Service]\n${SHELL} '${WORK}'\n`,
      [policyPath(unit)]: `[syscalls]\ndeny = ["execve", "execveat"]\n${policy}`,
    });
    await box.succeed(['systemctl', 'restart', unit]);
    return sandboxUnit(box, 'apply', unit);
  };
  const CALL = /:2:9: (error|warning)\[refused-call\]: execve \(59\) (.*): deny execve$/m;

  test('is rolled back if refused calls kill processes', async () => {
    const { status, stdout, stderr } = await start('');
    assert.deepEqual([status, stdout], [1, `${unit}: rolled-back\n`], stderr);
    assert.match(stderr, /^error\[refused-in-trial\]: the policy ended processes of busy\.service/m);
    assert.deepEqual(CALL.exec(stderr)!.slice(1), ['error', 'ended the process']);
  });

  const KEPT: readonly [why: string, policy: string, end: string][] = [
    ['where they fail with an errno', 'action = "EPERM"\n', 'failed'],
    ['where the policy asks for that', '[apply]\nrefused = "warn"\n', 'ended the process'],
  ];
  for (const [why, policy, end] of KEPT) {
    test(`is reported with ${why}`, async () => {
      const { status, stdout, stderr } = await start(policy);
      assert.equal(status, 0, stderr);
      assert.match(stdout, /^busy\.service: applied$/m);
      assert.deepEqual(CALL.exec(stderr)!.slice(1), ['warning', end]);
      await revert(box, unit);
    });
  }
});

test('services that stay up without their listening sockets are rolled back', async () => {
  const daemon = `
    const [, , port, delay] = process.argv;
    const path = '/run/' + port + '/sock';
    const listen = (where) => require('net').createServer().on('error', console.error).listen(where);
    setTimeout(() => [{ host: '0.0.0.0', port }, { path }].map(listen), Number(delay));
    setInterval(() => undefined, 1000);`;
  const POLICIES: readonly (readonly [port: number, delay: number, policy: string])[] = [
    [8121, 0, '[syscalls]\ndeny = ["bind:EACCES"]\n'],
    [8122, 0, '[service]\nPrivateNetwork = true\n[apply]\nlistening = "warn"\n'],
    [8123, 3000, '[service]\nProtectHome = true\n'],
    [8124, 0, '[service]\nRestrictAddressFamilies = ["AF_UNIX"]\n'],
  ];
  const units = POLICIES.map(([port]) => `listens-${port}.service`);
  await changeFiles(box, {
    '/opt/listens.js': daemon,
    ...Object.fromEntries(
      POLICIES.flatMap(([port, delay, policy], i) => [
        [
          `/etc/systemd/system/${units[i]}`,
          `[Service]\nRuntimeDirectory=${port}\nExecStart=/usr/local/bin/node /opt/listens.js ${port} ${delay}\n`,
        ],
        [policyPath(units[i]!), policy],
      ]),
    ),
  });
  await box.succeed(['systemctl', 'restart', ...units]);
  const areThere = async () => {
    const { stdout } = await box.sh('cat /proc/net/tcp /proc/net/unix');
    return POLICIES.every(
      ([port]) => stdout.includes(`:${port.toString(16).toUpperCase()} `) && stdout.includes(`/run/${port}/`),
    );
  };
  await box.waitFor('the services to listen', areThere);
  const { stdout, stderr } = await run(1, 'apply', ...units);
  const ends = ['rolled-back', 'applied', 'applied', 'rolled-back'];
  for (const [i, unit] of units.entries()) assert.match(stdout, new RegExp(`^${unit}: ${ends[i]}$`, 'm'));
  const said = [...stderr.matchAll(/^(error|warning)\[not-listening\]: (.*)$/gm)]
    .map(([line]) => line)
    .sort();
  const without = 'and no longer does under the policy';
  assert.deepEqual(said, [
    `error[not-listening]: ${units[0]} listened on /run/8121/sock, tcp 0.0.0.0:8121, ${without}`,
    `error[not-listening]: ${units[3]} listened on tcp 0.0.0.0:8124, ${without}`,
    `warning[not-listening]: ${units[1]} listened on tcp 0.0.0.0:8122, and listens there in a network namespace of its own, where it can't be reached`,
  ]);
  assert.match(stderr, /warning\[refused-call\]: bind /);
  await revert(box, units[1]!);
  await box.waitFor('the services to listen as they did', areThere);
  await revert(box, units[2]!);
  await box.succeed(['systemctl', 'stop', ...units]);
});

describe('a service whose children leave its control group and are refused calls there', () => {
  const unit = 'leaving.service';
  const OUTSIDE = '/sys/fs/cgroup/outside';
  const WORK = `while :; do (echo 0 >${OUTSIDE}/cgroup.procs; /bin/uname >/dev/null); sleep 0.1; done`;
  const CASES: readonly [answer: string, state: string, said: RegExp][] = [
    ['kill', 'rolled-back', /:2:9: error\[refused-call\]: uname \(63\) ended the process: deny uname$/m],
    ['EPERM', 'applied', /:2:9: warning\[refused-call\]: uname \(63\) failed: deny uname$/m],
  ];
  for (const [action, state, said] of CASES) {
    test(`with ${action}: ${state}`, async () => {
      await changeFiles(box, {
        [`/etc/systemd/system/${unit}`]: `[Service]\nExecStartPre=mkdir -p ${OUTSIDE}\n${SHELL} '${WORK}'\n`,
        [policyPath(unit)]: `[syscalls]\ndeny = ["uname"]\naction = "${action}"\n`,
      });
      await box.succeed(['systemctl', 'restart', unit]);
      const { stdout, stderr } = await sandboxUnit(box, 'apply', unit);
      assert.match(stdout, new RegExp(`^${unit}: ${state}$`, 'm'), stderr);
      assert.match(stderr, said);
      assert.doesNotMatch(stderr, /refusals-unseen/);
      await revert(box, unit);
    });
  }
});

test("memcached is rolled back if its start script can't execute it", async () => {
  const unit = 'memcached.service';
  await box.succeed(['systemctl', 'start', unit]);
  await box.writeFile(policyPath(unit), `[syscalls]\n${NO_PROGRAMS}\n`);
  const { status, stdout, stderr } = await sandboxUnit(box, 'apply', unit);
  assert.deepEqual([status, stdout], [1, `${unit}: rolled-back\n`], stderr);
  assert.match(
    stderr,
    /^ +it can then start any program .*; deny it in \[ready\] if only its start needs it$/m,
  );
  const version = async () =>
    (await box.sh("printf 'version\\r\\nquit\\r\\n' | curl -sS telnet://127.0.0.1:11211")).stdout;
  await box.waitFor('an answer', async () => /^VERSION 1\./.test(await version()));
});
