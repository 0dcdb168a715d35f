import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UserError } from '../../src/diagnostic.js';
import { groupFolder, launchers, setups } from '../../src/observe/service-group.js';
import { UNIT } from '../support/demo-service.js';
import { FakeObserver } from '../support/fake-observer.js';
import type { FakeOptions } from '../support/fake-system.js';
import { contextOf } from '../support/watch-in-memory.js';

async function folderIn(options: FakeOptions) {
  const context = contextOf(new FakeObserver(), options);
  return groupFolder(context, { name: UNIT, state: await context.system.unit(UNIT) });
}

test('a running service has its control group', async () => {
  assert.equal(await folderIn({}), '/sys/fs/cgroup/system.slice/demo.service');
});

test('without a hierarchy of control groups the service has none, and the error says so', async () => {
  await assert.rejects(folderIn({ files: { '/proc/self/mountinfo': '' } }), ({ diagnostics }: UserError) => {
    const found = diagnostics.map(({ code, hint }) => [code, hint]);
    assert.deepEqual(found, [['no-cgroup', 'start the service first']]);
    return true;
  });
});

test('setup programs may be in the folders of systemd, the launcher and the program of [ready]', () => {
  const context = contextOf(new FakeObserver());
  const installed = '/usr/local/libexec/sandbox-unit';
  const built = `${context.home}/native-helper/build/x86-64/tighten`;
  for (const path of ['/usr/lib/systemd/systemd-executor', `${installed}/tighten`, built])
    assert.ok(setups(context).includes(path), path);
  assert.ok(launchers(context.placement).includes(`${installed}/launcher`));
});
