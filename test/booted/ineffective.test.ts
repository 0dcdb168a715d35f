/** Lines of a unit that override a policy's, on every supported systemd: exactly those that the plan names. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { boxAvailable } from '../support/box.js';
import { SEND, UNDONE_CASES, UNDONE_PORTS, type UndoneCase } from '../support/ineffective-cases.js';
import { changeFiles } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { planned } from '../support/planned.js';
import { splitLines } from '../support/run.js';
import { sandboxUnit } from '../support/service.js';
import { alternatives } from '../support/thorough.js';
import type { TreeName } from '../support/tree.js';

const TREES = {
  machine: [...UNDONE_CASES, ...UNDONE_PORTS],
  // Without the BPF that ports need.
  bookworm: UNDONE_CASES,
  forky: UNDONE_CASES,
} as const satisfies Partial<Record<TreeName, readonly UndoneCase[]>>;

function unitText({ policy, own, open }: UndoneCase, lines: 'both' | 'ours'): string {
  const { directives } = planned(`[service]\n${policy}\n`);
  const ours = directives.flatMap(({ name, values }) => values.map((value) => `${name}=${value}`));
  const used = lines === 'ours' ? ours : [...ours, own];
  const script = `(${open}) && echo open || echo closed`.replaceAll('"', '\\"');
  return `[Service]\nType=oneshot\nStandardOutput=journal\n${used.join('\n')}\nExecStart=/bin/bash -c "${script}"\n`;
}

for (const [tree, cases] of alternatives(Object.entries(TREES)) as [TreeName, readonly UndoneCase[]][]) {
  describe(tree, { skip: boxAvailable(tree) ?? false }, () => {
    const { box } = machine(`undone-${tree}`, {
      tree,
      launcher: false,
      prepare: async () => {
        const units = cases.flatMap((one, i) =>
          (['both', 'ours'] as const).map((lines): [string, string] => [
            `/run/systemd/system/${lines}-${i}.service`,
            unitText(one, lines),
          ]),
        );
        await changeFiles(box, Object.fromEntries(units));
        await box.sh(`systemctl start ${units.map(([path]) => path.split('/').at(-1)).join(' ')} || :`);
        await box.sh('journalctl --sync');
      },
    });

    const said = async (unit: string) =>
      splitLines(
        await box.succeed(['journalctl', '--quiet', '--output=cat', '_TRANSPORT=stdout', `--unit=${unit}`]),
      ).at(-1);

    test("an address that a unit's slice allows is allowed to the unit", async () => {
      const rules = ['IPAddressAllow=any', 'IPAddressAllow=127.0.0.1', 'IPAddressAllow=10.0.0.0/8'];
      const places = [
        ...rules.map((_, i) => `deep-in-${i}.slice`),
        ...rules.map((_, i) => `on-${i}-deep.slice`),
      ];
      const script = `(${SEND}) && echo open || echo closed`.replaceAll('"', '\\"');
      const unit = (slice: string, more: string) =>
        `[Service]\nType=oneshot\nStandardOutput=journal\nSlice=${slice}\n${more}ExecStart=/bin/bash -c "${script}"\n`;
      const files = places.flatMap((slice, i): [string, string][] => [
        [`/run/systemd/system/sliced-${i}.service`, unit(slice, 'IPAddressDeny=127.0.0.0/8\n')],
        [`/run/systemd/system/plain-${i}.service`, unit(slice, '')],
      ]);
      const slices = rules.flatMap((rule, i): [string, string][] => [
        [`/run/systemd/system/deep-in-${i}.slice`, `[Slice]\n${rule}\n`],
        [`/run/systemd/system/on-${i}.slice`, `[Slice]\n${rule}\n`],
      ]);
      await changeFiles(box, Object.fromEntries([...files, ...slices]));
      await box.writeFile('/run/sliced.toml', '[service]\nIPAddressDeny = ["127.0.0.0/8"]\n');
      for (const [i, slice] of places.entries()) {
        await box.succeed(['systemctl', 'start', `sliced-${i}.service`, `plain-${i}.service`]);
        await box.sh('journalctl --sync');
        const isOpen = !rules[i % rules.length]!.includes('10.0.0.0');
        assert.equal(await said(`plain-${i}`), 'open', slice);
        assert.equal(await said(`sliced-${i}`), isOpen ? 'open' : 'closed', slice);
        const generated = await sandboxUnit(box, 'generate', '--policy=/run/sliced.toml', `plain-${i}`);
        const gap = /gap-undone.*?IPAddressAllow= of (\S+\.slice)/s.exec(generated.stdout + generated.stderr);
        const above = i < rules.length ? slice : slice.replace('-deep', '');
        assert.deepEqual([generated.status, gap?.[1]], isOpen ? [1, above] : [0, undefined]);
      }
    });

    for (const [i, { policy, own, by }] of cases.entries()) {
      test(`${policy} beside ${own.replace('\n', ' ')}`, async () => {
        assert.notEqual(await said(`ours-${i}`), 'open');
        const expected = by === undefined ? 'closed' : 'open';
        assert.equal(await said(`both-${i}`), expected);
      });
    }
  });
}
