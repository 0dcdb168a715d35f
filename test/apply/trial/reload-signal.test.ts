import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isKilledByReload, reloadKills, reloadSignal } from '../../../src/apply/trial/reload-signal.js';
import { FakeSystem } from '../../support/fake-system.js';
import { unitState } from '../../support/unit-state.js';

const HUP = ['/bin/kill', '-HUP', '$MAINPID'];

/** A service with these commands for its reload. */
const reloadedBy = (...commands: (readonly string[])[]) =>
  unitState({ ExecReloadEx: commands.map((words) => [words[0], words, [], 0, 0, 0, 0, 0, 0, 0, 0]) });

test("a reload's signal is known if the reload does nothing else", () => {
  for (const option of [['-HUP'], ['-SIGHUP'], ['-1'], ['-s', 'HUP']]) {
    assert.equal(reloadSignal(reloadedBy(['/usr/bin/kill', ...option, '$MAINPID'])), 1);
  }
  assert.equal(reloadSignal(reloadedBy(['/bin/kill', '-USR2', '$MAINPID'])), 12);
  for (const commands of [
    [],
    [HUP, ['/bin/true']],
    [['/bin/reload', '-HUP', '$MAINPID']],
    [['/bin/kill', '-HUP', '1']],
    [['/bin/kill', '-q', '$MAINPID']],
    [['/bin/kill', '$MAINPID']],
  ]) {
    assert.equal(reloadSignal(reloadedBy(...commands)), undefined);
  }
});

/** Whether a run that has ended so was ended by its reload. */
async function isKilled(code: number, status: number, commands = [HUP]) {
  const end = (all: Map<string, unknown>) =>
    all.set('ExecMainCode', code).set('ExecMainStatus', status).set('InvocationID', []);
  const run = reloadedBy(...commands);
  return isKilledByReload(new FakeSystem({ distort: end }), { unit: 'x.service', scope: 'system', run });
}

test("a service whose main process died of the reload's signal was ended by its reload", async () => {
  assert.equal(await isKilled(2, 1), true);
  assert.equal(await isKilled(2, 31), false);
  assert.equal(await isKilled(1, 1), false);
  assert.equal(await isKilled(2, 1, [['/bin/reload']]), false);
});

test('the end of a run is read from the journal if another run has followed', async () => {
  const stdout = '{"EXIT_CODE":"killed","EXIT_STATUS":"1"}\n';
  const programs = { journalctl: () => ({ status: 0, stdout, stderr: '' }) };
  const distort = (all: Map<string, unknown>) => all.set('InvocationID', [1]);
  const one = { unit: 'x.service', scope: 'system', run: reloadedBy(HUP) } as const;
  assert.equal(await isKilledByReload(new FakeSystem({ programs, distort }), one), true);
});

test('a service that systemd has unloaded ended with success', async () => {
  const end = async (ActiveState: string, words: readonly string[]) => {
    const distort = (all: Map<string, unknown>) =>
      all.set('ActiveState', ActiveState).set('InvocationID', []);
    const run = { ...reloadedBy(words), invocationId: '01' };
    const programs = { journalctl: () => ({ status: 0, stdout: '', stderr: '' }) };
    const system = new FakeSystem({ programs, distort });
    return isKilledByReload(system, { unit: 'x.service', scope: 'system', run });
  };
  assert.equal(await end('inactive', HUP), true);
  assert.equal(await end('active', HUP), false);
  assert.equal(await end('inactive', ['/bin/kill', '-USR2', '$MAINPID']), false);
});

test("a reload's signal is reported by its name", () => {
  const { severity, message } = reloadKills('x.service', reloadedBy(HUP));
  assert.equal(
    `${severity}: ${message}`,
    "warning: x.service was started again, since its reload ends it: it doesn't handle signal 1",
  );
});
