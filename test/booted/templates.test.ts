/** One policy for all instances of a template unit: running, future, and different ones. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { changeFiles } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { policyPath, processStatus, properties, sandboxUnit, servicesObstacle } from '../support/service.js';

const TEMPLATE = 'work@.service';
const INSTANCES = ['work@a.service', 'work@b.service', 'work@c\\x2dd.service'];
const DROP_IN = `/etc/systemd/system/${TEMPLATE}.d/zz-sandbox-unit.conf`;
const UNIT = `[Service]
ExecStart=/usr/bin/tail --follow=name --retry "/run/%i" \${NAME}
Environment=NAME=/run/%n
`;
const POLICY = '[syscalls]\ndeny = ["execve", "ptrace"]\n[apply]\nsettle = "100ms"\n';
const DEADLY = POLICY.replace('"ptrace"', '"ptrace", "clock_nanosleep:kill", "inotify_init1:kill"');

describe('a template unit', { skip: servicesObstacle() ?? false }, () => {
  const invocations = () =>
    Promise.all(INSTANCES.map(async (unit) => (await properties(box, unit, 'InvocationID')).InvocationID));
  const filters = async (unit: string) => {
    const { MainPID } = await properties(box, unit, 'MainPID');
    return Number((await processStatus(box, Number(MainPID))).get('Seccomp_filters'));
  };
  const command = async (unit: string) => {
    const { MainPID } = await properties(box, unit, 'MainPID');
    return (await box.succeed(['cat', `/proc/${MainPID}/cmdline`])).split('\0').slice(0, -1);
  };

  const { box, run } = machine('templates', {
    files: { [`/usr/lib/systemd/system/${TEMPLATE}`]: UNIT },
    policies: { [TEMPLATE]: POLICY },
  });

  test('without running instances is confined for future ones', async () => {
    const { stderr } = await run(0, 'apply', TEMPLATE);
    assert.match(stderr, /note\[not-running\]/);
    assert.match((await run(0, 'status')).stdout, /^work@\.service +enforcing +not running +- /m);
    await box.succeed(['systemctl', 'start', '--', ...INSTANCES]);
    for (const unit of INSTANCES) assert.ok((await filters(unit)) > 0);
    assert.deepEqual((await command(INSTANCES[0]!)).slice(-2), ['/run/a', '/run/work@a.service']);
    assert.deepEqual((await command(INSTANCES[2]!)).slice(-2), ['/run/c\\x2dd', '/run/work@c\\x2dd.service']);
    assert.match((await run(0, 'status')).stdout, /^work@\.service +enforcing +live +- /m);
    assert.match((await run(0, 'status', INSTANCES[0]!)).stdout, /^work@a\.service +enforcing +live +- /m);
    assert.match((await run(0, 'verify', INSTANCES[0]!)).stdout, /^work@a\.service: enforced /);
  });

  test('is unchanged the second time', async () => {
    const were = await invocations();
    assert.match((await run(0, 'apply', TEMPLATE)).stdout, /^work@\.service: unchanged$/m);
    assert.deepEqual(await invocations(), were);
  });

  test('whose first instance fails under a policy keeps the others running', async () => {
    const were = await invocations();
    const content = await box.succeed(['cat', DROP_IN]);
    await box.writeFile(policyPath(TEMPLATE), DEADLY);
    const { stdout, stderr } = await run(1, 'apply', TEMPLATE);
    assert.match(stdout, /^work@\.service: rolled-back$/m);
    assert.match(stderr, /work@a\.service (?:did not stay up|is \w+ after)/);
    const are = await invocations();
    assert.notEqual(are[0], were[0]);
    assert.deepEqual(are.slice(1), were.slice(1));
    assert.equal(await box.succeed(['cat', DROP_IN]), content);
    for (const unit of INSTANCES) assert.ok((await filters(unit)) > 0);
    await box.writeFile(policyPath(TEMPLATE), POLICY);
  });

  test('restarts all running instances when its policy changes', async () => {
    const were = await invocations();
    await box.writeFile(policyPath(TEMPLATE), POLICY.replace('"ptrace"', '"ptrace", "keyctl"'));
    assert.match((await run(1, 'status')).stdout, / policy +/);
    assert.match((await run(0, 'apply', TEMPLATE)).stdout, /^Restarted, and verified\.$/m);
    const are = await invocations();
    assert.ok(are.every((one, i) => one !== were[i]));
    await run(0, 'status');
  });

  test('has an instance that starts another program: it is named, and gets a drop-in of its own', async () => {
    await changeFiles(box, {
      '/etc/systemd/system/work@own.service.d/x.conf':
        '[Service]\nExecStart=\nExecStart=/usr/bin/sleep 4711\n',
    });
    await box.succeed(['systemctl', 'daemon-reload']);
    const drifted = await run(1, 'status');
    assert.match(drifted.stdout, / unit +/);
    assert.match(drifted.stderr, /work@own\.service\.d\/x\.conf:2:1: error\[drift-unit\].*work@own\.service/);
    const refused = await run(1, 'apply', TEMPLATE);
    assert.match(refused.stderr, /x\.conf:2:1: error\[by-template\]: .* does not fit work@own\.service/);
    assert.match(refused.stderr, /hint: run 'sandbox-unit apply work@own\.service' first/);
    await run(0, 'apply', 'work@own.service');
    await run(0, 'apply', TEMPLATE);
    await box.succeed(['systemctl', 'start', 'work@own.service']);
    assert.match((await run(0, 'status')).stdout, /^work@own\.service +enforcing +live/m);
    assert.deepEqual(await command('work@own.service'), ['/usr/bin/sleep', '4711']);
    assert.ok((await filters('work@own.service')) > 0);
  });

  test('is no service: explain and verify ask for an instance', async () => {
    for (const verb of ['verify', 'explain']) {
      const { stderr } = await run(2, verb, TEMPLATE);
      assert.match(stderr, /^error\[unit-template\].*\n {2}hint: name an instance: work@a\.service$/m);
    }
  });

  test('has an instance that is recorded, and left as before', async () => {
    const was = await box.succeed(['cat', DROP_IN]);
    const { stderr } = await sandboxUnit(box, 'explain', '--record', INSTANCES[1]!);
    assert.doesNotMatch(stderr, /^error\[/m);
    assert.equal(await box.succeed(['cat', DROP_IN]), was);
    assert.notEqual((await box.exec(['ls', `/etc/systemd/system/${INSTANCES[1]}.d`])).status, 0);
    await run(0, 'verify', INSTANCES[1]!);
    await run(0, 'status');
  });

  test('is reverted with all running instances, each restarted once', async () => {
    const started = async (): Promise<number> => {
      const said = await box.succeed(['journalctl', '--output=cat', '--unit=work@own.service']);
      return said.split('\n').filter((line) => line.startsWith('Started ')).length;
    };
    const were = await started();
    await run(0, 'revert', 'work@own.service', TEMPLATE);
    const are = await started();
    assert.equal(are, were + 1, String(are));
    for (const unit of [...INSTANCES, 'work@own.service']) assert.equal(await filters(unit), 0);
    assert.match((await run(0, 'status')).stdout, /^No unit is confined/);
    assert.equal(await box.succeed(['find', '/etc/systemd', '-name', '*sandbox-unit*']), '');
  });
});
