/** Tests of all of apply/restart/: services whose restart would do more than that, and what is said of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApplyOptions } from '../../../src/apply/apply/plan.js';
import { apply } from '../../../src/cli/commands/apply.js';
import { codesOf, machine, run } from '../../support/apply-in-memory.js';
import { UNIT } from '../../support/demo-service.js';
import { fakeContext } from '../../support/fake-system.js';

for (const property of ['RefuseManualStop', 'RefuseManualStart']) {
  test(`a service with ${property}=yes is not restarted, and each run says so`, async () => {
    const system = machine({ distort: (properties) => properties.set(property, true) });
    const first = await run(system);
    assert.deepEqual([first.exit, first.json.changed], [0, true]);
    const [note] = first.diagnostics;
    assert.equal(note!.code, 'restart-due');
    assert.match(note!.hint!, new RegExp(`^it has ${property}=yes: `));
    assert.ok(!system.changes.some((call) => call.startsWith('restart ')));
    system.calls.length = 0;
    for (const options of [{}, { check: true }, { restart: false }]) {
      const again = await run(system, options);
      assert.deepEqual([again.exit, again.json.changed, codesOf(again)], [0, false, ['note restart-due']]);
    }
    assert.deepEqual(system.changes, []);
  });
}

for (const property of ['FailureAction', 'StartLimitAction', 'JobTimeoutAction']) {
  test(`a service with ${property}=reboot is tried only if the reboot undoes the change`, async () => {
    const outcome = async (options: ApplyOptions, lifetime: 'always' | 'runtime' = 'always') => {
      const distort = (properties: Map<string, unknown>) =>
        properties.set(property, 'reboot-force').set('JobTimeoutUSec', 1_000_000n);
      const system = machine({ distort });
      const context = fakeContext(system, { placement: { scope: 'system', lifetime } });
      const result = await apply(context, [UNIT], options);
      return [result.exit, codesOf(result), system.changes.length > 0];
    };
    assert.deepEqual(await outcome({}), [1, ['error on-failure'], false]);
    assert.deepEqual(await outcome({ check: true }), [1, ['error on-failure'], false]);
    assert.deepEqual(await outcome({ restart: false }), [0, ['note restart-due'], true]);
    assert.deepEqual(await outcome({}, 'runtime'), [0, ['note refusals-unseen'], true]);
  });
}

/** What a oneshot service, or one that starts others at its end, may be in. */
const LEFT: readonly [properties: Readonly<Record<string, unknown>>, why: RegExp | undefined][] = [
  [{ Type: 'oneshot', ActiveState: 'activating', SubState: 'start' }, /^its command is still running$/],
  [{ Type: 'oneshot', ActiveState: 'activating', SubState: 'auto-restart' }, undefined],
  [{ Type: 'notify', ActiveState: 'activating', SubState: 'start' }, undefined],
  [{ OnSuccess: ['poweroff.target'] }, /^stopping it would trigger OnSuccess=poweroff\.target$/],
  [
    { OnSuccess: ['a.service', 'systemd-soft-reboot.service'] },
    /^stopping .* OnSuccess=a\.service systemd-soft/,
  ],
  [
    { OnSuccess: ['a.service'], OnSuccessJobMode: 'isolate' },
    /^stopping .*=a\.service with OnSuccessJobMode=/,
  ],
  [{ OnSuccess: ['systemd-reboot-log.service'] }, undefined],
];

for (const [properties, why] of LEFT) {
  test(`a restart with ${JSON.stringify(properties)}${why ? ' is left out' : ''}`, async () => {
    const distort = (all: Map<string, unknown>) => {
      for (const [name, value] of Object.entries(properties)) all.set(name, value);
    };
    const system = machine({ distort });
    const result = await run(system);
    assert.ok(system.changes.includes('reload'));
    assert.equal(system.changes.includes('restart demo.service'), why === undefined);
    if (why) assert.match(result.diagnostics[0]!.hint!, why);
  });
}

/** Control groups of this program, and whether the service is around it. */
const WITHIN: readonly [groups: string, isWithin: boolean][] = [
  ['0::/system.slice/demo.service\n', true],
  ['0::/system.slice/demo.service/below\n', true],
  ['4:cpu:/\n1:name=systemd:/system.slice/demo.service\n0::/\n', true],
  ['0::/system.slice/demo.service-other\n', false],
  ['0::/system.slice\n', false],
  ['0::/\n', false],
  ['', false],
];

for (const [groups, isWithin] of WITHIN) {
  test(`in ${JSON.stringify(groups)} the restart would ${isWithin ? '' : 'not '}end this program`, async () => {
    const distort = (properties: Map<string, unknown>) =>
      properties.set('ControlGroup', '/system.slice/demo.service');
    const start = () => machine({ files: { '/proc/self/cgroup': groups }, distort });
    for (const options of [{}, { check: true }]) {
      const system = start();
      const result = await run(system, options);
      assert.equal(codesOf(result).includes('error own-service'), isWithin);
      if (isWithin) assert.deepEqual([result.exit, system.changes], [1, []]);
    }
    assert.equal((await run(start(), { restart: false })).exit, 0);
  });
}

for (const around of ['session-3.scope', 'work.slice', 'other.service']) {
  test(`in ${around} this program would be ended by the restart of a service that ${around} needs`, async () => {
    const groups = `0::/user.slice/${around}/below\n`;
    const system = machine({
      running: [UNIT, around],
      files: { '/proc/self/cgroup': groups },
      distort: (properties) => properties.set('RequiredBy', [around]),
    });
    const result = await run(system);
    assert.deepEqual([result.exit, system.changes], [1, []]);
    const [wrong] = result.diagnostics;
    assert.equal(wrong!.message, `this command runs inside ${around}, which a restart of ${UNIT} stops`);
  });
}
