/**
 * Tests of prepare/prepare.ts, prepare/plan.ts, prepare/hashes.ts, prepare/file-masks.ts and prepare/untrusted-launch.ts: a policy
 * and a unit become files, and nothing is written.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dropInFacts } from '../../src/plan/emit/drop-in-facts.js';
import { prepare } from '../../src/prepare/prepare.js';
import { DROP_IN, FILTER, LAUNCHER, NO_EXEC, SERVICE, UNIT } from '../support/demo-service.js';
import { type FakeOptions, fakeContext, machineWith, OF_USER } from '../support/fake-system.js';

const prepared = (
  policy = NO_EXEC,
  options: FakeOptions = {},
  service = SERVICE,
  more: Parameters<typeof prepare>[2] = {},
) => prepare(fakeContext(machineWith(service, policy, options)), UNIT, more);

test('files and changes are made, and nothing is written', async () => {
  const system = machineWith(SERVICE, NO_EXEC);
  const { files, changes, planned, proofs, diagnostics } = await prepare(fakeContext(system), UNIT, {});
  const paths = files.map(({ path }) => path);
  assert.deepEqual(paths, [LAUNCHER, FILTER, DROP_IN]);
  const kinds = changes.map(({ kind }) => kind);
  assert.deepEqual(kinds, ['create', 'create', 'create']);
  assert.deepEqual([planned, proofs.length > 0, diagnostics], [true, true, []]);
  assert.deepEqual(system.changes, []);
});

/** The hashes in the header of the drop-in that is made. */
async function hashes(policy: string, service: string) {
  const { files } = await prepared(policy, {}, service);
  const { policyHash, unitHash, filesHash } = dropInFacts(
    files.find(({ path }) => path === DROP_IN)!.content,
  );
  return { policyHash, unitHash, filesHash };
}

test("the header's hashes show which of policy, unit and files has changed", async () => {
  const first = await hashes(NO_EXEC, SERVICE);
  assert.equal(new Set(Object.values(first)).size, 3);
  // Comments and other sections of a unit don't count; a policy counts by its text.
  assert.deepEqual(await hashes(NO_EXEC, `# x\n[Unit]\nDescription=x\n${SERVICE}`), first);
  const commented = await hashes(`${NO_EXEC}# x\n`, SERVICE);
  assert.deepEqual({ ...commented, policyHash: first.policyHash }, first);
  assert.notEqual(commented.policyHash, first.policyHash);
  const nice = await hashes(NO_EXEC, `${SERVICE}Nice=5\n`);
  assert.deepEqual([nice.unitHash === first.unitHash, nice.filesHash], [false, first.filesHash]);
  const other = await hashes('[syscalls]\ndeny = ["execve", "ptrace", "execveat"]\n', SERVICE);
  assert.deepEqual([other.unitHash, other.filesHash === first.filesHash], [first.unitHash, false]);
});

test('with an error no files are made, and the system calls are not planned', async () => {
  const { files, changes, planned, diagnostics } = await prepared('[syscalls]\ndeny = ["no_such_call"]\n');
  assert.deepEqual([files, changes, planned], [[], [], false]);
  assert.ok(diagnostics.some(({ severity }) => severity === 'error'));
});

test('a gap is an error unless it is allowed, and then the header has its code', async () => {
  const gap = `[service]\nPrivatePIDs = true\n`;
  const refused = await prepared(gap, { systemd: '252' });
  const found = refused.diagnostics.map(({ severity, code }) => `${severity} ${code}`);
  assert.deepEqual(found, ['error gap-directive']);
  const { files, diagnostics } = await prepared(gap, { systemd: '252' }, SERVICE, { allowGaps: true });
  assert.deepEqual(
    diagnostics.map(({ severity, code }) => `${severity} ${code}`),
    ['warning gap-directive'],
  );
  assert.deepEqual(dropInFacts(files[0]!.content).gaps, ['gap-directive']);
});

test('a file that a policy closes has a warning, unless a folder above is closed, too', async () => {
  const files = { '/etc/shadow': '', '/proc/kcore': '', '/srv/file': '' };
  const codes = async (lines: string) =>
    (await prepared(`[service]\n${lines}`, { files })).diagnostics.map(
      ({ code, at }) => `${code}:${at?.line}`,
    );
  assert.deepEqual(await codes('InaccessiblePaths = ["-/etc/shadow", "/srv"]'), ['file-mask:2']);
  for (const lines of [
    'InaccessiblePaths = ["/etc/shadow", "/etc"]',
    'ReadOnlyPaths = ["/srv/file"]\nBindReadOnlyPaths = ["/srv"]',
    'BindReadOnlyPaths = ["/srv/file"]',
    'InaccessiblePaths = ["/proc/kcore", "/missing"]',
  ])
    assert.deepEqual(await codes(lines), [], lines);
});

test('a path by which others can start another program is refused, except to a user', async () => {
  const untrusted = { untrusted: ['/usr/local/libexec'] };
  const codes = async (options: FakeOptions) =>
    (await prepared(NO_EXEC, options)).diagnostics.map(({ code }) => code);
  assert.deepEqual(await codes(untrusted), ['untrusted-path']);
  assert.deepEqual(await codes({ untrusted: ['/etc/systemd'] }), ['untrusted-path']);
  assert.deepEqual(await codes({ untrusted: ['/srv'] }), []);
  const files = {
    '/usr/lib/systemd/user/demo.service': SERVICE,
    '/home/user/.config/sandbox-unit/demo.service.toml': NO_EXEC,
  };
  const system = machineWith(SERVICE, NO_EXEC, { files, untrusted: ['/home/user'] });
  const { diagnostics } = await prepare(fakeContext(system, { placement: OF_USER }), UNIT, {});
  assert.ok(!diagnostics.some(({ code }) => code === 'untrusted-path'));
});
