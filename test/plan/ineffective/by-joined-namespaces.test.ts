import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generate } from '../../../src/commands/generate/generate.js';
import { makePlan } from '../../../src/plan/make-plan.js';
import { effectiveUnit } from '../../../src/unit/effective.js';
import type { UnitName } from '../../../src/unit/name.js';
import { parseUnitName } from '../../../src/unit/name.js';
import { parseUnitFile } from '../../../src/unit/unit-file.js';
import { SERVICE } from '../../support/demo-service.js';
import { fakeContext, machineWith } from '../../support/fake-system.js';
import { targetOf } from '../../support/planned.js';
import { policyFrom } from '../../support/policy.js';

function joined(policy: string, unit: string, partners?: readonly string[]) {
  const plan = makePlan({
    unit: parseUnitName('demo.service') as UnitName,
    effective: effectiveUnit([parseUnitFile('demo.service', unit + SERVICE)]),
    ...{ policy: policyFrom(`[service]\n${policy}\n`), target: targetOf(257) },
    surroundings: partners && { partners, allowed: new Map(), sockets: new Map() },
    ...{ places: undefined, usable: true },
  });
  return plan.diagnostics.filter(({ code }) => code === 'gap-undone');
}

for (const name of ['PrivateNetwork', 'PrivateIPC', 'PrivateTmp']) {
  test(`${name} is undone by JoinsNamespaceOf= of either side`, () => {
    const [{ message, at, severity } = assert.fail()] = joined(`${name} = true`, '', ['other.service']);
    assert.deepEqual([severity, at?.line], ['error', 2]);
    assert.match(message, new RegExp(`undoes ${name}: .* of other\\.service$`));
    assert.deepEqual(joined(`${name} = false`, '', ['other.service']), []);
    assert.deepEqual(joined(`${name} = true`, '', []), []);
  });
}

test('where no manager says it, the files do', () => {
  const lines = '[Unit]\nJoinsNamespaceOf=a.service b.service\n';
  const [{ message } = assert.fail()] = joined('PrivateNetwork = true', lines);
  assert.match(message, /a\.service, b\.service$/);
  assert.deepEqual(joined('PrivateNetwork = true', lines, []), []);
  assert.deepEqual(joined('PrivateDevices = true', lines), []);
});

test('the manager is asked for those that name the unit', async () => {
  const system = machineWith(SERVICE, '[service]\nPrivateNetwork = true\n', {
    distort: (properties) => properties.set('JoinsNamespaceOf', ['other.service']),
  });
  const outcome = await generate(fakeContext(system), ['demo'], {});
  assert.equal(outcome.exit, 1);
  assert.match(JSON.stringify(outcome), /gap-undone.*other\.service/);
});
