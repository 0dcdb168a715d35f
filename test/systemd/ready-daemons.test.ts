/** Daemons of Debian that start programs until they serve, and then no more. Others: `npm run test:services -- --ready`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { policyOf, READY } from '../services/ready-services.js';
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

for (const [name, tree] of DAEMONS) {
  const skip = LONG || (servicesObstacle(tree) ?? false);
  test(`${name} works for its client, and starts no program once it serves`, { skip }, async (t) => {
    const box = await Box.boot({ name, tree });
    t.after(() => box.stop());
    const script = (verb: string) =>
      box.succeed(['sh', inRepository(`test/services/loads/${name}.sh`), verb], { timeoutMs: 120_000 });
    const daemon = READY.find((one) => one.name === name)!;
    const programs = async () => (await script('start-program')).trimEnd().split('\n');
    const all = (lines: readonly string[], wanted: RegExp) => {
      for (const line of lines) assert.match(line, daemon.by ? wanted : /^none$/);
    };
    const unit = (await script('unit')).trim();
    await installInjector(box);
    for (const verb of ['prepare', 'prepare-programs']) await script(verb);
    await box.succeed(['systemctl', 'restart', unit]);
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
