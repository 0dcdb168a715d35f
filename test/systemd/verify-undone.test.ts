/** `verify` on services of which each directive is undone by hand, one by one. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { groupBy } from '../../src/collections.js';
import { formatDirective, isFormatted } from '../../src/directives/format.js';
import { DIRECTIVES, findDirective } from '../../src/directives/table.js';
import { GROUP_LIMITS } from '../../src/verify/process/control-group.js';
import { isSeen } from '../../src/verify/process/judges.js';
import type { Box } from '../support/box.js';
import { type SeenDirective, verifyDirectives } from '../support/held-directives.js';
import { changeFiles, outside } from '../support/loaded-units.js';
import { run } from '../support/run.js';
import {
  apply,
  bootWithPrograms,
  mainPid,
  policyPath,
  processStatus,
  properties,
  sandboxUnit,
  servicesObstacle,
} from '../support/service.js';
import { NOT_HERE, UNDONE, type Undoing } from './directive-undoings.js';

const UNITS = '/etc/systemd/system';

/** Without a file of its own control group that it may write to: there a process that is moved differs. */
const SERVICE = '[Service]\nType=exec\nExecStart=/bin/sleep infinity\nMemoryPressureWatch=off\n';

const CAP_SYS_RESOURCE = 1n << 24n;

const policy = (values: readonly Pick<Undoing, 'directive' | 'value'>[]): string => {
  const lines = values.map(({ directive, value }) => `${directive} = ${JSON.stringify(value)}\n`);
  return `[service]\n${lines.join('')}[apply]\nsettle = "100ms"\n`;
};

/** Lines of a unit file. */
function assignments({ directive, value }: Pick<Undoing, 'directive' | 'value'>): string {
  const formatted = formatDirective(findDirective(directive)!, value, { file: 'a', line: 1, column: 1 });
  assert.ok(isFormatted(formatted), directive);
  return formatted.values.map((text) => `${directive}=${text}\n`).join('');
}

/** Relations other than `equal` by directive, of all processes or of one. */
const relations = (directives: readonly SeenDirective[], pid?: number): Map<string, string> =>
  new Map(
    directives.flatMap(({ directive, findings }) =>
      findings
        .filter(({ processes }) => pid === undefined || processes.some((one) => one.pid === pid))
        .filter(({ relation }) => relation !== 'equal')
        .map(({ relation }) => [directive, relation] as const),
    ),
  );

test('each directive that a process or a control group shows is undone here', () => {
  const undone = Object.values(UNDONE).flatMap(({ undoings }) => undoings.map(({ directive }) => directive));
  const shown = DIRECTIVES.map(({ name }) => name).filter((name) => isSeen(name) || GROUP_LIMITS.has(name));
  assert.deepEqual([...undone, ...NOT_HERE.keys(), ...GROUP_LIMITS.keys()].sort(), shown);
});

describe('verify of directives that were undone', { skip: servicesObstacle() }, () => {
  let box: Box;
  before(async () => {
    box = await bootWithPrograms('verify-undone');
  });
  after(() => box?.stop());

  const boundingSetOf = async (pid: number): Promise<bigint> =>
    BigInt(`0x${(await processStatus(box, pid)).get('CapBnd')}`);

  const start = async (unit: string) => {
    await changeFiles(box, { [`${UNITS}/${unit}`]: SERVICE });
    await box.succeed(['systemctl', 'start', unit]);
  };

  /** Starts a service for each directive that has all the others, moves its process, and returns the PIDs. */
  const moveStrays = async (unit: string, undoings: readonly Undoing[]): Promise<Map<string, number>> => {
    const strays = undoings.filter((one) => one.stray !== undefined);
    const nameOf = ({ directive }: Undoing) => `stray-${directive}.service`;
    const linesOf = (one: Undoing, { stray = 'without', ...other }: Undoing): string => {
      if (one.directive !== other.directive) return assignments(other);
      return stray === 'without' ? '' : assignments({ ...other, value: stray.weaker });
    };
    const texts = strays.map((one) => [
      `${UNITS}/${nameOf(one)}`,
      SERVICE + undoings.map((other) => linesOf(one, other)).join(''),
    ]);
    await changeFiles(box, Object.fromEntries(texts));
    const names = strays.map(nameOf);
    await box.succeed(['systemctl', 'start', ...names]);
    const shown = await box.succeed(['systemctl', 'show', '--value', '--property=MainPID', ...names]);
    const pids = shown.split('\n').filter((line) => line !== '');
    assert.equal(pids.length, names.length);
    const { ControlGroup: group } = await properties(box, unit, 'ControlGroup');
    await box.sh(`for pid in ${pids.join(' ')}; do echo "$pid" >/sys/fs/cgroup${group}/cgroup.procs; done`);
    return new Map(strays.map(({ directive }, i) => [directive, Number(pids[i])]));
  };

  /** The ID that a service's only process has outside of the box. */
  const pidOutside = async (unit: string): Promise<string> => {
    const { ControlGroup: group } = await properties(box, unit, 'ControlGroup');
    return readFileSync(outside(box, `/sys/fs/cgroup${group}/cgroup.procs`), 'utf8').trim();
  };

  for (const [name, { setup = '', undoings }] of Object.entries(UNDONE)) {
    test(`each directive of ${name} is looser where it was undone, and no other is`, async () => {
      const unit = `${name}.service`;
      await box.sh(setup);
      await start(unit);
      await apply(box, policy(undoings), unit);
      const untouched = await verifyDirectives(box, unit);
      const excused = undoings.flatMap(({ directive, untouched: is }) =>
        is ? [[directive, is] as const] : [],
      );
      assert.deepEqual([untouched.status, relations(untouched.directives)], [0, new Map(excused)]);

      const main = await mainPid(box, unit);
      const commands = (key: 'byHand' | 'inside') => undoings.map((one) => one[key] ?? '').join('\n');
      const byHand = await run(['sh', '-ec', commands('byHand')], {
        env: { ...process.env, PID: await pidOutside(unit) } as Record<string, string>,
      });
      assert.equal(byHand.status, 0, byHand.stderr);
      await box.succeed([
        ...['nsenter', `--target=${main}`, '--mount', '--pid', 'sh', '-ec', commands('inside')],
      ]);
      const strays = await moveStrays(unit, undoings);

      const { status, directives, diagnostics } = await verifyDirectives(box, unit);
      assert.equal(status, 1);
      const isPrivileged = (await boundingSetOf(1)) & CAP_SYS_RESOURCE;
      const undoneOf = ({ undone = 'looser', unprivileged = undone }: Undoing) =>
        isPrivileged ? undone : unprivileged;
      const seenOn = (pid: number) => [...relations(directives, pid)].sort();
      const expected = (changed: readonly Undoing[]) => {
        const isChanged = new Set(changed.map(({ directive }) => directive));
        return [
          ...changed
            .map((one) => [one.directive, undoneOf(one)])
            .filter(([, relation]) => relation !== 'equal'),
          ...excused.filter(([directive]) => !isChanged.has(directive)),
        ].sort();
      };
      const ofMain = undoings.filter((one) => one.byHand !== undefined || one.inside !== undefined);
      assert.deepEqual(seenOn(main), expected(ofMain));
      for (const one of undoings.filter(({ stray }) => stray !== undefined))
        assert.deepEqual(seenOn(strays.get(one.directive)!), expected([one]), one.directive);
      // The text, and the line of the policy, which begins with [service].
      const named = groupBy(diagnostics, ({ message }) => message.slice(0, message.indexOf('=')));
      const texts = new Map(directives.map((one) => [one.directive, one.findings.map(({ seen }) => seen)]));
      for (const [i, { directive, seen }] of undoings.entries()) {
        if (seen !== undefined)
          assert.ok(texts.get(directive)?.includes(seen), `${directive}: ${texts.get(directive)}`);
        if (undoneOf(undoings[i]!) !== 'looser') continue;
        const [told] = named.get(directive) ?? [];
        assert.deepEqual([told?.code, told?.line], ['looser-directive', i + 2], directive);
      }
    });
  }

  test('a limit that the control group lacks is looser, and one that set-property lifts is not in force', async () => {
    const [unit, place] = ['limited.service', '/sys/fs/cgroup/cgroup.controllers'];
    const controllers = (await box.readFile(place)).trim();
    assert.equal(controllers, '', 'limits of control groups can be undone in these: add them to UNDONE');
    const limits = [...GROUP_LIMITS.keys()]
      .sort()
      .map((directive) => ({ directive, value: findDirective(directive)!.example }));
    const names = limits.map(({ directive }) => directive);
    await changeFiles(box, { [`${UNITS}/${unit}`]: SERVICE, [policyPath(unit)]: policy(limits) });
    const refused = await sandboxUnit(box, 'apply', unit);
    assert.equal(refused.status, 1);
    for (const name of names)
      assert.match(refused.stderr, new RegExp(`error\\[gap-directive\\]: '${name}' would not be in force`));

    // Controllers that are named, and not there: a service that isn't started is not tried.
    await box.sh(`echo cpu memory pids >/run/controllers; mount --bind /run/controllers ${place}`);
    await apply(box, policy(limits), unit);
    await box.succeed(['systemctl', 'start', unit]);
    const without = await verifyDirectives(box, unit);
    assert.deepEqual([without.status, without.of('looser').sort()], [1, names]);
    for (const [name, { file }] of GROUP_LIMITS)
      assert.equal(without.seen.get(name), `the control group has no ${file}`);
    const lifted = names.map((name) => `${name}=${name === 'CPUQuota' ? '' : 'infinity'}`);
    await box.succeed(['systemctl', 'set-property', '--runtime', unit, ...lifted]);
    const { status, diagnostics } = await verifyDirectives(box, unit);
    assert.equal(status, 1);
    const told = diagnostics.filter(({ code }) => code === 'not-in-force').map(({ message }) => message);
    assert.deepEqual(told.map((message) => message.slice(0, message.indexOf('='))).sort(), names);
    await box.succeed(['umount', place]);
  });

  test('what is not undone here cannot be had here', async () => {
    const version = Number(/\d+/.exec(await box.succeed(['systemctl', '--version']))![0]);
    for (const [directive, isSo] of NOT_HERE) assert.ok(isSo(box, version), directive);
  });
});
