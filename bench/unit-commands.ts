/**
 * Processor time of plan, verify and run, and of apply and status where nothing has changed, for one unit and for many; in a
 * box.
 */
import { join } from 'node:path';
import { type Box, boxAvailable } from '../test/support/box.js';
import type { Aim, Bench, Row } from './row.js';
import { apply, COMMAND, inBox, SHIPPED } from './workshop.js';

const ROUNDS = 25;
const UNIT = 'nginx.service';
const POLICY = SHIPPED.large;
const IN_TURNS = join(import.meta.dirname, 'in-turns.js');

export const unitCommands: Bench = {
  name: 'unit-commands',
  obstacle: boxAvailable,
  run: () =>
    inBox([], async (box) => {
      await box.succeed(['systemctl', 'start', UNIT]);
      await apply(box, POLICY, UNIT);
      await makeMany(box);
      const command = (verb: string) => ['node', COMMAND, verb, '--policy', POLICY, UNIT];
      const [one, ...others] = MANY;
      const commands = [
        ['node', '-e', '0'],
        ...[command('plan'), command('apply'), command('verify')],
        ...['apply', 'status'].flatMap((verb) => [
          ['node', COMMAND, verb, one!],
          ['node', COMMAND, verb, one!, ...others],
        ]),
        ['node', COMMAND, 'run', '--wait', '--quiet', '--collect', '--deny', 'uname', '--', 'true'],
      ];
      const turns = ['node', IN_TURNS, `${ROUNDS}`, JSON.stringify(commands), 'processor'];
      const printed = await box.succeed(turns, { timeoutMs: 300_000 });
      const [nothing, plan, again, verify, applyOne, applyMany, statusOne, statusMany, run] =
        JSON.parse(printed);
      const row = (name: string, ours: number, aim?: Aim): Row => ({
        ...{ name, against: 'node -e 0', unit: 'ms', baseline: nothing, ours },
        ...(aim ? { aim } : {}),
      });
      const within = (most: number, ours: number): Aim => ({
        text: `at most ${most} ms more`,
        met: ours - nothing <= most,
      });
      return [
        row('sandbox-unit plan (nginx)', plan, within(130, plan)),
        row('sandbox-unit apply, nothing new (nginx)', again, within(140, again)),
        row('sandbox-unit verify (nginx)', verify, within(190, verify)),
        row('sandbox-unit run --wait', run, within(110, run)),
        row('sandbox-unit apply, nothing new, a small unit', applyOne),
        row(`sandbox-unit apply, nothing new, ${MANY.length} of them`, applyMany, within(1300, applyMany)),
        row('sandbox-unit status of one of them', statusOne, within(90, statusOne)),
        row(`sandbox-unit status of ${MANY.length}`, statusMany, within(500, statusMany)),
      ];
    }),
};

const MANY = Array.from({ length: 100 }, (_, i) => `many-${i}.service`);

/** A hundred services that run, each confined by a policy of its own. */
async function makeMany(box: Box): Promise<void> {
  const script = MANY.flatMap((unit) => [
    `printf '[Service]\\nType=exec\\nExecStart=/usr/bin/sleep infinity\\n' >/etc/systemd/system/${unit}`,
    `printf 'extends = ["no-exec"]\\n[apply]\\nsettle = "1ms"\\n' >/etc/sandbox-unit/${unit}.toml`,
  ]);
  const commands = ['mkdir -p /etc/sandbox-unit', ...script, 'systemctl daemon-reload'];
  await box.sh([...commands, `systemctl start ${MANY.join(' ')}`].join('\n'), { timeoutMs: 120_000 });
  await box.succeed(['node', COMMAND, 'apply', '--quiet', ...MANY], { timeoutMs: 120_000 });
}
