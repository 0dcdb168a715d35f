/** What is planned for a host by its answers is what is planned on it: for each unit of each systemd. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Answers } from '../support/asked-elsewhere.js';
import type { Box } from '../support/box.js';
import { bootWithPrograms, sandboxUnit, servicesObstacle } from '../support/service.js';
import { alternatives, EVERY } from '../support/thorough.js';
import type { TreeName } from '../support/tree.js';

const TREES: readonly TreeName[] = ['machine', 'bullseye', 'bookworm', 'forky'];

/** Command lines about a unit; templates go to both enforcers, and to the one or the other. */
const ASKED: readonly (readonly string[])[] = [
  ['generate', '--json', '--template', 'network-service'],
  ['plan', '--template', 'no-exec'],
  ['apply', '--check', '--diff', '--template', 'hardened'],
];

for (const tree of alternatives(TREES)) {
  describe(`on the tree ${tree}`, { skip: servicesObstacle(tree) ?? false }, () => {
    let box: Box;
    let folder: string;
    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'sandbox-unit-'));
      box = await bootWithPrograms(`facts-${tree}`, {}, tree);
    });
    after(async () => {
      await box?.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    test('a plan from afar is the same, byte for byte', async () => {
      const { stdout } = await box.sh('systemctl list-unit-files --type=service --no-legend --no-pager');
      const units = stdout.split('\n').flatMap((line) => /^\S+\.service/.exec(line) ?? []);
      assert.ok(units.length > 20, stdout);
      const tried = units.filter((_, i) => i % EVERY === 0);
      const answers = new Answers(box, folder);
      await answers.gather(...tried);
      for (const [i, unit] of tried.entries()) {
        // Each unit is asked about in one of the ways, and every seventh in all.
        const asked = i % 7 === 0 ? ASKED : [ASKED[i % ASKED.length]!];
        for (const words of asked) {
          const [there, here] = [await sandboxUnit(box, ...words, unit), await answers.run(...words, unit)];
          const said = ({ status, stdout: out, stderr }: typeof there) => [
            status,
            out.split('\n'),
            stderr.split('\n'),
          ];
          assert.deepEqual(said(here), said(there), `${words.join(' ')} ${unit}`);
        }
      }
    });
  });
}
