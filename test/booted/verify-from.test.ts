/** `verify` by different users and from different places. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { machine } from '../support/machine.js';
import { inRepository } from '../support/repository.js';

const POLICY = '[syscalls]\ndeny = ["execve", "execveat", "acct"]\n';
const SLEEP = '[Service]\nExecStart=/usr/bin/sleep 1000\n';
const COMMAND = `node ${inRepository('dist/sandbox-unit.cjs')}`;

interface Found {
  readonly status: number;
  readonly loaded: boolean;
  readonly diagnostics: readonly {
    readonly code: string;
    readonly message: string;
    readonly hint?: string;
  }[];
}

const { box, test, skip } = machine('verify-from', {
  files: { 'mine.service': SLEEP },
  start: ['mine.service'],
  applied: { 'mine.service': POLICY },
});

async function verify(script: string): Promise<Found> {
  const { status, stdout, stderr } = await box.exec(['bash', '-c', script]);
  assert.ok(stdout.startsWith('{'), `${script}: ${stdout}${stderr}`);
  return { status, ...(JSON.parse(stdout) as Omit<Found, 'status'>) };
}

const codesOf = ({ diagnostics }: Found) => diagnostics.map(({ code }) => code);

describe("verify from a user's own manager", () => {
  /** Starts a user's service under a policy, and returns what runs a command as that user. */
  async function confined(user: string, home: string): Promise<(command: string) => string> {
    const uid = (await box.succeed(['id', '--user', user])).trim();
    await box.succeed(['systemctl', 'start', `user@${uid}.service`]);
    const become = `setpriv --reuid=${user} --regid=${user} --init-groups`;
    const rights = user === 'root' ? '' : '--inh-caps=-all --bounding-set=-all';
    const as = (command: string) =>
      `cd /; export HOME=${home} USER=${user} XDG_RUNTIME_DIR=/run/user/${uid}; exec ${become} ${rights} -- bash -c ${quoted(command)}`;
    const folders = `${home}/.config/systemd/user ${home}/.config/sandbox-unit`;
    await box.succeed(['bash', '-c', as(`mkdir -p ${folders}`)]);
    await box.writeFile(`${home}/.config/systemd/user/own.service`, SLEEP);
    await box.writeFile(`${home}/.config/sandbox-unit/own.service.toml`, POLICY);
    await box.succeed(['chown', '-R', `${user}:`, `${home}/.config`]);
    await box.succeed([
      ...['bash', '-c', as('systemctl --user daemon-reload && systemctl --user start own')],
    ]);
    await box.exec(['bash', '-c', as(`${COMMAND} apply --user own`)]);
    return as;
  }
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

  test("reads root's services back", async () => {
    const as = await confined('root', '/root');
    const found = await verify(as(`${COMMAND} verify --user --json own`));
    assert.deepEqual([found.status, codesOf(found)], [0, []]);
  });

  test("needs more rights for another user's; the hint is a command that has them", { skip }, async () => {
    await box.succeed(['useradd', '--create-home', 'alice']);
    const as = await confined('alice', '/home/alice');
    const found = await verify(as(`${COMMAND} verify --user --json own`));
    assert.deepEqual([found.status, found.loaded], [2, true]);
    assert.deepEqual(codesOf(found), ['filters-unreadable', 'filters-unreadable']);
    const { hint = '' } = found.diagnostics[0]!;
    const command = hint
      .replace('sudo ', '')
      .replace('$USER', 'alice')
      .replace('sandbox-unit verify', `${COMMAND} verify --json`);
    const again = await verify(command);
    assert.deepEqual([again.status, codesOf(again)], [0, []]);
  });
});

describe('verify from behind a filter', () => {
  for (const [answer, message] of [
    ['EPERM', /this process has a filter itself/],
    ['ENOSYS', /this process has a filter itself/],
    ['kill', /a filter on this process refuses it/],
  ] as const) {
    test(`that answers ptrace with ${answer}`, async () => {
      const filter = `-p SystemCallFilter=~ptrace -p SystemCallErrorNumber=${answer}`;
      const found = await verify(
        `systemd-run --quiet --wait --pipe ${filter} ${COMMAND} verify --json mine.service`,
      );
      assert.deepEqual([found.status, found.loaded], [2, true]);
      assert.deepEqual(codesOf(found), ['filters-unreadable', 'filters-unreadable']);
      assert.match(found.diagnostics[0]!.message, message);
      assert.match(found.diagnostics[0]!.hint!, /run it without that filter: 'systemd-run --wait --pipe/);
    });
  }

  test('that a login has from its service: the hint is a command that works', async () => {
    const login = 'systemd-run --quiet --wait --pipe -p ProtectClock=yes';
    const found = await verify(`${login} ${COMMAND} verify --json mine.service`);
    assert.deepEqual([found.status, codesOf(found)], [2, ['filters-unreadable', 'filters-unreadable']]);
    const [, command = ''] = /'(systemd-run [^']*)'/.exec(found.diagnostics[0]!.hint!) ?? [];
    const again = await verify(
      `${login} ${command.replace('sandbox-unit verify', `${COMMAND} verify --json`)}`,
    );
    assert.deepEqual([again.status, codesOf(again)], [0, []]);
  });

  test('that lets all of it through', async () => {
    const filter = '-p SystemCallFilter=~acct';
    const found = await verify(
      `systemd-run --quiet --wait --pipe ${filter} ${COMMAND} verify --json mine.service`,
    );
    assert.equal(found.status, 2);
    assert.match(found.diagnostics[0]!.message, /this process has a filter itself/);
  });
});

test('verify from within the unit itself, which is stopped for that time', async () => {
  const group = '/sys/fs/cgroup/system.slice/mine.service/cgroup.procs';
  const found = await verify(`echo 0 >${group}; ${COMMAND} verify --json mine.service`);
  assert.equal(found.status, 1);
  assert.match(JSON.stringify(found.diagnostics), /the policy is not fully enforced in node /);
});
