/** Tests of verify/expected.ts: the measure by files is that by the plan that they were made of. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply } from '../../src/cli/commands/apply.js';
import { confinedUnit } from '../../src/prepare/confined.js';
import { prepare } from '../../src/prepare/prepare.js';
import { dropInPath } from '../../src/systemd/paths/own-files.js';
import { parseUnitFile } from '../../src/systemd/unit/unit-file.js';
import { expectedBy, expectedOf } from '../../src/verify/expected.js';
import { NO_EXEC, UNIT } from '../support/demo-service.js';
import { fakeContext, machineWith } from '../support/fake-system.js';

for (const [what, policy] of [
  ['a filter of the launcher', NO_EXEC],
  ["systemd's filter alone", '[syscalls]\ndeny = ["acct"]\n'],
  ['a list of calls that pass', '[syscalls]\nallow = ["@system-service"]\n'],
  ['directives alone', '[service]\nPrivateTmp = true\nProtectSystem = "strict"\n'],
  [
    'a filter, directives and no new privileges',
    `${NO_EXEC}[service]\nNoNewPrivileges = true\nPrivateTmp = true\n`,
  ],
] as const)
  test(`the expected policy from files equals the plan's: ${what}`, async () => {
    const system = machineWith('[Service]\nExecStart=/usr/sbin/demod\n', policy, { running: [UNIT] });
    const context = fakeContext(system);
    assert.equal((await apply(context, [UNIT], {})).exit, 0);
    const confined = await confinedUnit(context, UNIT, {});
    assert.notEqual(confined.facts, undefined);
    const path = dropInPath(context.placement, UNIT);
    const dropIn = parseUnitFile(path, confined.files.find((file) => file.path === path)!.content);
    const byFiles = await expectedOf(confined, dropIn);
    const { plan, files } = await prepare(context, UNIT, {});
    const byPlan = expectedBy(plan, files);
    for (const key of ['unit', 'hasCalls', 'filtersMain', 'isReadied', 'programs'] as const)
      assert.deepEqual(byFiles[key], byPlan[key], key);
    assert.equal(byFiles.filter?.noNewPrivileges, byPlan.filter?.noNewPrivileges);
    const names = (list: readonly { readonly name: string }[]) =>
      [...new Set(list.map(({ name }) => name))].sort();
    assert.deepEqual(names(byFiles.directives), names(byPlan.directives));
    assert.equal(byFiles.target.launcher, byPlan.target.launcher);
  });
