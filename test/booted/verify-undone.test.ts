/** `verify` on services whose directives are undone by hand, one by one. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { groupBy } from '../../src/collections.js';
import { formatDirective, isFormatted } from '../../src/systemd/directives/format.js';
import { directives, findDirective } from '../../src/systemd/directives/table.js';
import { GROUP_LIMITS } from '../../src/verify/process/probe.js';
import { isSeen } from '../../src/verify/process/table.js';
import type { Box } from '../support/box.js';
import { runCommand } from '../support/command-in-box.js';
import { type SeenDirective, verifyDirectives } from '../support/held-directives.js';
import { changeFiles } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { groupFolder, mayRaiseLimits, moveServices } from '../support/moved-processes.js';
import { apply, mainPid, policyPath, servicesObstacle } from '../support/service.js';
import { undoing } from './directive-read-back.js';
import { NOT_HERE, UNDONE, type Undoing, VALUES } from './directive-undoings.js';

const UNITS = '/etc/systemd/system';

/** Without a file of its own control group that it may write to: there a process that is moved differs. */
const SERVICE = '[Service]\nType=exec\nExecStart=/bin/sleep infinity\nMemoryPressureWatch=off\n';

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

/** Relations other than `equal` of one process, in the order of directives. */
const relations = (directives: readonly SeenDirective[], pid: number): string[] =>
  directives
    .flatMap(({ directive, findings }) =>
      findings
        .filter(({ relation, processes }) => relation !== 'equal' && processes.some((one) => one.pid === pid))
        .map(({ relation }) => `${directive} ${relation}`),
    )
    .sort();

/** The same as it has to be for a process in which some directives were undone. */
const expected = (all: readonly Undoing[], undone: readonly Undoing[]): string[] => {
  const changed = new Map(undone.map(({ directive, undone: relation = 'looser' }) => [directive, relation]));
  return all
    .map((one) => [one.directive, changed.get(one.directive) ?? one.untouched ?? 'equal'] as const)
    .filter(([, relation]) => relation !== 'equal')
    .map((pair) => pair.join(' '))
    .sort();
};

const systemdOf = async (box: Box): Promise<number> =>
  Number(/\d+/.exec(await box.succeed(['systemctl', '--version']))![0]);

test('the cases cover each directive that a process or a control group shows', () => {
  const undone = Object.values(UNDONE).flatMap(({ undoings }) => undoings.map(({ directive }) => directive));
  const shown = directives()
    .map(({ name }) => name)
    .filter((name) => isSeen(name) || GROUP_LIMITS.has(name));
  assert.deepEqual([...new Set([...undone, ...NOT_HERE.keys(), ...GROUP_LIMITS.keys()])].sort(), shown);
});

describe('verify of directives that were undone', { skip: servicesObstacle() }, () => {
  const { box } = machine('verify-undone');

  /** Applies a policy to a service that runs. */
  const confine = async (unit: string, undoings: readonly Undoing[]) => {
    await changeFiles(box, { [`${UNITS}/${unit}`]: SERVICE });
    await box.succeed(['systemctl', 'start', unit]);
    await apply(box, policy(undoings), unit);
  };

  /** Runs the commands that undo directives of a service's main process. */
  const undo = async (main: number, undoings: readonly Undoing[]) => {
    const commands = undoings.map((one) => one.inside ?? '').join('\n');
    await box.succeed(['nsenter', `--target=${main}`, '--mount', '--pid', 'sh', '-ec', commands]);
  };

  /** Brings a process for each directive that has all the others. Returns their IDs by directive. */
  const bringStrays = async (unit: string, undoings: readonly Undoing[]): Promise<Map<string, number>> => {
    const strays = undoings.filter(({ stray }) => stray !== undefined);
    const linesOf = (one: Undoing, { stray = 'without', ...other }: Undoing): string => {
      if (one.directive !== other.directive) return assignments(other);
      return stray === 'without' ? '' : assignments({ ...other, value: stray.weaker });
    };
    const services = strays.map((one) => [
      `stray-${one.directive}.service`,
      SERVICE + undoings.map((other) => linesOf(one, other)).join(''),
    ]);
    const pids = await moveServices(box, unit, Object.fromEntries(services));
    return new Map(strays.map(({ directive }, i) => [directive, pids[i]!]));
  };

  for (const [name, { setup = '', undoings }] of Object.entries(UNDONE)) {
    test(`each directive of ${name} is reported if it was undone, and no other`, async () => {
      const unit = `${name}.service`;
      await box.sh(setup);
      await confine(unit, undoings);
      const main = await mainPid(box, unit);
      const untouched = await verifyDirectives(box, unit);
      assert.equal(untouched.status, 0);
      assert.deepEqual(relations(untouched.directives, main), expected(undoings, []));

      await undo(main, undoings);
      const strays = await bringStrays(unit, undoings);
      const { status, directives, diagnostics } = await verifyDirectives(box, unit);
      assert.equal(status, 1);
      const isPrivileged = await mayRaiseLimits(box);
      const undoneOf = ({ undone = 'looser', unprivileged = undone }: Undoing) =>
        isPrivileged ? undone : unprivileged;
      const changed = undoings.map((one) => ({ ...one, undone: undoneOf(one) }));
      const ofMain = changed.filter((one) => one.inside !== undefined);
      assert.deepEqual(relations(directives, main), expected(undoings, ofMain));
      for (const one of changed.filter(({ directive }) => strays.has(directive))) {
        const seen = relations(directives, strays.get(one.directive)!);
        // The kernel exempts root's processes from that limit.
        const exempt = one.directive === 'User' ? ['LimitNPROC'] : [];
        const besides = changed.filter(({ directive }) => exempt.includes(directive));
        const undone = [one, ...besides.map((other) => ({ ...other, undone: 'unseen' as const }))];
        assert.deepEqual(seen, expected(undoings, undone), one.directive);
      }
      // The text, and the line of the policy, which begins with [service].
      const named = groupBy(diagnostics, ({ message }) => message.slice(0, message.indexOf('=')));
      const texts = new Map(directives.map((one) => [one.directive, one.findings.map(({ seen }) => seen)]));
      for (const [i, { directive, seen, undone }] of changed.entries()) {
        const said = texts.get(directive)!;
        if (seen !== undefined) assert.ok(said.includes(seen), `${directive}: ${said}`);
        if (undone !== 'looser') continue;
        const [told] = named.get(directive) ?? [];
        assert.deepEqual([told?.code, told?.line], ['looser-directive', i + 2], directive);
      }
    });
  }

  test('reports a limit that the control group lacks, and one that set-property lifts as not in force', async () => {
    const [unit, place] = ['limited.service', '/sys/fs/cgroup/cgroup.controllers'];
    const limits = [...GROUP_LIMITS.keys()]
      .sort()
      .map((directive) => ({ directive, value: findDirective(directive)!.example }));
    const names = limits.map(({ directive }) => directive);
    await changeFiles(box, { [`${UNITS}/${unit}`]: SERVICE, [policyPath(unit)]: policy(limits) });
    // Controllers that are named, and need not be there: a service that isn't started is not tried.
    await box.sh(`echo cpu memory pids >/run/controllers; mount --bind /run/controllers ${place}`);
    await apply(box, policy(limits), unit);
    await box.succeed(['systemctl', 'start', unit]);
    const folder = await groupFolder(box, unit);
    const files = [...GROUP_LIMITS.values()].map(({ file }) => `${folder}/${file}`);
    await box.sh(`for file in ${files.join(' ')}; do [ ! -e "$file" ] || echo max >"$file"; done`);
    const without = await verifyDirectives(box, unit);
    assert.deepEqual([without.status, without.of('looser').sort()], [1, names]);
    for (const [name, { file }] of GROUP_LIMITS)
      assert.match(
        without.seen.get(name)!,
        new RegExp(`^(?:the control group has no ${file}$|${file} is 'max)`),
      );
    const lifted = names.map((name) => `${name}=${name === 'CPUQuota' ? '' : 'infinity'}`);
    await box.succeed(['systemctl', 'set-property', '--runtime', unit, ...lifted]);
    const { status, diagnostics } = await verifyDirectives(box, unit);
    const told = diagnostics.filter(({ code }) => code === 'drift-loaded').map(({ message }) => message);
    assert.equal(status, 1);
    assert.deepEqual(told.map((message) => message.slice(0, message.indexOf('='))).sort(), names);
    await box.succeed(['umount', place]);
  });

  test('a directive that no process shows is a gap, or is named if a later drop-in resets it', async () => {
    const unit = 'unseen.service';
    const rows = directives().filter(({ name }) => !isSeen(name) && !GROUP_LIMITS.has(name));
    const values = rows.map(({ name, example }) => ({ directive: name, value: VALUES.get(name) ?? example }));
    // Some examples are looser than a unit without any line.
    const loosen = { directive: 'loosen', value: rows.map(({ name }) => name) };
    await changeFiles(box, {
      [`${UNITS}/${unit}`]: SERVICE,
      [policyPath(unit)]: policy([loosen, ...values]),
    });
    const applied = await runCommand(box, ['apply', '--allow-gaps', unit]);
    assert.equal(applied.status, 0, applied.stderr);
    const version = await systemdOf(box);
    const isNamed = (code: string, { diagnostics }: Awaited<ReturnType<typeof verifyDirectives>>) => {
      const messages = diagnostics.filter((one) => one.code === code).map(({ message }) => message);
      return rows.map(({ name }) => messages.some((message) => new RegExp(`'${name}=?'`).test(message)));
    };
    const gaps = isNamed('gap-directive', await verifyDirectives(box, '--allow-gaps', unit));
    assert.ok(gaps.filter((isGap) => !isGap).length > 50, 'most are in force');
    const later = rows.map((row) => `${row.name}=${undoing(row, version)}\n`);
    await changeFiles(box, { [`${UNITS}/${unit}.d/zzz-later.conf`]: `[Service]\n${later.join('')}` });
    const undone = await verifyDirectives(box, '--allow-gaps', unit);
    assert.equal(undone.status, 1);
    const overridden = isNamed('overridden', undone);
    const names = rows.filter((_, i) => gaps[i] === overridden[i]).map(({ name }) => name);
    assert.deepEqual(names, []);
  });

  test("the cases leave out only what this machine can't do", async () => {
    const version = await systemdOf(box);
    for (const [directive, isSo] of NOT_HERE) assert.ok(isSo(box, version), directive);
  });
});
