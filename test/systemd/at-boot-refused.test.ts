/** Units that the generator keeps from starting: what systemd makes of them, and what the operator sees. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Box } from '../support/box.js';
import { changeFiles } from '../support/loaded-units.js';
import { MACHINE } from '../support/native.js';
import { inRepository } from '../support/repository.js';
import { bootWithPrograms, properties, servicesObstacle } from '../support/service.js';
import { alternatives } from '../support/thorough.js';
import type { TreeName } from '../support/tree.js';

const UNITS = '/etc/systemd/system';
const EARLY = '/run/systemd/generator.early';
const MANIFESTS = '/etc/sandbox-unit/enabled/activate.d';
const BUILT = inRepository(`native-helper/build/${MACHINE}/generator`);
const GENERATOR = '/usr/local/libexec/sandbox-unit/generator';
const UNIT = 'held.service';
const REASON = 'is not started without its policy: its manifest is of another version';

/** The unit fails loudly, and is started again at once. */
const HELD = `[Unit]
FailureAction=reboot-force
OnFailure=noted.service
[Service]
ExecStart=/usr/bin/tail -f /dev/null
ExecStop=/usr/bin/touch /run/stopped
Restart=always
RestartSec=50ms
`;

/** Takes back what a drop-in of an earlier name can set. */
const TAKES_BACK = `[Unit]
Requires=
Requisite=
Wants=
After=
FailureAction=reboot-force
[Service]
Restart=always
SuccessExitStatus=255
ExecCondition=
`;

for (const tree of alternatives<TreeName>(['machine', 'bullseye', 'bookworm', 'forky'], 2)) {
  describe(`units that are held, on ${tree}`, { skip: servicesObstacle(tree) ?? false }, () => {
    let box: Box;
    before(async () => {
      box = await bootWithPrograms('at-boot-refused', {}, tree);
      await sh(`install -D -m 755 ${BUILT} ${GENERATOR}
        mkdir -p /etc/systemd/system-generators ${MANIFESTS}
        ln -s ${GENERATOR} /etc/systemd/system-generators/sandbox-unit-generator`);
      await changeFiles(box, {
        [`${UNITS}/${UNIT}`]: HELD,
        [`${UNITS}/held@.service`]: HELD,
        [`${UNITS}/noted.service`]: '[Service]\nType=oneshot\nExecStart=/usr/bin/touch /run/noted\n',
      });
    });
    after(() => box?.stop());

    const sh = (script: string) => box.succeed(['bash', '-euc', script]);

    /** Holds a unit, or releases it, by a manifest that can't be read. */
    const hold = (unit: string) => sh(`echo other >${MANIFESTS}/${unit}; systemctl daemon-reload`);
    const release = (unit: string) => sh(`rm ${MANIFESTS}/${unit}; systemctl daemon-reload`);

    const assertHeld = async (unit: string) => {
      await sh('rm -f /run/noted');
      assert.notEqual((await box.exec(['systemctl', 'start', unit])).status, 0);
      assert.deepEqual(await properties(box, unit, 'ActiveState', 'MainPID'), {
        ActiveState: 'inactive',
        MainPID: '0',
      });
      // OnFailure= is of the job, FailureAction= of the unit: it would end the box.
      await box.waitFor(
        'what OnFailure= names',
        async () => (await box.exec(['test', '-e', '/run/noted'])).status === 0,
      );
      await box.waitFor('the reason', async () => {
        const { stdout } = await box.exec(['systemctl', 'status', '--lines=100', '--full', unit]);
        return stdout.includes(REASON);
      });
    };

    test('do not start whatever a later drop-in says, and tell why', async () => {
      await hold(UNIT);
      for (const drop of ['zzz.conf', '~.conf', '\u{FFFD}.conf']) {
        await changeFiles(box, { [`${UNITS}/${UNIT}.d/${drop}`]: TAKES_BACK });
        await assertHeld(UNIT);
        await sh(`rm '${UNITS}/${UNIT}.d/${drop}'`);
      }
      const failed = await sh('systemctl --failed --plain --no-legend');
      assert.match(failed, /^sandbox-unit-refused@held\.service\.service /m);
      // 255 would be shown as an exception.
      const told = 'sandbox-unit-refused@held.service.service';
      assert.deepEqual(await properties(box, told, 'Result', 'ExecMainStatus'), {
        Result: 'exit-code',
        ExecMainStatus: '1',
      });
      await release(UNIT);
      await sh(`systemctl start ${UNIT}; systemctl stop ${UNIT}`);
    });

    test('go on if they run, stop as they would, and end for good if they end', async () => {
      await sh(`systemctl start ${UNIT}`);
      await changeFiles(box, {
        [`${UNITS}/${UNIT}.d/zzz.conf`]: TAKES_BACK.replaceAll(
          'FailureAction=reboot-force',
          'FailureAction=none',
        ),
      });
      const running = await properties(box, UNIT, 'ActiveState', 'MainPID');
      await hold(UNIT);
      assert.deepEqual(await properties(box, UNIT, 'ActiveState', 'MainPID'), running);
      assert.equal(running.ActiveState, 'active');
      await sh(`rm -f /run/stopped; systemctl stop ${UNIT}; test -e /run/stopped`);
      await assertHeld(UNIT);
      await release(UNIT);

      await sh(`systemctl start ${UNIT}`);
      await hold(UNIT);
      await sh(`rm -f /run/noted; kill -KILL ${(await properties(box, UNIT, 'MainPID')).MainPID}`);
      await box.waitFor('the restart that fails', async () => {
        const said = await box.exec([
          'journalctl',
          '--quiet',
          '--output=cat',
          `--unit=${UNIT}`,
          '--lines=100',
        ]);
        return said.stdout
          .trimEnd()
          .split('\n')
          .slice(-6)
          .some((line) => line.includes("failed with result 'dependency'"));
      });
      assert.equal((await properties(box, UNIT, 'MainPID')).MainPID, '0');
      await sh(`systemctl stop ${UNIT}; systemctl reset-failed; rm -r ${UNITS}/${UNIT}.d`);
      await release(UNIT);
    });

    test('are all instances, where their template is held', async () => {
      await hold('held@.service');
      await assertHeld('held@x.service');
      await assertHeld('held@a\\x2db.service');
      await release('held@.service');
      await sh('systemctl start held@x.service; systemctl stop held@x.service');
    });

    test('fail by their condition where dependencies are left out', async () => {
      await hold(UNIT);
      await changeFiles(box, { [`${UNITS}/${UNIT}.d/new.conf`]: '[Service]\nSuccessExitStatus=255\n' });
      await box.exec(['systemctl', 'start', '--job-mode=ignore-dependencies', UNIT]);
      await box.waitFor('the end', async () => {
        const { ActiveState, Result } = await properties(box, UNIT, 'ActiveState', 'Result');
        return ActiveState === 'failed' && Result === 'exit-code';
      });
      await sh(`systemctl reset-failed; rm -r ${UNITS}/${UNIT}.d`);
      await release(UNIT);
    });

    test('are none for a user manager, in an initrd, or of other names', async () => {
      await hold(UNIT);
      const made = async (...environment: string[]) => {
        const script = `rm -rf /run/made; env ${environment.join(' ')} ${GENERATOR} /run/made/n /run/made/e /run/made/l
          find /run/made -type f -printf '%P\\n' 2>/dev/null | sort || :`;
        return (await sh(script)).split('\n').filter((line) => line !== '');
      };
      const shared = ['sandbox-unit-refused.target', 'sandbox-unit-refused@.service'];
      assert.deepEqual(
        await made(),
        [
          ...[
            `${UNIT}.d/zz-sandbox-unit-refused.conf`,
            `${UNIT}.d/zz-sandbox-unit-refused.reason`,
            ...shared,
          ],
          'sandbox-unit-refused@.service.d/zz-sandbox-unit-refused.conf',
        ].map((name) => `e/${name}`),
      );
      assert.deepEqual(await made('SYSTEMD_SCOPE=user'), []);
      assert.deepEqual(await made('SYSTEMD_IN_INITRD=1'), []);
      assert.notDeepEqual(await made('SYSTEMD_SCOPE=system', 'SYSTEMD_IN_INITRD=0'), []);
      await release(UNIT);
      await sh(`echo other >${MANIFESTS}/held.socket; echo other >${MANIFESTS}/.held.service`);
      assert.deepEqual(await made(), []);
      assert.equal((await sh(`ls ${EARLY} 2>/dev/null || :`)).includes('sandbox-unit'), false);
      await sh(`rm ${MANIFESTS}/held.socket ${MANIFESTS}/.held.service`);
    });
  });
}
