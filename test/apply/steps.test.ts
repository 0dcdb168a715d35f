/**
 * Tests of all of apply/steps/ and apply/changed-unit.ts: each call to the machine
 * fails in turn.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply } from '../../src/cli/commands/apply.js';
import { revert } from '../../src/cli/commands/revert.js';
import { renderDiagnostic, UserError } from '../../src/diagnostic.js';
import { DROP_IN, FILTER, LAUNCHER } from '../support/demo-service.js';
import {
  type FakeFile,
  type FakeOptions,
  type FakeSystem,
  fakeContext,
  machineWith,
  program,
} from '../support/fake-system.js';

const SERVICE = '[Service]\nExecStart=/usr/sbin/demod --foreground\n';
const POLICY = '[syscalls]\ndeny = ["execve", "execveat"]\n[apply]\nprobe = ["/bin/probe"]\n';
const OTHER = {
  '/usr/lib/systemd/system/other.service': '[Service]\nExecStart=/usr/sbin/otherd\n',
  '/usr/sbin/otherd': '',
  '/etc/sandbox-unit/other.service.toml': POLICY,
};

const machine = (options: FakeOptions) =>
  machineWith(SERVICE, POLICY, {
    files: OTHER,
    running: ['demo.service', 'other.service'],
    programs: { '/bin/probe': () => ({ status: 0, stdout: '', stderr: '' }) },
    ...options,
  });

const sorted = (files: ReadonlyMap<string, FakeFile>) => new Map([...files].sort());

const ours = (files: ReadonlyMap<string, FakeFile>, unit: string) =>
  [...files].filter(([path]) => path.includes(`/${unit}.d/`)).sort();

async function attempt(
  system: FakeSystem,
  units: readonly string[],
  verb: typeof apply | typeof revert = apply,
) {
  try {
    return await verb(fakeContext(system), units, {});
  } catch (cause) {
    assert.ok(cause instanceof UserError, String(cause));
    return { exit: cause.exit, diagnostics: cause.diagnostics };
  }
}

/** All that is asked of the machine. */
async function callsOf(units: readonly string[], options: FakeOptions = {}): Promise<string[]> {
  const system = machine(options);
  await attempt(system, units);
  return system.calls;
}

test('apply: a defect after the restart restores the service', async () => {
  const system = machine({
    programs: {
      '/bin/probe': () => {
        throw new TypeError('undefined is not a plan');
      },
    },
  });
  const before = sorted(system.files);
  const { exit, diagnostics } = await attempt(system, ['demo']);
  assert.equal(exit, 1);
  assert.ok(diagnostics.some(({ code, message }) => code === 'internal' && message.includes('not a plan')));
  assert.deepEqual(sorted(system.files), before);
});

test('apply: a launcher that was there before stays, because others may use it', async () => {
  const launcher = { [LAUNCHER]: program('launcher of this build') };
  const system = machine({ files: { ...OTHER, ...launcher }, behaviour: () => 'dies' });
  const before = sorted(system.files);
  assert.equal((await attempt(system, ['demo'])).exit, 1);
  assert.deepEqual(sorted(system.files), before);
});

const ONE = await callsOf(['demo']);

ONE.forEach((call, i) => {
  test(`apply: if call ${i + 1} fails (${call}), the service is either confined or as before`, async () => {
    const system = machine({ failAt: i + 1 });
    const before = sorted(system.files);
    const result = await attempt(system, ['demo']);
    const shown = result.diagnostics.map((d) => renderDiagnostic(d)).join('\n');
    if (result.exit === 0) {
      assert.equal(ours(system.files, 'demo.service').length, 2, shown);
    } else {
      assert.ok((call.startsWith('replace ') ? [2] : [1, 2]).includes(result.exit));
      assert.match(shown, new RegExp(`error\\[(manager-refused|unwritable)\\]: call ${i + 1} fails`));
      assert.deepEqual(sorted(system.files), before);
    }
    assert.ok(system.isUpToDate, 'systemd has read other files than those that are there');
    assert.equal(
      system.isConfined('demo.service'),
      result.exit === 0,
      'the service runs otherwise than its files say',
    );
  });
});

const BOTH = await callsOf(['demo', 'other']);

BOTH.forEach((call, i) => {
  test(`apply of two units: if call ${i + 1} fails (${call}), each is either confined or as before`, async () => {
    const system = machine({ failAt: i + 1 });
    const result = await attempt(system, ['demo', 'other']);
    const counts = ['demo.service', 'other.service'].map((unit) => ours(system.files, unit).length);
    for (const count of counts) assert.ok(count === 0 || count === 2, `${count} files are left`);
    if (result.exit !== 0) assert.ok(counts.includes(0));
    assert.ok(system.isUpToDate, 'systemd has read other files than those that are there');
  });
});

/** A service that doesn't stand its policy, so that every call of the way back is made, too. */
const FRAGILE: FakeOptions = { behaviour: (_, confined) => (confined ? 'dies' : 'works') };
const BACK = await callsOf(['demo'], FRAGILE);

BACK.forEach((call, i) => {
  test(`roll-back: if call ${i + 1} fails (${call}), the other steps are undone, and the failure is reported`, async () => {
    const system = machine({ ...FRAGILE, failAt: i + 1 });
    const before = sorted(system.files);
    const result = await attempt(system, ['demo']);
    const shown = result.diagnostics.map((d) => renderDiagnostic(d)).join('\n');
    assert.ok([1, 2].includes(result.exit), shown);
    const [{ state } = { state: 'refused' }] =
      'json' in result ? (result.json.units as { state: string }[]) : [];
    if (state === 'failed') {
      assert.match(shown, new RegExp(`error\\[(manager-refused|unwritable)\\]: call ${i + 1} fails`));
      const { dropInPaths: loaded } = await system.unit('demo.service');
      for (const path of loaded) {
        const needed = [path.replace('.conf', '.filter'), LAUNCHER];
        for (const file of needed) assert.ok(system.files.has(file), `${path} is loaded and needs ${file}`);
      }
      const { changes } = system;
      const back = changes.slice(changes.indexOf('reload') + 1);
      for (const step of ['remove ', 'reload', 'restart']) {
        assert.ok(
          back.some((change) => change.startsWith(step)),
          `no '${step}' in ${back.join(', ')}`,
        );
      }
    } else {
      assert.deepEqual(sorted(system.files), before, state);
      assert.ok(system.isUpToDate, 'systemd has read other files than those that are there');
      assert.equal(system.isConfined('demo.service'), false);
      assert.equal((await system.unit('demo.service')).activeState, 'active');
    }
  });
});

test('the cases of apply include failures during the roll-back', () => {
  assert.equal(BACK.filter((call) => call === 'reload').length, 2);
  assert.equal(BACK.filter((call) => call === 'restart demo.service').length, 2);
});

/** A machine on which a policy has been applied, for the next run. */
async function applied(failAt?: number): Promise<FakeSystem> {
  const first = machine({});
  assert.equal((await attempt(first, ['demo'])).exit, 0);
  const files = Object.fromEntries([...first.files].filter(([path]) => !path.startsWith('/run/')));
  return machine({ files, ...(failAt === undefined ? {} : { failAt }) });
}

const REVERTED = await (async () => {
  const system = await applied();
  assert.equal((await attempt(system, ['demo'], revert)).exit, 0);
  return system.calls;
})();

REVERTED.forEach((call, i) => {
  test(`revert: if call ${i + 1} fails (${call}), systemd has the old or the new state loaded, or a report says otherwise`, async () => {
    const system = await applied(i + 1);
    const result = await attempt(system, ['demo'], revert);
    const shown = result.diagnostics.map((d) => renderDiagnostic(d)).join('\n');
    if (result.exit !== 0) assert.match(shown, /error\[(manager-refused|unwritable)\]/);
    // A manager that has read nothing since has the drop-in still.
    if (system.files.has(DROP_IN) || !system.isUpToDate) {
      for (const file of [FILTER, LAUNCHER]) assert.ok(system.files.has(file), `${file} is needed\n${shown}`);
    }
    if (result.exit === 0) assert.deepEqual(ours(system.files, 'demo.service'), []);
  });
});
