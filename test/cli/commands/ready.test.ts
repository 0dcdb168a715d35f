/** `[ready]` on a machine in memory: its files are applied, seen and taken away as those of `[syscalls]` are. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plan } from '../../../src/cli/commands/plan.js';
import { status } from '../../../src/cli/commands/status.js';
import { verify } from '../../../src/cli/commands/verify.js';
import { decodeFilterFile } from '../../../src/seccomp/filter/filter-file.js';
import { PACKAGED_INJECTOR } from '../../../src/systemd/paths/programs.js';
import { codesOf, machine, run, sorted } from '../../support/apply-in-memory.js';
import { DROP_IN, FILTER, FOLDER, LAUNCHER, OTHER, TIGHTEN, UNIT } from '../../support/demo-service.js';
import { fakeContext, HOME, program } from '../../support/fake-system.js';
import { run as revert } from '../../support/revert-in-memory.js';
import { shown } from '../../support/status-in-memory.js';

const READY = `${FOLDER}/zz-sandbox-unit.ready-filter`;
const POLICY = '[ready]\ndeny = ["execve", "execveat", "bind", "io_uring_setup"]\n';

const BUILT = `${HOME}/native-helper/build/x86-64/tighten`;

/** A machine on which a package has the programs. */
const packaged = (policy = POLICY) =>
  machine({ files: { [PACKAGED_INJECTOR]: program('packaged') } }, policy);

const textOf = (system: ReturnType<typeof machine>, path: string) => {
  const file = system.files.get(path);
  return file && new TextDecoder().decode(file.bytes);
};

test('apply: [ready] is a filter of stage ready and a line that loads it; revert removes both', async () => {
  const system = machine({}, POLICY);
  const before = sorted(system.files);
  const result = await run(system);
  assert.deepEqual([result.exit, codesOf(result)], [0, ['note refusals-unseen']]);
  const file = decodeFilterFile(system.files.get(READY)!.bytes);
  assert.ok('programs' in file && file.ready === true);
  assert.deepEqual([...file.programs.keys()], ['x86-64']);
  assert.equal(system.files.has(FILTER), false);
  assert.ok(textOf(system, DROP_IN)!.includes(`\nExecStartPost=+${TIGHTEN} --cgroup self `));
  assert.deepEqual(
    [textOf(system, TIGHTEN), system.files.get(TIGHTEN)!.mode],
    ['tighten of this build', 0o755],
  );
  assert.equal((await revert(system)).exit, 0);
  assert.deepEqual([...sorted(system.files).keys()], [...before.keys()]);
});

test('apply: [ready] is unchanged the second time, though the manager then has another type', async () => {
  const system = machine({}, POLICY);
  await run(system);
  const { text } = await plan(fakeContext(system), [UNIT], {});
  assert.match(text, /^Nothing to do\.$/m);
});

test('apply: [syscalls] and [ready] are two filters', async () => {
  const system = packaged(`[syscalls]\ndeny = ["swapon", "swapoff", "write"]\n${POLICY}`);
  assert.equal((await run(system)).exit, 0);
  const stages = [FILTER, READY].map((path) => {
    const file = decodeFilterFile(system.files.get(path)!.bytes);
    return 'programs' in file && file.ready === true;
  });
  assert.deepEqual(stages, [false, true]);
});

test('status: names a missing file without which the service would not start', async () => {
  for (const path of [READY, PACKAGED_INJECTOR]) {
    const system = packaged();
    await run(system);
    assert.equal(system.files.has(TIGHTEN), false);
    assert.deepEqual((await shown(system)).missing, []);
    system.files.delete(path);
    assert.deepEqual((await shown(system)).missing, [path]);
  }
});

test('status: reports a damaged filter like a missing one', async () => {
  const told = async (system: ReturnType<typeof machine>) => {
    const { exit, diagnostics } = await status(fakeContext(system), [UNIT]);
    return [exit, ...diagnostics.map(({ code, message }) => `${code}: ${message}`)];
  };
  const damages: readonly (readonly [
    bytes: (own: Uint8Array) => Uint8Array | undefined,
    code: string,
    says: string,
  ])[] = [
    [() => undefined, 'cannot-start', `${READY} is missing`],
    [
      (own) => own.slice(0, -8),
      'cannot-start',
      `${READY}: the filter file is not as long as its header says`,
    ],
    [() => new Uint8Array(), 'cannot-start', `${READY}: the filter file is too short`],
  ];
  for (const [damage, code, says] of damages) {
    const system = packaged();
    await run(system);
    const bytes = damage(system.files.get(READY)!.bytes);
    if (bytes) await system.replace(READY, bytes, { mode: 0o644 });
    else system.files.delete(READY);
    assert.deepEqual(await told(system), [1, `${code}: ${UNIT} won't start: ${says}`]);
    const { drift, mode } = (await shown(system)).all[0] as unknown as { drift: string[]; mode: null };
    assert.deepEqual([drift, mode], [['drift-files'], null]);
  }
});

test("status: doesn't claim to know calls that fail with an errno, unless they are logged", async () => {
  for (const permissive of [false, true]) {
    const system = machine({}, POLICY);
    await run(system, { permissive });
    const { mode, all } = await shown(system);
    const { refused } = all[0] as unknown as { refused: { unseen: string[] } };
    assert.equal(mode, permissive ? 'permissive' : 'enforcing');
    assert.equal(refused.unseen.includes('errno'), !permissive, refused.unseen.join());
  }
});

test('verify: knows a permissive unit by the header of its drop-in', async () => {
  const system = machine({}, POLICY);
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

test('status: names the installed program if it is gone, not executable, or of another version', async () => {
  const system = machine({}, POLICY);
  await run(system);
  assert.deepEqual((await shown(system)).codes, []);
  const bytes = system.files.get(TIGHTEN)!.bytes;
  const codes = async () => (await shown(system)).codes;
  system.files.delete(TIGHTEN);
  assert.deepEqual(await codes(), ['cannot-start']);
  const found = (await shown(system)).all.map((unit) => (unit as unknown as { drift: string[] }).drift);
  assert.deepEqual(found, [['drift-launcher']]);
  system.files.set(TIGHTEN, { bytes, mode: 0o644 });
  assert.deepEqual(await codes(), ['cannot-start']);
  system.files.set(TIGHTEN, { bytes: new TextEncoder().encode('older'), mode: 0o755 });
  assert.deepEqual(await codes(), ['drift-launcher']);
  assert.equal((await run(system)).exit, 0);
  assert.deepEqual([textOf(system, TIGHTEN), await codes()], ['tighten of this build', []]);
  system.files.set(PACKAGED_INJECTOR, { bytes, mode: 0o755 });
  assert.deepEqual(await codes(), ['drift-launcher']);
});

test('revert: the installed programs go with the last unit that needs any', async () => {
  const files = { ...OTHER, '/etc/sandbox-unit/other.service.toml': POLICY };
  const system = machine({ files, running: [UNIT, 'other.service'] });
  assert.equal((await run(system, {}, [UNIT, 'other.service'])).exit, 0);
  assert.ok(system.files.has(LAUNCHER) && system.files.has(TIGHTEN));
  assert.equal((await revert(system, {}, ['other.service'])).exit, 0);
  assert.ok(system.files.has(LAUNCHER));
  assert.equal((await revert(system)).exit, 0);
  assert.deepEqual([system.files.has(LAUNCHER), system.files.has(TIGHTEN)], [false, false]);
});

test('apply: a service that fails under [ready] gets its files back, and the program is removed', async () => {
  const behaviour = (_: string, isConfined: boolean) => (isConfined ? 'dies' : 'works');
  const system = machine({ behaviour }, POLICY);
  const before = sorted(system.files);
  assert.equal((await run(system)).exit, 1);
  assert.ok(system.calls.includes(`replace ${TIGHTEN}`));
  assert.deepEqual(sorted(system.files), before);
});

test('apply: a later drop-in that resets ExecStartPost= keeps the filter of [ready] from being loaded', async () => {
  const system = machine({}, POLICY);
  await run(system);
  const bytes = new TextEncoder().encode('[Service]\nExecStartPost=\n');
  system.files.set(`${FOLDER}/zzz.conf`, { bytes, mode: 0o644 });
  await system.reload();
  assert.ok((await shown(system)).codes.includes('overridden'));
  for (const verb of [plan, verify]) {
    const { exit, diagnostics } = await verb(fakeContext(system), [UNIT], {});
    assert.deepEqual([exit, diagnostics[0]!.code], [1, 'overridden']);
  }
});

test('apply: writes nothing without the program that loads [ready]', async () => {
  const system = machine({}, POLICY);
  system.files.delete(BUILT);
  const before = sorted(system.files);
  const result = await run(system);
  assert.deepEqual([result.exit, codesOf(result)], [2, ['error no-helper']]);
  assert.deepEqual(sorted(system.files), before);
});
