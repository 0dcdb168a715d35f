import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prepare } from '../../../src/prepare/prepare.js';
import { otherPolicyApplied, otherPolicyFound } from '../../../src/verify/drift/applied-policy.js';
import { NO_EXEC, UNIT } from '../../support/demo-service.js';
import { type FakeSystem, fakeContext } from '../../support/fake-system.js';
import { applied, POLICY } from '../../support/status-in-memory.js';

const ELSEWHERE = '/root/it is.toml';
const setFile = (system: FakeSystem, path: string, text: string) =>
  system.files.set(path, { bytes: new TextEncoder().encode(text), mode: 0o644 });

/** What is said where calls are explained by a policy, `--policy` if it is named. */
async function told(system: FakeSystem, policy?: string, words?: string) {
  const context = fakeContext(system);
  const prepared = await prepare(context, UNIT, policy === undefined ? {} : { policy });
  return (await otherPolicyApplied(context, prepared, words)).map(
    ({ severity, code, message, hint }) => `${severity} ${code}: ${message} (${hint})`,
  );
}

test("explain uses the applied policy, or says that it doesn't", async () => {
  const system = await applied();
  assert.deepEqual(await told(system), []);
  setFile(system, ELSEWHERE, NO_EXEC);
  assert.deepEqual(await told(system, ELSEWHERE), [
    `note other-policy: ${UNIT} is confined by ${POLICY}, not by ${ELSEWHERE} (sandbox-unit explain --policy ${POLICY} ${UNIT})`,
  ]);
  const recorded = await told(system, ELSEWHERE, 'explain --record');
  assert.match(recorded.join(), /\(sandbox-unit explain --record --policy /);
  setFile(system, POLICY, `${NO_EXEC}# changed\n`);
  assert.match(
    (await told(system)).join(),
    /^note other-policy: \S+ has changed since it was applied: .*\(sandbox-unit apply demo\.service\)$/,
  );
});

test("if the host's defaults have changed, the policy isn't named alone", async () => {
  const system = await applied();
  setFile(system, '/etc/sandbox-unit/defaults.toml', '[service]\nPrivateTmp = true\n');
  const [said] = await told(system);
  assert.match(said!, /^note other-policy: \S+ or the host's defaults has changed since/);
});

test('a path that a shell would split is quoted in the hint', async () => {
  const system = await applied(NO_EXEC, { policy: ELSEWHERE }, { files: { [ELSEWHERE]: NO_EXEC } });
  assert.match((await told(system)).join(), /explain --policy '\/root\/it is\.toml' demo\.service\)$/);
});

test('a policy with priority over the applied one is reported', async () => {
  const system = await applied(NO_EXEC, { policy: ELSEWHERE }, { files: { [ELSEWHERE]: NO_EXEC } });
  const found = async (policy: string | undefined, offline = false) => {
    const facts = { policy } as Parameters<typeof otherPolicyFound>[2];
    return (await otherPolicyFound(fakeContext(system, { offline }), UNIT, facts)).map(
      ({ code, hint }) => `${code} ${hint}`,
    );
  };
  assert.deepEqual(await found(ELSEWHERE), [`other-policy 'sandbox-unit apply ${UNIT}' applies that one`]);
  assert.deepEqual(await found(ELSEWHERE, true), ['other-policy undefined']);
  assert.deepEqual(await found(POLICY), []);
  assert.deepEqual(await found(undefined), []);
  system.files.delete(POLICY);
  assert.deepEqual(await found(ELSEWHERE), []);
});
