/** The Ansible collection, on hosts that are reached by ssh: with the command, without it and without Node, and an older Debian. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  Ansible,
  type HostOptions,
  type Played,
  PROJECT,
  type TaskResult,
  USER,
} from '../support/ansible.js';
import type { Box } from '../support/box.js';
import { inRepository } from '../support/repository.js';
import { servicesObstacle } from '../support/service.js';
import { LONG, THOROUGH } from '../support/thorough.js';

const HOSTS: readonly HostOptions[] = [
  { name: 'web', tree: 'ansible', command: true },
  { name: 'bare', tree: 'ansible', command: false },
  ...(THOROUGH ? [{ name: 'old', tree: 'ansible-bookworm', command: true } as const] : []),
];
/** Why what takes long is left out. */

const NAMES = HOSTS.map(({ name }) => name);

const UNIT = 'demo.service';
const SERVICE = '[Service]\nType=exec\nExecStart=/usr/bin/tail -f /dev/null\n';

/** A policy of which both systemd and the launcher enforce a part. */
const POLICY = [
  '[syscalls]\ndeny = ["execve", "execveat", "uname"]',
  '[service]\nProtectHome = true',
  '[apply]\nsettle = "200ms"\n',
].join('\n');

/** A policy with which the service doesn't start. */
const BROKEN = POLICY.replace('"uname"', '"open", "openat"');

const SSH = 'ssh.service';
const HARMLESS = '[syscalls]\ndeny = ["@swap", "kexec_load"]\naction = "EPERM"\n[apply]\nsettle = "200ms"\n';

/** Another, whose logins have no filter: one that has can't read those of services back. */
const WITHOUT_FILTER = '[service]\nLimitCORE = 0\n[apply]\nsettle = "200ms"\n';

/** A policy under which the server stays up, and takes no connection. */
const CUTS = HARMLESS.replace('"@swap"', '"accept", "accept4"');

/** Prints all that a policy of the units touches. */
const STATE = `
cd /etc/systemd/system && find . -name '*sandbox-unit*' ! -name sandbox-unit-undo.service -type f -exec sha256sum {} + | sort
find /usr/local/libexec /var/lib/sandbox-unit -type f 2>/dev/null | sort
for unit in ${UNIT} ${SSH}; do
  systemctl show --property=ActiveState,NeedDaemonReload,DropInPaths $unit
  grep -s Seccomp: /proc/$(systemctl show --value --property=MainPID $unit)/status || echo none
done`;

/** A task of the module, with a policy in place. */
const task = (name: string, unit: string, options: string, policy?: string): string =>
  `- name: ${name}
  sandbox_unit.core.policy:
    units: ${unit}
${options.replace(/^(?=.)/gm, '    ')}${policy === undefined ? '' : `\n    content: ${JSON.stringify(policy)}`}
  diff: true
`;

const checked = (text: string): string => `${text.trimEnd()}\n  check_mode: true\n`;

const said = ({ stdout, stderr }: Played) => `${stdout}\n${stderr}`;

describe('the Ansible collection', { skip: LONG || (obstacle() ?? false) }, () => {
  let ansible: Ansible;
  /** The hosts before any policy. */
  let were: readonly string[];
  before(async () => {
    ansible = await Ansible.boot(HOSTS);
    for (const box of ansible.hosts.values()) {
      await box.writeFile(`/etc/systemd/system/${UNIT}`, SERVICE);
      await box.succeed(['sh', '-c', `systemctl daemon-reload; systemctl start ${UNIT}`]);
    }
    were = await states();
  });
  after(() => ansible?.stop());

  const hostNamed = (name: string): Box => ansible.hosts.get(name)!;
  const stateOf = (name: string) => hostNamed(name).succeed(['sh', '-c', STATE]);
  const states = () => Promise.all(NAMES.map(stateOf));

  /** Results of a task by hosts. */
  const of = (played: Played, name: string, hosts: readonly string[] = NAMES) =>
    hosts.map((host) => {
      const found = played.results.find((one) => one.host === host && one.task === name);
      assert.ok(found, `${name} on ${host}: ${said(played)}`);
      return found;
    });
  const changed = (played: Played, name: string) => of(played, name).map(({ result }) => result.changed);
  const unitStates = (result: Record<string, unknown>) =>
    (result.units as { unit: string; state: string }[]).map(({ unit, state }) => `${unit}: ${state}`);

  test('a policy that breaks the service, or is wrong, changes nothing, and the task reports the reasons', async () => {
    const broken = await ansible.tasks(
      'all',
      [
        task('broken', UNIT, '', BROKEN),
        task('slip', UNIT, '', '[syscalls]\ndeny = ["opnat"]\n'),
        task('option', UNIT, 'confirm: 3s', POLICY),
        task('absent', UNIT, 'state: absent\npurge: true'),
      ]
        .map((text) => `${text}  ignore_errors: true\n`)
        .join(''),
    );
    for (const { outcome, result, host } of of(broken, 'broken')) {
      assert.deepEqual([outcome, result.changed], ['failed', false], host);
      assert.deepEqual(unitStates(result), [`${UNIT}: rolled-back`], host);
      assert.match(
        String(result.msg),
        host === 'bare'
          ? /demo\.service.* \(signal SIGSYS.*'journalctl .* \[not-applied\]/
          : /\[service-failed\]; hint: /,
        host,
      );
    }
    for (const { result } of of(broken, 'slip')) {
      const [first] = result.diagnostics as Record<string, unknown>[];
      assert.deepEqual([first!.code, first!.line, first!.column], ['unknown-syscall', 2, 9]);
      assert.match(String(result.msg), /^standard input:2:9: .* \[unknown-syscall\]/);
    }
    for (const { outcome } of of(broken, 'option')) assert.equal(outcome, 'failed');
    for (const { result } of of(broken, 'absent')) assert.match(String(result.msg), /^purge is for units/);
    assert.deepEqual(await states(), were);
  });

  test('check mode reports what a run does, and a second run changes nothing', async () => {
    const look = task('check', UNIT, '', POLICY);
    const first = await ansible.tasks('all', checked(look));
    assert.equal(first.status, 0, said(first));
    assert.deepEqual(await states(), were);
    const run = await ansible.tasks('all', task('run', UNIT, '', POLICY) + task('again', UNIT, '', POLICY));
    assert.equal(run.status, 0, said(run));
    for (const name of NAMES) {
      const [check] = of(first, 'check', [name]);
      const [done] = of(run, 'run', [name]);
      assert.deepEqual([check!.result.changed, done!.result.changed], [true, true], name);
      assert.deepEqual(check!.result.diff, done!.result.diff, name);
      assert.match(JSON.stringify(done!.result.diff), /\+ProtectHome=yes/);
      assert.match(await stateOf(name), /^DropInPaths=.*\/zz-sandbox-unit\.conf\n(?:.*\n)*?Seccomp:\t2$/m);
    }
    assert.deepEqual(
      changed(run, 'again'),
      NAMES.map(() => false),
    );
    assert.equal(of(run, 'run', ['bare'])[0]!.result.agentless, true);
  });

  test('state absent reverts a unit, once, also without Python', async () => {
    const where = (one: string, other: string) =>
      `{{ '${one}' if inventory_hostname == 'bare' else '${other}' }}`;
    const options = `state: absent\nagentless: "${where('always', 'never')}"`;
    const away = (name: string) =>
      `${task(name, UNIT, options)}  vars: {ansible_python_interpreter: "${where('/none', '/usr/bin/python3')}"}\n`;
    const gone = await ansible.tasks('all', checked(away('look')) + away('away') + away('again'));
    assert.equal(gone.status, 0, said(gone));
    const found = ['look', 'away', 'again'].map((name) => changed(gone, name));
    assert.deepEqual(
      found,
      [true, true, false].map((is) => NAMES.map(() => is)),
    );
    for (const name of ['look', 'away'])
      for (const { result, host } of of(gone, name))
        assert.match(JSON.stringify(result.diff), /-ProtectHome=yes/, `${name} on ${host}`);
    for (const { result, host } of of(gone, 'again')) assert.deepEqual(result.diff, { prepared: '' }, host);
    assert.deepEqual(await states(), were);
  });

  test('an unknown unit fails its task, and the others get their policies', async () => {
    const look = task('look', `[${UNIT}, nosuch]`, 'confirm: never', POLICY);
    const two = task('two', `[${UNIT}, nosuch]`, 'confirm: never', POLICY);
    const done = await ansible.tasks(
      'all',
      `${checked(look)}  ignore_errors: true\n${two}  ignore_errors: true\n${task('away', UNIT, 'state: absent')}`,
    );
    for (const [name, state] of [
      ['look', 'pending'],
      ['two', 'applied'],
    ] as const)
      for (const { outcome, result, host } of of(done, name)) {
        assert.deepEqual([outcome, result.changed], ['failed', true], `${name} on ${host}: ${result.msg}`);
        assert.deepEqual(unitStates(result).sort(), [`${UNIT}: ${state}`, 'nosuch.service: refused'], host);
        assert.match(String(result.msg), /nosuch\.service/, host);
      }
    assert.deepEqual(await states(), were);
  });

  test("a user who becomes root changes access units as in the example; units that aren't named are purged", async () => {
    const as = ['-e', `ansible_user=${USER} ansible_become=true`, '--limit', 'web,bare'];
    const policies = { confined_units: { [UNIT]: { content: POLICY } }, ssh_policy: WITHOUT_FILTER };
    const example = inRepository('integrations/ansible/examples/roll-out.yml');
    const rolled = await ansible.play(example, ...as, '-e', JSON.stringify(policies));
    assert.equal(rolled.status, 0, said(rolled));
    for (const { result } of of(rolled, 'Confine the SSH server', ['web', 'bare']))
      assert.deepEqual([result.changed, unitStates(result)], [true, [`${SSH}: confirmed`]]);
    const look = await ansible.play(inRepository('integrations/ansible/examples/look.yml'), '--limit', 'web');
    assert.equal(look.status, 0, said(look));
    const purge = task('purge', UNIT, 'purge: true', POLICY);
    const purged = await ansible.tasks('all', checked(purge.replace('purge', 'look')) + purge, ...as);
    assert.equal(purged.status, 0, said(purged));
    for (const { result } of of(purged, 'look', ['web', 'bare'])) {
      assert.deepEqual(unitStates(result), [`${UNIT}: unchanged`, `${SSH}: pending`]);
      assert.match(JSON.stringify(result.diff), /zz-sandbox-unit\.conf/);
    }
    for (const { result } of of(purged, 'purge', ['web', 'bare']))
      assert.deepEqual(unitStates(result), [`${UNIT}: unchanged`, `${SSH}: reverted`]);
  });

  test('a waiting change is confirmed or undone, a score is returned, and the role reverts other units', async () => {
    const policy = POLICY.replace('uname', 'sysinfo');
    const wait = `- name: wait
  ansible.builtin.command: {cmd: "sandbox-unit apply --policy - --confirm 10min ${UNIT}", stdin: ${JSON.stringify(policy)}}
  changed_when: true
  failed_when: waiting.rc != 3
  register: waiting
`;
    const confirm = (name: string, state: string) =>
      `- name: ${name}\n  sandbox_unit.core.confirm: {units: ${UNIT}, state: ${state}}\n`;
    const score = (name: string) => `- name: ${name}\n  sandbox_unit.core.score_info: {units: ${UNIT}}\n`;
    const played = await ansible.tasks(
      'web',
      `${wait}${checked(confirm('look', 'kept'))}${confirm('undo', 'undone')}${score('before')}${wait}${confirm('keep', 'kept')}
${confirm('nothing', 'kept')}  ignore_errors: true
${checked(confirm('nothing to see', 'kept'))}  ignore_errors: true
- ansible.builtin.include_role: {name: sandbox_unit.core.policies}
  vars: {policies_purge: true}
`,
    );
    const outcomes = ['look', 'undo', 'keep', 'nothing', 'nothing to see'].map((name) => {
      const [{ outcome, result }] = of(played, name, ['web']) as [TaskResult];
      return [name, outcome, result.changed ?? false, ...unitStates(result)];
    });
    assert.deepEqual(outcomes, [
      ['look', 'ok', true, `${UNIT}: pending`],
      ['undo', 'ok', true, `${UNIT}: rolled-back`],
      ['keep', 'ok', true, `${UNIT}: confirmed`],
      ['nothing', 'failed', false, `${UNIT}: refused`],
      ['nothing to see', 'failed', false],
    ]);
    const [freed] = of(played, 'sandbox_unit.core.policies : Free those that are not among these', ['web']);
    assert.deepEqual(unitStates(freed!.result), [`${UNIT}: reverted`]);
    const [scored] = of(played, 'before', ['web'])[0]!.result.units as { exposure: number }[];
    assert.ok(scored!.exposure > 0 && scored!.exposure <= 10);
  });

  test('the first host that fails stops the roll-out, and is as before', async () => {
    const before = await states();
    for (const name of NAMES) {
      const given = name === 'bare' ? { content: BROKEN } : { content: POLICY, state: 'permissive' };
      const variables = { confined_units: { [UNIT]: given } };
      await ansible.controller.writeFile(`${PROJECT}/host_vars/${name}.yml`, JSON.stringify(variables));
    }
    const rolled = await ansible.play(inRepository('integrations/ansible/examples/roll-out.yml'));
    assert.notEqual(rolled.status, 0);
    assert.deepEqual(new Set(rolled.results.map(({ host }) => host)), new Set(['web', 'bare']));
    const are = await states();
    assert.notEqual(are[0], before[0]);
    assert.deepEqual(are.slice(1), before.slice(1));
  });

  test('a policy that cuts the connection is rolled back by itself', async () => {
    const before = await states();
    const cut = await ansible.tasks('web,bare', task('cut', SSH, 'confirm: 10s', CUTS));
    for (const { outcome, result } of of(cut, 'cut', ['web', 'bare'])) {
      assert.deepEqual([outcome, unitStates(result)], ['failed', [`${SSH}: unconfirmed`]]);
      assert.match(String(result.msg), /goes back by itself: no new connection to the host/);
    }
    for (const name of ['web', 'bare'])
      await hostNamed(name).waitFor(
        'the way back',
        async () => (await stateOf(name)) === before[NAMES.indexOf(name)],
      );
    const reached = await ansible.tasks('web,bare', '- name: reach\n  ansible.builtin.ping:\n');
    assert.equal(reached.status, 0, said(reached));
  });
});

/** Why no host can be confined here. */
function obstacle(): string | undefined {
  const missing = HOSTS.map(({ tree }) => servicesObstacle(tree));
  return missing.find((reason) => reason !== undefined);
}
