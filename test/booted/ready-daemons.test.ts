/**
 * Daemons of Debian that start programs until they serve, and none later; and a runtime that gets one filter after the other.
 * Others: `npm run test:services -- --ready`.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { policyOf, READY } from '../services/ready-services.js';
import { RUNTIMES } from '../services/runtimes.js';
import { tightenAtWork } from '../services/tighten-at-work.js';
import { refusalOf } from '../services/try-ready.js';
import { Box } from '../support/box.js';
import { installInjector } from '../support/injector.js';
import { inRepository } from '../support/repository.js';
import { apply, revert, sandboxUnit, servicesObstacle } from '../support/service.js';
import { LONG } from '../support/thorough.js';
import type { TreeName } from '../support/tree.js';

const DAEMONS: readonly [name: string, tree: TreeName][] = [
  ['apache2', 'clients'],
  ['memcached', 'machine'],
];

const skipOn = (tree: TreeName) => LONG || (servicesObstacle(tree) ?? false);

/** Boots a machine with a service that can start a program. @returns what runs a verb of its script, and what it runs */
async function withPrograms(t: TestContext, name: string, tree: TreeName) {
  const box = await Box.boot({ name, tree });
  t.after(() => box.stop());
  const verb = (words: string) => `sh ${inRepository(`test/services/loads/${name}.sh`)} ${words}`;
  const script = (words: string) => box.succeed(['sh', '-c', verb(words)]);
  const unit = (await script('unit')).trim();
  await installInjector(box);
  for (const words of ['prepare', 'prepare-programs']) await script(words);
  await box.succeed(['systemctl', 'restart', unit]);
  return { box, verb, script, unit };
}

for (const [name, tree] of DAEMONS) {
  const skip = skipOn(tree);
  test(`${name} works for its client, and starts no program once it serves`, { skip }, async (t) => {
    const { box, script, unit } = await withPrograms(t, name, tree);
    const daemon = READY.find((one) => one.name === name)!;
    const programs = async () => (await script('start-program')).trimEnd().split('\n');
    const all = (lines: readonly string[], wanted: RegExp) => {
      for (const line of lines) assert.match(line, daemon.by ? wanted : /^none$/);
    };
    all(await programs(), /^started$/);

    await apply(box, policyOf(daemon), unit);
    await script('load');
    all(await programs(), /^refused: .*Operation not permitted/);
    for (const verb of daemon.reload ? ['reload', 'restart'] : ['restart']) {
      await box.succeed(['systemctl', verb, unit]);
      await script('other-load');
      all(await programs(), /^refused: .*Operation not permitted/);
    }
    const { status, stdout, stderr } = await sandboxUnit(box, 'verify', unit);
    assert.equal(status, 0, stdout + stderr);

    await revert(box, unit);
    await script('load');
    all(await programs(), /^started$/);
  });
}

test('Node.js gets one filter after the other, and its clients notice nothing', {
  skip: skipOn('machine'),
}, async (t) => {
  const daemon = RUNTIMES.find(({ name }) => name === 'node')!;
  const { script, ...service } = await withPrograms(t, daemon.name, 'machine');
  await script('load');
  assert.match(await script('start-program'), /^started$/m);
  await apply(service.box, policyOf(daemon), service.unit);
  await script('load');
  assert.deepEqual((await tightenAtWork(service, daemon)).problems, []);
  assert.match(await script('start-program'), refusalOf(daemon));
});
