/** How long it takes to make the files of a unit for a fleet, whose machines are of few kinds. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { changeFiles } from '../test/support/loaded-units.js';
import { inRepository } from '../test/support/repository.js';
import { servicesObstacle } from '../test/support/service.js';
import type { Bench } from './row.js';
import { COMMAND, inBox, inFolder, output } from './workshop.js';

const HOSTS = 10_000;
const CLASSES = 20;
const MOST_SECONDS = 60;
const UNIT = 'far.service';
const FILE = `/etc/systemd/system/${UNIT}`;

/** What a machine with a unit answers. */
const gather = () =>
  inBox([], async (box) => {
    await changeFiles(box, { [FILE]: '[Service]\nExecStart=/bin/sleep infinity\n' });
    await box.succeed(['systemctl', 'start', UNIT]);
    return box.succeed(['sh', inRepository('host-scripts/facts'), UNIT]);
  });

/** The answers of another machine: other times, and a comment in the unit's file that its class has. */
function ofHost(lines: readonly string[], host: number): string {
  const answers = lines.map((line) => {
    if (!line.startsWith('{"ask":"read 0 4194305 /etc/systemd/system/far.service"')) {
      return line.replace(/"(modified|changed)":"\d+/g, `"$1":"${1_700_000_000 + host}`);
    }
    return line.replace(/"data":"([^"]*)"/, (_, data: string) => {
      const text = `${gunzipSync(Buffer.from(data, 'base64'))}# class ${host % CLASSES}\n`;
      return `"data":"${gzipSync(text).toString('base64')}"`;
    });
  });
  return answers.join('\n').replace(/"host":"[^"]*"/, `"host":"host${host}"`);
}

export const fleet: Bench = {
  name: 'fleet',
  obstacle: servicesObstacle,
  run: () =>
    inFolder(async (folder) => {
      const lines = (await gather()).split('\n');
      const hosts = join(folder, 'hosts');
      mkdirSync(hosts);
      for (let host = 0; host < HOSTS; host++)
        writeFileSync(join(hosts, `host${host}.facts`), ofHost(lines, host));
      const seconds = (...words: string[]) => {
        const begun = performance.now();
        const said = output(['node', COMMAND, 'generate', ...words, '--template', 'no-exec', UNIT]);
        return { said, seconds: (performance.now() - begun) / 1000 };
      };
      const one = seconds('--facts', join(hosts, 'host0.facts'));
      const all = seconds('--hosts', hosts, '--output', join(folder, 'made'));
      const classes = new Set(
        all.said
          .trimEnd()
          .split('\n')
          .map((line) => line.split(' ')[1]),
      );
      if (classes.size !== CLASSES) throw new Error(`${classes.size} classes, not ${CLASSES}`);
      return [
        {
          name: `generate for ${HOSTS} machines of ${CLASSES} classes`,
          against: 'generate for one',
          unit: 's',
          baseline: one.seconds,
          ours: all.seconds,
          aim: { text: `at most ${MOST_SECONDS} s`, met: all.seconds <= MOST_SECONDS },
        },
      ];
    }),
};
