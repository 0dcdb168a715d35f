/** Tests of apply/live/live-change.ts: `apply --live` on a machine in memory. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { apply } from '../../../src/cli/commands/apply.js';
import { revert } from '../../../src/cli/commands/revert.js';
import { status } from '../../../src/cli/commands/status.js';
import { UserError } from '../../../src/diagnostic.js';
import { PACKAGED_INJECTOR } from '../../../src/systemd/paths/programs.js';
import { codesOf, run, sorted, statesOf, unitsOf } from '../../support/apply-in-memory.js';
import { DROP_IN, NO_EXEC, UNIT } from '../../support/demo-service.js';
import { fakeContext } from '../../support/fake-system.js';
import { FIT, runTighten, tightenable } from '../../support/tightened-in-memory.js';

const LIVE = { live: true } as const;
const RESTART = `restart ${UNIT}`;

describe('apply --live: a change that only refuses more calls', () => {
  test('is loaded into running processes, written for the next start, and verified', async () => {
    const { system, given, asked } = tightenable();
    const result = await run(system, LIVE);
    assert.deepEqual(
      statesOf(result),
      [`${UNIT} applied`],
      result.diagnostics.map((d) => d.message).join('\n'),
    );
    assert.equal(result.exit, 0);
    assert.ok(codesOf(result).includes('note keeps-filter'));
    const [unit] = unitsOf(result) as unknown as {
      restarted: boolean;
      tightened: boolean;
      verified: boolean;
    }[];
    assert.deepEqual([unit!.restarted, unit!.tightened, unit!.verified], [false, true, true]);
    assert.match(result.text, /^Loaded into the running processes, and verified\.$/m);
    assert.deepEqual([asked.length, given().length], [1, 1]);
    assert.ok(system.files.has(DROP_IN));
    assert.ok(!system.calls.includes(RESTART));
    const shown = await status(fakeContext(system), []);
    assert.match(shown.text, /^demo\.service +enforcing +live, injected /m);
    assert.equal(shown.exit, 0);
  });

  test('is loaded although an earlier filter refuses more, with a note that this filter stays', async () => {
    const { system } = tightenable('[syscalls]\ndeny = ["swapon"]\n');
    assert.equal((await runTighten(system)).exit, 0);
    const result = await run(system, LIVE);
    assert.equal(result.exit, 0, result.diagnostics.map((d) => d.message).join('\n'));
    const [kept] = result.diagnostics.filter(({ code }) => code === 'keeps-filter');
    assert.match(kept!.message, /its earlier ones until its next start, even after a roll-back$/);
    assert.match(kept!.hint!, /^'systemctl restart demo\.service' /);
  });

  test('is unchanged the second time', async () => {
    const { system, asked } = tightenable();
    await run(system, LIVE);
    const again = await run(system, LIVE);
    assert.deepEqual([again.exit, statesOf(again), asked.length], [0, [`${UNIT} unchanged`], 1]);
  });

  test("is reported by --check, with what can't be undone", async () => {
    const { system, given, asked } = tightenable();
    const before = sorted(system.files);
    const result = await run(system, { ...LIVE, check: true });
    assert.deepEqual([result.exit, codesOf(result)], [3, ['note keeps-filter']]);
    const found = asked.map((argv) => argv.includes('--dry-run'));
    assert.deepEqual(found, [true]);
    assert.deepEqual([given().length, sorted(system.files)], [0, before]);
  });

  test('is reported by --check with obstacles in threads, also with [ready]', async () => {
    for (const [nth, tried] of [
      [1, 1],
      [2, 2],
    ] as const) {
      const { system, given, asked } = tightenable(
        '[syscalls]\ndeny = ["swapon"]\n[ready]\ndeny = ["execve", "execveat", "read"]\n',
        {
          files: { [PACKAGED_INJECTOR]: '' },
          says: () =>
            asked.length < nth ? FIT : ['paused 1500\nfinding 12 waits 0 3221225534\nunchanged\n', 1],
        },
      );
      const before = sorted(system.files);
      const result = await run(system, { ...LIVE, check: true });
      assert.deepEqual([result.exit, statesOf(result)], [1, [`${UNIT} refused`]]);
      assert.equal(codesOf(result).at(-1), 'error thread-stuck');
      assert.deepEqual([asked.length, given().length], [tried, 0]);
      assert.ok(asked.every((argv) => argv.includes('--dry-run')));
      assert.deepEqual(sorted(system.files), before);
    }
  });

  test("is not successful with --check if the threads can't be checked", async () => {
    const { system, asked } = tightenable();
    const context = { ...fakeContext(system), superuser: false };
    const result = await apply(context, [UNIT], { ...LIVE, check: true });
    assert.deepEqual([result.exit, codesOf(result)], [1, ['note keeps-filter', 'error needs-root']]);
    assert.equal(asked.length, 0);

    const unsaid = tightenable(NO_EXEC, { says: () => ['', 139, 'Segmentation fault'] });
    const unknown = await run(unsaid.system, { ...LIVE, check: true });
    assert.deepEqual([unknown.exit, codesOf(unknown)], [1, ['note keeps-filter', 'error not-tightened']]);
  });

  test('is two filters if there is [ready], both tried before the first is loaded', async () => {
    const { system, given, asked } = tightenable(
      '[syscalls]\ndeny = ["swapon"]\n[ready]\ndeny = ["execve", "execveat"]\n',
      {
        files: { [PACKAGED_INJECTOR]: '' },
      },
    );
    const result = await run(system, LIVE);
    assert.equal(result.exit, 0, result.diagnostics.map((d) => d.message).join('\n'));
    const found = asked.map((argv) => argv.includes('--dry-run'));
    assert.deepEqual(found, [true, true, false, false]);
    assert.equal(given().length, 2);
  });
});

describe('apply --live refuses before it writes anything:', () => {
  const cases: readonly (readonly [string, string, string, Parameters<typeof tightenable>[1]?])[] = [
    ['of a service that is down', NO_EXEC, 'not-live', { running: [] }],
    ['of directives', `${NO_EXEC}[service]\nPrivateTmp = true\nNoNewPrivileges = true\n`, 'not-live'],
    ['of what may be executed', `${NO_EXEC}[service]\nExecPaths = ["/usr"]\n`, 'not-live'],
    ['of directives alone', '[service]\nPrivateTmp = true\n', 'not-live'],
    ['that records', '[syscalls]\nlog = ["swapon"]\n', 'not-live'],
    [
      'of how people get in',
      '[syscalls]\ndeny = ["swapon"]\n',
      'not-live',
      {
        files: {
          '/usr/lib/systemd/system/demo.service': '[Service]\nExecStart=/usr/sbin/sshd -D\n',
          '/usr/sbin/sshd': '',
        },
      },
    ],
  ];
  for (const [what, policy, code, options] of cases) {
    test(what, async () => {
      const { system, asked } = tightenable(policy, options);
      const before = sorted(system.files);
      for (const check of [true, false]) {
        const result = await run(system, { ...LIVE, check });
        assert.equal(result.exit, 1);
        const errors = codesOf(result).filter((one) => one.startsWith('error '));
        assert.equal(errors[0], `error ${code}`, result.diagnostics.map((d) => d.message).join('\n'));
      }
      assert.equal(asked.length, 0);
      assert.deepEqual(sorted(system.files), before);
    });
  }

  test('apply --live refuses changes that need a restart or a confirmation', async () => {
    const { system } = tightenable();
    for (const more of [{ restart: false }, { confirm: '1min' }] as const)
      await assert.rejects(run(system, { ...LIVE, ...more }), (cause) => {
        assert.ok(cause instanceof UserError);
        assert.equal(cause.diagnostics[0]!.code, 'usage');
        return true;
      });
  });

  test('apply --live changes an access unit if the policy says `understood`', async () => {
    const [, policy, , options] = cases.at(-1)!;
    const { system } = tightenable(policy, options);
    const result = await run(system, { ...LIVE, confirm: false });
    assert.equal(result.exit, 0, result.diagnostics.map((d) => d.message).join('\n'));
  });
});

test('revert restarts a unit that apply --live has filtered, and it is free then', async () => {
  const { system } = tightenable();
  await run(system, LIVE);
  assert.equal((await revert(fakeContext(system), [UNIT], {})).exit, 0);
  assert.ok(system.calls.includes(RESTART));
});
