/** Conditions of a service that no longer hold: a restart would leave it stopped. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ExecOptions } from '../support/box.js';
import { changeFiles } from '../support/loaded-units.js';
import { COMMAND, oneServiceIn, POLICY, SLEEP, UNIT } from '../support/one-service.js';
import { servicesObstacle } from '../support/service.js';
import { alternatives } from '../support/thorough.js';

for (const tree of alternatives(['machine', 'bullseye', 'forky'] as const)) {
  describe(`${tree}: conditions that no longer hold`, { skip: servicesObstacle(tree) ?? false }, () => {
    const { box, started, run, filters, isLeft } = oneServiceIn(`conditions-${tree}`, tree);

    for (const [lines, why] of [
      ['ConditionPathExists=/run/there', /ConditionPathExists=\/run\/there is not met/],
      ['ConditionPathExists=|/run/there\nConditionPathExists=|!/etc', /ConditionPathExists=\|/],
      [
        'AssertPathExists=/run/there\nConditionPathExists=|!/etc\nConditionPathExists=|/etc',
        /AssertPathExists=\/run\/there is not met/,
      ],
    ] as const) {
      test(`${lines.split('\n').join(', ')}: the service isn't restarted`, async () => {
        await box.writeFile('/run/there', '');
        await started(lines);
        await box.succeed(['rm', '/run/there']);
        await isLeft(why);
        await box.writeFile('/run/there', '');
        await run(0, 'apply', UNIT);
        assert.equal(await filters(), 2);
      });
    }

    test('conditions that hold are no obstacle, whatever they contain', async () => {
      await box.succeed(['systemctl', 'set-environment', 'ONLY_THERE=x']);
      const path = '/run/100% %u "of" \'it';
      await box.writeFile(path, '');
      await started(
        [
          `ConditionPathExists=${path.replaceAll('%', '%%')}`,
          'ConditionPathExists=!/run/%N%%',
          'ConditionKernelCommandLine=|!no | such',
          ...(tree === 'bullseye' ? [] : ['ConditionEnvironment=ONLY_THERE']),
          'AssertFileNotEmpty=/etc/passwd',
        ].join('\n'),
      );
      await run(0, 'apply', UNIT);
      assert.equal(await filters(), 2);
    });
  });
}

describe("a user's manager", { skip: servicesObstacle() ?? false }, () => {
  const { box } = oneServiceIn('conditions-user');

  test('evaluates conditions itself', async () => {
    const user: ExecOptions = { env: { XDG_RUNTIME_DIR: '/run/user/0' } };
    await box.sh('systemctl start user@0.service');
    await changeFiles(box, {
      [`/root/.config/systemd/user/${UNIT}`]: `[Unit]\nConditionPathExists=%t/there\n[Service]\nExecStart=${SLEEP}\n`,
      [`/root/.config/sandbox-unit/${UNIT}.toml`]: POLICY,
    });
    await box.sh(
      `touch /run/user/0/there; systemctl --user daemon-reload; systemctl --user start ${UNIT}; rm /run/user/0/there`,
      user,
    );
    const { status, stderr } = await box.exec([...COMMAND.split(' '), 'apply', '--user', UNIT], user);
    assert.equal(status, 0, stderr);
    assert.match(
      stderr,
      /note\[restart-due\].*\n {2}hint: ConditionPathExists=\/run\/user\/0\/there is not met/,
    );
    assert.equal(await box.succeed(['systemctl', '--user', 'is-active', UNIT], user), 'active\n');
  });
});
