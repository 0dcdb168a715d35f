/** A unit's own reload and its probes in a trial, on a real systemd. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { machine } from '../support/machine.js';
import { apply, COMMAND, mainPid, PROGRAMS, policyPath, servicesObstacle } from '../support/service.js';

const UNIT = 'executes-itself.service';
const NGINX = 'nginx.service';
const skip = servicesObstacle();

describe("trial of a unit's own reload and probes", { skip }, () => {
  const { box, run } = machine('own-verbs', {
    programs: { 'executes-itself': ['test/booted/programs/executes-itself.c', '-static'] },
    files: {
      [UNIT]: `[Service]\nExecStart=${PROGRAMS}/executes-itself\nExecReload=/bin/kill -USR2 $MAINPID\nExecStop=/bin/kill $MAINPID\n`,
    },
    start: [UNIT, NGINX],
  });

  /** What `apply` says of a policy that it doesn't take. */
  async function refused(unit: string, policy: string): Promise<string> {
    await box.writeFile(policyPath(unit), policy);
    const { stdout, stderr } = await run(1, 'apply', unit);
    await box.succeed(['systemctl', 'is-active', unit]);
    return stdout + stderr;
  }

  const reloading = (syscalls: string, more = '') =>
    `[syscalls]\n${syscalls}\n[apply]\nsettle = "200ms"\n${more}`;

  test("a policy under which a service doesn't survive its reload is rolled back", async () => {
    const said = await refused(UNIT, reloading('deny = ["execve:EPERM", "execveat:EPERM"]'));
    assert.match(said, /rolled-back/);
    // The end may come within the reload's job, or after it.
    assert.match(
      said,
      /(?:ended with 'failed'|did not stay up after its reload) \(exit-code, exit status 70\)/,
    );
    assert.match(said, /can't execute myself: Operation not permitted/);
    assert.match(said, /'reload = false' in \[apply\]/);
    await box.sh(`systemctl reload ${UNIT}; sleep 0.2; systemctl is-active ${UNIT}`);
  });

  test('a policy that allows the reload is in force after it', async () => {
    const before = await mainPid(box, UNIT);
    await apply(box, reloading('deny = ["uname"]'), UNIT);
    const pid = await mainPid(box, UNIT);
    assert.notEqual(pid, before);
    assert.match(await box.readFile(`/proc/${pid}/status`), /^Seccomp:\s2$/m);
  });

  test('a service is not reloaded if the policy says so', async () => {
    await apply(box, reloading('deny = ["execve:EPERM", "execveat:EPERM"]', 'reload = false\n'), UNIT);
  });

  test('a service that its own reload ends is started again, with a note', async () => {
    const lines = ['ExecStart=/bin/sleep infinity', 'ExecReload=/bin/kill -HUP $MAINPID'];
    const unit = 'ends.service';
    await box.writeFile(`/etc/systemd/system/${unit}`, `[Service]\n${lines.join('\n')}\n`);
    await box.sh(`systemctl daemon-reload; systemctl start ${unit}`);
    const said = await apply(box, reloading('deny = ["uname"]'), unit);
    assert.match(
      said,
      /warning\[reload-kills\]: ends.service does not handle signal \d+: its reload ended it/,
    );
    const pid = await mainPid(box, unit);
    assert.match(await box.readFile(`/proc/${pid}/status`), /^Seccomp:\s2$/m);
  });

  test('a policy that hides the command of a reload is rolled back', async () => {
    const said = await refused(UNIT, '[service]\nInaccessiblePaths = ["/usr/bin/kill"]\n');
    assert.match(said, /rolled-back/);
  });

  const probing = (probe: string) => `[service]\nNice = 1\n[apply]\nsettle = "100ms"\nprobe = ${probe}\n`;

  test('a service that answers all probes is applied, and was reloaded', async () => {
    const probes = '["tcp:localhost:80", "http://127.0.0.1/", ["id"], "dbus:org.freedesktop.systemd1"]';
    const said = await apply(box, probing(probes), NGINX);
    assert.match(said, /applied/);
    assert.match(await box.succeed(['journalctl', `--unit=${NGINX}`, '--output=cat']), /^Reloaded nginx/m);
  });

  const FAILING: readonly [probe: string, says: string][] = [
    ['"tcp:127.0.0.1:9"', 'the probe tcp:127.0.0.1:9: nothing listens there'],
    ['"http://localhost/none"', 'the probe http://localhost/none: HTTP status 404'],
    ['"dbus:org.no.One"', 'the probe dbus:org.no.One: the name has no owner on the bus'],
    [
      '["sh", "-c", "id -un; id -Gn; echo $HOME >&2; exit 3"]\nprobe-as = "www-data"',
      'ended with status 3: www-data / www-data / /var/www',
    ],
  ];

  for (const [i, [probe, says]] of FAILING.entries()) {
    test(`a failed probe rolls the policy back: ${says}`, async () => {
      const said = await refused(NGINX, probing(probe).replace('Nice = 1', `Nice = ${i + 2}`));
      assert.ok(said.includes(says), said);
    });
  }

  for (const [end, says] of [
    ['kill $$', 'ended with status 143'],
    ['wait', 'did not end within 2 s'],
  ] as const)
    test(`a probe of another user that ${says} gets nothing of the caller's, and leaves nothing`, async () => {
      const sees = `echo $(ls /proc/self/fd) $(cut -d' ' -f7 /proc/$$/stat) \${SECRET-unset}`;
      const probe = `["sh", "-c", "${sees}; setsid sleep 600 & ${end}"]\nprobe-as = "www-data"\nprobe-timeout = "2s"`;
      await box.writeFile(policyPath(NGINX), probing(probe).replace('Nice = 1', 'Nice = 8'));
      const { stdout, status } = await box.sh(
        `SECRET=1 script -qec '${COMMAND.join(' ')} apply ${NGINX}' /dev/null 55</etc/shadow`,
      );
      assert.equal(status, 1, stdout);
      assert.ok(stdout.includes(`${says}: 0 1 2 3 0 unset`), stdout);
      const left = 'pgrep -xu www-data sleep';
      await box.waitFor('nothing is left', async () => (await box.sh(left)).stdout === '');
    });

  test("a probe user that doesn't exist is an error before anything is written", async () => {
    const said = await refused(
      NGINX,
      probing('["true"]\nprobe-as = "no-one"').replace('Nice = 1', 'Nice = 9'),
    );
    assert.match(said, /refused/);
    assert.match(said, /error\[no-user\]: there is no user 'no-one'/);
  });
});
