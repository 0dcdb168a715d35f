/** How long the generator takes for a unit whose policy it puts into force, over none. */
import { changeFiles } from '../test/support/loaded-units.js';
import { servicesObstacle } from '../test/support/service.js';
import { type Bench, median } from './row.js';
import { COMMAND, HELPERS, inBox } from './workshop.js';

const COUNT = 100;
const ROUNDS = 41;
const ENABLED = '/etc/sandbox-unit/enabled';
const NAMES = Array.from({ length: COUNT }, (_, i) => `early${i}.service`);
const POLICY = '[syscalls]\ndeny = ["execve", "execveat"]\n[service]\nProtectHome = true\n';

/** Runs the generator with all units and with none, in turn; prints `all` or `none`, and microseconds. */
const SCRIPT = `
  mkdir -p /tmp/early
  for ((i = 0; i < $1; i++)); do
    for which in none all; do
      [ $which = all ] || mv ${ENABLED}/activate.d ${ENABLED}/away
      begun=\${EPOCHREALTIME/./}
      ${HELPERS.generator} /tmp/early /tmp/early /tmp/early
      echo "$which $((\${EPOCHREALTIME/./} - begun))"
      [ $which = all ] || mv ${ENABLED}/away ${ENABLED}/activate.d
    done
  done`;

export const atBoot: Bench = {
  name: 'at-boot',
  obstacle: servicesObstacle,
  run: () =>
    inBox([], async (box) => {
      await changeFiles(
        box,
        Object.fromEntries(
          NAMES.flatMap((name) => [
            [`/etc/systemd/system/${name}`, '[Service]\nExecStart=/bin/sleep infinity\n'],
            [`/etc/sandbox-unit/${name}.toml`, POLICY],
          ]),
        ),
      );
      for (const name of NAMES) {
        const words = ['generate', '--runtime', '--at-boot', '--output', ENABLED, name];
        await box.succeed(['node', COMMAND, ...words]);
      }
      const launcher = '/usr/local/libexec/sandbox-unit/launcher';
      await box.succeed(['install', '-D', '-m', '755', `${ENABLED}${launcher}`, launcher]);
      const lines = (await box.succeed(['bash', '-euc', SCRIPT, 'bash', `${ROUNDS}`])).trimEnd().split('\n');
      const refused = await box.sh('ls /tmp/early');
      if (refused.stdout !== '') throw new Error(`units are refused: ${refused.stdout}`);
      const times = (which: string) =>
        lines
          .map((line) => line.split(' '))
          .flatMap(([name, time]) => (name === which ? [Number(time)] : []));
      const [none, all] = [median(times('none')), median(times('all'))];
      const each = (all - none) / COUNT / 1000;
      return [
        {
          name: `generator with ${COUNT} enabled policies`,
          against: 'the generator with none',
          unit: 'ms',
          baseline: none / 1000,
          ours: all / 1000,
          aim: { text: 'at most 1 ms more a unit', met: each <= 1 },
          note: `${each.toFixed(3)} ms a unit`,
        },
      ];
    }),
};
