/** Logins by ssh and jobs of cron, by real clients, under policies that could break them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NO_EXEC } from '../support/demo-service.js';
import { machine } from '../support/machine.js';
import { inRepository } from '../support/repository.js';
import { policyPath, sandboxUnit, servicesObstacle } from '../support/service.js';

const COMMAND = `node ${inRepository('dist/sandbox-unit.cjs')}`;

/** A policy that goes to the launcher as a whole, and takes nothing. */
const HARMLESS = `[syscalls]
deny = ["@swap", "@module", "kexec_load"]
enforcer = "launcher"
action = "EPERM"

[service]
ProtectClock = true
`;

/** Users, keys and clients: what a client says is what a person who gets in sees. */
const PREPARE = `
useradd --create-home --shell /bin/bash reader
echo reader:secret | chpasswd
echo 'reader ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/reader
ssh-keygen -q -t ed25519 -N '' -f /root/key
install -d -m 700 -o reader -g reader ~reader/.ssh
install -m 600 -o reader -g reader /root/key.pub ~reader/.ssh/authorized_keys
echo 'PerSourcePenalties no' >/etc/ssh/sshd_config.d/test.conf
printf '#!/bin/sh\\necho secret\\n' >/root/answer && chmod 755 /root/answer
# Before this unit is up nobody may log in.
systemctl start systemd-user-sessions.service
systemctl start ssh.service cron.service`;

const OPTIONS =
  '-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ConnectTimeout=20';
const BY_KEY = `timeout 30 ssh ${OPTIONS} -o BatchMode=yes -i /root/key`;

const CLIENTS = {
  key: `${BY_KEY} reader@127.0.0.1 'cat .profile >/dev/null && echo "in as $(id -un)"'`,
  password: `SSH_ASKPASS=/root/answer SSH_ASKPASS_REQUIRE=force timeout 30 setsid ssh ${OPTIONS} -o PubkeyAuthentication=no reader@127.0.0.1 'echo "in as $(id -un)"'`,
  terminal: `${BY_KEY} -tt reader@127.0.0.1 'echo "in as $(id -un)"'`,
  sudo: `${BY_KEY} reader@127.0.0.1 'sudo -n sh -c "touch /etc/written && echo in as \\$SUDO_USER"'`,
} as const;

type Client = keyof typeof CLIENTS;

describe('logins by ssh and jobs of cron', { skip: servicesObstacle('clients') ?? false }, () => {
  const { box, run } = machine('locks-out', {
    tree: 'clients',
    script: PREPARE,
  });

  const getsIn = async (client: Client): Promise<boolean> => {
    const { stdout } = await box.exec(['sh', '-c', `${CLIENTS[client]} </dev/null 2>&1`]);
    return /^in as reader\r?$/m.test(stdout);
  };
  const working = async (): Promise<Client[]> => {
    const found: Client[] = [];
    for (const client of Object.keys(CLIENTS) as Client[]) if (await getsIn(client)) found.push(client);
    return found;
  };

  /** Whether a job of a user's, for cron's start, runs sudo and leaves a file in the home. */
  const jobRuns = async (): Promise<boolean> => {
    await box.writeFile(
      '/etc/cron.d/job',
      '@reboot reader sudo -n true && echo done >"$HOME/job" && mv "$HOME/job" "$HOME/ran"\n',
    );
    await box.sh('rm -f ~reader/ran /run/crond.reboot; systemctl restart cron.service');
    const ran = async () => (await box.exec(['test', '-s', '/home/reader/ran'])).status === 0;
    return box.waitFor('the job', ran, 20_000).then(
      () => true,
      () => false,
    );
  };

  const applied = async (unit: string, policy: string, words = ['--no-confirm']) => {
    await box.writeFile(policyPath(unit), policy);
    const { status, stdout, stderr } = await sandboxUnit(box, 'apply', ...words, unit);
    return { status, said: stdout + stderr };
  };

  test('work without a policy', async () => {
    assert.deepEqual(await working(), Object.keys(CLIENTS));
    assert.ok(await jobRuns());
  });

  for (const template of ['hardened', 'no-exec', 'network-service']) {
    test(`the template ${template}, which closes homes or refuses execve, is an error for ssh and cron, and both stay as they are`, async () => {
      for (const unit of ['ssh.service', 'cron.service']) {
        for (const verb of ['plan', 'generate', 'apply']) {
          const { stderr } = await run(1, verb, '--template', template, unit);
          assert.match(
            stderr,
            /error\[locks-out\]: '(?:ProtectHome|deny execve)' would break (?:ssh|cron)\.service, .+\n.+\n.+\n +hint: .+understood/,
          );
        }
        assert.equal((await box.exec(['test', '-e', `/etc/systemd/system/${unit}.d`])).status, 1);
      }
      assert.deepEqual(await working(), Object.keys(CLIENTS));
    });
  }

  test("a policy that hides users' keys is rolled back when it is not confirmed", async () => {
    const hides = '[service]\nInaccessiblePaths = ["/home/reader"]\n';
    const { status, said } = await applied('ssh.service', hides, ['--confirm', '20s']);
    assert.equal(status, 3, said);
    assert.equal(await getsIn('key'), false);
    await box.waitFor('a login', () => getsIn('key'), 60_000);
    assert.deepEqual(await working(), Object.keys(CLIENTS));
    assert.equal((await box.exec(['test', '-e', '/etc/systemd/system/ssh.service.d'])).status, 1);
  });

  test('a filter of the launcher leaves sudo in logins and jobs working', async () => {
    for (const unit of ['ssh.service', 'cron.service']) {
      const { status, said } = await applied(unit, HARMLESS, []);
      assert.equal(status, 3, said);
      assert.match(said, /Restarted, and verified\./);
      assert.match(said, new RegExp(`note\\[unconfirmed\\]: ${unit} is rolled back at `));
    }
    assert.deepEqual(await working(), Object.keys(CLIENTS));
    assert.ok(await jobRuns());
    const filters = await box.exec([
      'sh',
      '-c',
      `${BY_KEY} reader@127.0.0.1 'grep Seccomp: /proc/self/status'`,
    ]);
    assert.match(filters.stdout, /2$/m);
    // Whoever can confirm it over a new connection gets in.
    const confirmed = await box.exec(['sh', '-c', `${BY_KEY} reader@127.0.0.1 'sudo -n ${COMMAND} confirm'`]);
    assert.equal(confirmed.status, 0, confirmed.stdout + confirmed.stderr);
    await run(0, 'status');
    await sandboxUnit(box, 'revert', 'ssh.service', 'cron.service');
  });

  test('ssh without execve, if that is `understood`, lets no client in', async () => {
    // sshd executes itself anew when it is reloaded.
    const trial = '[apply]\nunderstood = ["locks-out"]\nreload = false\n';
    const { status, said } = await applied('ssh.service', `${NO_EXEC}${trial}`);
    assert.equal(status, 0, said);
    assert.match(said, /warning\[locks-out\]/);
    assert.deepEqual(await working(), []);
    await sandboxUnit(box, 'revert', 'ssh.service');
  });

  /** What becomes of a policy whose refused call only a login makes, which is moved into a session: setarch calls it. */
  const LOGINS: readonly [action: string, status: number, said: RegExp][] = [
    ['kill', 1, /error\[refused-call\]: personality \(135\) ended the process: deny personality$/m],
    ['EPERM', 0, /warning\[refused-call\]: personality \(135\) failed: deny personality$/m],
  ];

  for (const [action, expected, told] of LOGINS) {
    test(`apply sees a call that a login during the trial is refused, by ${action}`, async () => {
      const login = `${BY_KEY} reader@127.0.0.1 'cat /proc/self/cgroup; setarch -R true; true' </dev/null >/run/login`;
      await box.writeFile('/root/probe', `#!/bin/sh\n${login}\n`, '0755');
      const { status, said } = await applied(
        'ssh.service',
        `[syscalls]\ndeny = ["personality"]\naction = "${action}"\n[apply]\nreload = false\nprobe = [["/root/probe"]]\n`,
      );
      assert.equal(status, expected, said);
      assert.match(said, told);
      assert.match(await box.readFile('/run/login'), /session-\w+\.scope$/m);
      await sandboxUnit(box, 'revert', 'ssh.service');
    });
  }
});
