/** `[ready]` on a machine in memory: its files are applied, seen and taken away as those of `[syscalls]` are. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plan } from '../../src/commands/plan.js';
import { verify } from '../../src/commands/verify.js';
import { decodeFilterFile } from '../../src/filter/filter-file.js';
import { INJECTOR } from '../../src/paths/programs.js';
import { codesOf, machine, run, sorted } from '../support/apply-in-memory.js';
import { DROP_IN, FILTER, FOLDER, UNIT } from '../support/demo-service.js';
import { fakeContext } from '../support/fake-system.js';
import { run as revert } from '../support/revert-in-memory.js';
import { shown } from '../support/status-in-memory.js';

const READY = `${FOLDER}/zz-sandbox-unit.ready-filter`;
const POLICY = '[ready]\ndeny = ["execve", "execveat", "bind", "io_uring_setup"]\n';

const withInjector = (policy = POLICY) => machine({ files: { [INJECTOR]: '' } }, policy);

test('what is applied is a filter of stage ready, and a line that loads it; revert takes both away', async () => {
  const system = withInjector();
  const before = sorted(system.files);
  const result = await run(system);
  assert.deepEqual([result.exit, codesOf(result)], [0, ['note refusals-unseen']]);
  const file = decodeFilterFile(system.files.get(READY)!.bytes);
  assert.ok('programs' in file && file.ready === true);
  assert.deepEqual([...file.programs.keys()], ['x86-64']);
  assert.equal(system.files.has(FILTER), false);
  assert.match(new TextDecoder().decode(system.files.get(DROP_IN)!.bytes), /^ExecStartPost=\+.*tighten /m);
  assert.equal((await revert(system)).exit, 0);
  assert.deepEqual([...sorted(system.files).keys()], [...before.keys()]);
});

test('what is applied once is not applied again, though the manager then has another type', async () => {
  const system = withInjector();
  await run(system);
  const { text } = await plan(fakeContext(system), [UNIT], {});
  assert.match(text, /^Nothing to do\.$/m);
});

test('with [syscalls] there are both filters', async () => {
  const system = withInjector(`[syscalls]\ndeny = ["swapon", "swapoff", "write"]\n${POLICY}`);
  assert.equal((await run(system)).exit, 0);
  const stages = [FILTER, READY].map((path) => {
    const file = decodeFilterFile(system.files.get(path)!.bytes);
    return 'programs' in file && file.ready === true;
  });
  assert.deepEqual(stages, [false, true]);
});

test('status names a file without which the service would not start', async () => {
  for (const path of [READY, INJECTOR]) {
    const system = withInjector();
    await run(system);
    assert.deepEqual((await shown(system)).missing, []);
    system.files.delete(path);
    assert.deepEqual((await shown(system)).missing, [path]);
  }
});

test('status does not claim to know of calls that fail with an errno, unless they are let through', async () => {
  for (const permissive of [false, true]) {
    const system = withInjector();
    await run(system, { permissive });
    const { mode, all } = await shown(system);
    const { refused } = all[0] as unknown as { refused: { unseen: string[] } };
    assert.equal(mode, permissive ? 'permissive' : 'enforcing');
    assert.equal(refused.unseen.includes('errno'), !permissive, refused.unseen.join());
  }
});

test('verify tells a permissive unit by the header of its drop-in, whose lines are those of an enforcing one', async () => {
  const system = withInjector();
  await run(system, { permissive: true });
  const told = async (options = {}) => {
    const { diagnostics } = await verify(fakeContext(system), [UNIT], options);
    return diagnostics.filter(({ code }) => code === 'not-applied').map(({ message }) => message);
  };
  assert.deepEqual(await told(), [`${UNIT} is permissive`]);
  assert.deepEqual(await told({ permissive: true }), []);
  await run(system);
  assert.deepEqual(await told(), []);
  assert.deepEqual(await told({ permissive: true }), [`${UNIT} was applied without --permissive`]);
});

test('without the program that loads it nothing is written', async () => {
  const system = machine({}, POLICY);
  const before = sorted(system.files);
  const result = await run(system);
  assert.deepEqual([result.exit, codesOf(result)], [1, ['error gap-ready']]);
  assert.deepEqual(sorted(system.files), before);
});
