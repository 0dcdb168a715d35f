/** `status` of units on a running systemd, the system's and a user's. */
import assert from 'node:assert/strict';
import { NO_EXEC } from '../support/demo-service.js';
import { changeFiles } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { inRepository } from '../support/repository.js';
import { folderWithSystem, PROGRAMS, policyPath, sandboxUnit } from '../support/service.js';

const SLEEP = '[Service]\nType=exec\nExecStart=/usr/bin/sleep infinity\n';

const { box, run, test } = machine('status');

const rows = (stdout: string) =>
  (JSON.parse(stdout).units as { unit: string; mode: string | null; state: string | null }[]).map(
    ({ unit, mode, state }) => `${unit} ${mode} ${state}`,
  );

const printed = async (...words: string[]) => (await run(0, ...words)).stdout;

test('status: units are enforcing or permissive, live, due or stopped', async () => {
  assert.equal(await printed('status'), 'No unit is confined by sandbox-unit.\n');
  const names = ['enforcing', 'permissive', 'due', 'stopped', 'unread', 'free'].map(
    (name) => `${name}.service`,
  );
  const files = names.flatMap((unit) => [
    [`/etc/systemd/system/${unit}`, SLEEP],
    [policyPath(unit), NO_EXEC],
  ]);
  await changeFiles(box, Object.fromEntries(files));
  const started = names.filter((unit) => unit !== 'stopped.service');
  await box.succeed(['systemctl', 'start', ...started]);
  await printed('apply', 'enforcing', 'stopped', 'unread');
  await printed('apply', '--permissive', '--runtime', 'permissive');
  await printed('apply', '--no-restart', 'due');
  await box.succeed(['touch', '/etc/systemd/system/unread.service.d/zz-sandbox-unit.conf']);
  const { status, stdout } = await sandboxUnit(box, 'status', '--json');
  assert.equal(status, 0);
  assert.deepEqual(rows(stdout), [
    'due.service enforcing restart-due',
    'enforcing.service enforcing live',
    'permissive.service permissive live',
    'stopped.service enforcing not-running',
    'unread.service enforcing reload-due',
  ]);

  // The manager's own revert takes away what is ours; what is masked can't be confined.
  await box.succeed(['systemctl', 'revert', 'due.service']);
  await box.succeed(['systemctl', 'restart', 'due.service']);
  await changeFiles(box, { [policyPath('masked.service')]: NO_EXEC });
  await box.succeed(['systemctl', 'mask', 'masked.service']);
  const reverted = await run(1, 'status');
  assert.match(reverted.stdout, /^due\.service +- +- +files/m);
  assert.match(
    reverted.stderr,
    /^error\[drift-files\]: due\.service was confined, .*\n +hint: 'sandbox-unit apply due\.service' confines it again/m,
  );
  assert.match(
    reverted.stderr,
    /^note\[not-applied\]: units with a policy that is not applied: free\.service\n +hint: 'sandbox-unit apply UNIT'/m,
  );
  assert.deepEqual(JSON.parse((await sandboxUnit(box, 'status', '--json', 'due')).stdout).units[0].drift, [
    'drift-files',
  ]);
  await printed('revert', 'due');
  const left = await run(0, 'status');
  assert.match(left.stderr, /not applied: due\.service, free\.service/);
  await printed('apply', '--no-restart', 'due');

  await box.succeed(['systemctl', 'restart', 'due.service']);
  assert.deepEqual(rows(await printed('status', '--json', 'due')), ['due.service enforcing live']);
  const free = await run(1, 'status', 'free');
  assert.match(free.stderr, /free\.service is not confined by sandbox-unit/);
  for (const verb of ['status', 'revert'])
    for (const none of ['nothing', 'nothing@']) await run(2, verb, none);
  const root = await folderWithSystem(box);
  assert.deepEqual(rows(await printed('status', '--root', root, '--json', 'enforcing')), [
    'enforcing.service enforcing null',
  ]);

  await box.succeed(['rm', '/etc/systemd/system/enforcing.service.d/zz-sandbox-unit.filter']);
  const missing = await run(1, 'status', 'enforcing');
  assert.match(missing.stderr, /enforcing\.service won't start: \S+\.filter is missing/);
  await box.exec(['systemctl', 'restart', 'enforcing.service']);
  await box.waitFor('its failure', async () => {
    return (await box.exec(['systemctl', 'is-failed', 'enforcing.service'])).status === 0;
  });
});

test('status: a service that later dies of its policy has a hint with explain', async () => {
  const unit = 'later.service';
  // A name of its own: the kernel's records are of the whole machine.
  const perl = `${PROGRAMS}/later-${process.pid}`;
  await box.succeed(['cp', '/usr/bin/perl', perl]);
  const line = `ExecStart=${perl} -e 'sleep 2; mkdir "/tmp/later"; sleep 1000'`;
  await changeFiles(box, {
    [`/etc/systemd/system/${unit}`]: `[Service]\n${line}\nRestart=always\nRestartSec=1h\n`,
  });
  await box.writeFile(policyPath(unit), '[syscalls]\ndeny = ["mkdir"]\n');
  await printed('apply', unit);
  await box.succeed(['systemctl', 'start', unit]);
  await box.waitFor('its failure', async () =>
    (await box.succeed(['systemctl', 'show', '--property=SubState', unit])).includes('auto-restart'),
  );
  for (const verb of ['status', 'apply']) {
    const { stderr } = await run(0, verb, unit);
    assert.match(
      stderr,
      /^warning\[failed\]: later\.service fails again and again under its policy \(signal, killed by SIGSYS/m,
    );
    assert.match(stderr, /^ {2}hint: 'sandbox-unit explain later\.service'/m);
  }
  const { stdout: logged } = await box.exec([
    ...['journalctl', '--quiet', '--output=cat', '_TRANSPORT=kernel'],
    `--grep=type=1326 .*exe="${perl}"`,
  ]);
  const [{ refused }] = JSON.parse(await printed('status', '--json', unit)).units;
  const calls = refused.calls.map(({ call, certain }: { call: string; certain: boolean }) => [call, certain]);
  // The kernel leaves records out where others on the machine log many, and in a container all are guesses.
  assert.deepEqual(calls, logged === '' ? [] : [['mkdir', false]]);
  assert.equal(refused.count, logged === '' ? null : 1);
  assert.ok(['container', 'unreadable'].some((reason) => refused.unseen.includes(reason)));
  await printed('revert', '--no-restart', unit);
});

test('status: works for more units than the bus can answer at a time', async () => {
  await box.sh(`for i in $(seq 150); do
    mkdir -p /run/systemd/system/many-$i.service.d && echo '# Made by sandbox-unit 1 from /p' >/run/systemd/system/many-$i.service.d/zz-sandbox-unit.conf
  done`);
  const { stdout, stderr } = await sandboxUnit(box, 'status', '--json');
  assert.equal(stderr, '');
  const many = rows(stdout).filter((row) => row.startsWith('many-'));
  assert.equal(many.length, 150);
  assert.ok(many.every((row) => row.endsWith(' no-unit')));
});

test("status --user: lists a user's units", async () => {
  await box.succeed(['systemctl', 'start', 'user@0.service']);
  await box.succeed(['mkdir', '-p', '/root/.config/systemd/user', '/root/.config/sandbox-unit']);
  await box.writeFile('/root/.config/systemd/user/mine.service', SLEEP);
  await box.writeFile('/root/.config/sandbox-unit/mine.service.toml', NO_EXEC);
  const user = (words: string) => box.sh(`export HOME=/root XDG_RUNTIME_DIR=/run/user/0; ${words}`);
  const cli = `node ${inRepository('dist/sandbox-unit.cjs')}`;
  await user(
    `systemctl --user daemon-reload && systemctl --user start mine && ${cli} apply --user --permissive mine`,
  );
  const { status, stdout, stderr } = await user(`${cli} status --user --json`);
  assert.equal(status, 0, stderr);
  assert.deepEqual(rows(stdout), ['mine.service permissive live']);
  const verified = await user(`${cli} verify --user mine`);
  assert.match(verified.stderr, /'sandbox-unit apply --user mine\.service' enforces its policy/);
});

test("status: a unit that the manager can't describe is named, and the others are listed", async () => {
  const unit = 'latin.service';
  await box.writeFile(`/etc/systemd/system/${unit}`, '[Service]\nExecStart=/bin/sleep "1\\xff"\n');
  await box.writeFile(policyPath(unit), NO_EXEC);
  await box.succeed(['systemctl', 'daemon-reload']);
  const said = /\[manager-refused\]: latin\.service: .*refused GetAll.*\n +hint: .*not UTF-8/;
  const all = await sandboxUnit(box, 'status');
  assert.match(all.stderr, /note/);
  assert.match(all.stderr, said);
  for (const verb of ['status', 'apply']) {
    const { stderr } = await run(2, verb, unit);
    assert.match(stderr, verb === 'apply' ? /refused GetAll.*\n +hint: .*UTF-8/ : said);
  }
  await box.sh(`rm /etc/systemd/system/${unit} ${policyPath(unit)}; systemctl daemon-reload`);
});
