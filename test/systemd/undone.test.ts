/** Which lines of a unit's own undo a policy's, on every systemd that there is a box for: those that the plan names. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Box, boxAvailable } from '../support/box.js';
import { changeFiles } from '../support/loaded-units.js';
import { planned } from '../support/planned.js';
import type { TreeName } from '../support/tree.js';
import { UNDONE_CASES, UNDONE_PORTS, type UndoneCase } from '../support/undone-cases.js';

const TREES = {
  machine: [...UNDONE_CASES, ...UNDONE_PORTS],
  // Without the BPF that ports need.
  bookworm: UNDONE_CASES,
  forky: UNDONE_CASES,
} as const satisfies Partial<Record<TreeName, readonly UndoneCase[]>>;

const FILES = [
  'mkdir -p /opt/deep/sub /opt/deep/other /opt/other /home/alice /root/x /run/user/7 /srv/in /mnt/in',
  'mkdir -p /var/tmp/d /usr/lib/modules/x',
  'for d in /opt/deep/sub /home/alice /var/tmp/d /usr/lib/modules/x /etc; do echo x >$d/theirs; done',
  'touch /opt/deep/file /home/file /var/tmp/file; cp /bin/true /opt/true; cp /bin/true /opt/deep/true',
].join('\n');

function unitText({ policy, own, open }: UndoneCase, lines: 'both' | 'ours'): string {
  const { directives } = planned(`[service]\n${policy}\n`);
  const ours = directives.flatMap(({ name, values }) => values.map((value) => `${name}=${value}`));
  const used = lines === 'ours' ? ours : [...ours, own];
  const script = `(${open}) && echo open || echo closed`.replaceAll('"', '\\"');
  return `[Service]\nType=oneshot\nStandardOutput=journal\n${used.join('\n')}\nExecStart=/bin/bash -c "${script}"\n`;
}

for (const [tree, cases] of Object.entries(TREES) as [TreeName, readonly UndoneCase[]][]) {
  describe(tree, { skip: boxAvailable(tree) ?? false }, () => {
    let box: Box;
    before(async () => {
      box = await Box.boot({ name: `undone-${tree}`, tree });
      await box.sh(FILES);
      const units = cases.flatMap((one, i) =>
        (['both', 'ours'] as const).map((lines): [string, string] => [
          `/run/systemd/system/${lines}-${i}.service`,
          unitText(one, lines),
        ]),
      );
      await changeFiles(box, Object.fromEntries(units));
      await box.sh(`systemctl start ${units.map(([path]) => path.split('/').at(-1)).join(' ')} || :`);
      await box.sh('journalctl --sync');
    });
    after(() => box?.stop());

    const said = async (unit: string) =>
      (await box.succeed(['journalctl', '--quiet', '--output=cat', '_TRANSPORT=stdout', `--unit=${unit}`]))
        .trim()
        .split('\n')
        .at(-1);

    for (const [i, { policy, own, by }] of cases.entries()) {
      test(`${policy} beside ${own.replace('\n', ' ')}`, async () => {
        assert.notEqual(await said(`ours-${i}`), 'open');
        const expected = by === undefined ? 'closed' : 'open';
        assert.equal(await said(`both-${i}`), expected);
      });
    }
  });
}
