/** Directives of a unit's own: `run -p` gives a transient unit the same as `systemd-run -p`. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Directive } from '../../src/systemd/directives/directive.js';
import { directiveGap } from '../../src/systemd/directives/format.js';
import { findTransient, ownDirectives } from '../../src/systemd/directives/rows/transient.js';
import { boxAvailable } from '../support/box.js';
import { OWN } from '../support/good-values.js';
import { holdUnits } from '../support/held-units.js';
import { machine } from '../support/machine.js';
import type { OwnCase, OwnFinding } from '../support/own-in-box.js';
import { inRepository } from '../support/repository.js';
import { alternatives } from '../support/thorough.js';
import type { TreeName } from '../support/tree.js';

const TREES: ReadonlyMap<TreeName, number> = new Map([
  ['machine', 257],
  ['bullseye', 247],
  ['bookworm', 252],
  ['forky', 262],
]);

/** What systemd-run does otherwise, and why. */
const EXCEPTIONS: ReadonlyMap<string, string> = new Map([
  ['OnSuccessJobMode', 'knows no such directive, though the manager does'],
  ['StandardInputText', 'asks before 258 for a property of this name, which there is none of'],
]);

/** The example of each row, as `-p` has it, and other values. */
const CASES: readonly OwnCase[] = [
  ...ownDirectives().map(({ name, example }) => ({
    name,
    text: Array.isArray(example) ? example.join(' ') : String(example),
  })),
  ...OWN.map(([name, text]) => ({ name, text })),
  { name: 'Type', text: 'dbus' },
];

const isKnown = (row: Directive, text: string, systemd: number): boolean =>
  (row.bus.since ?? 0) <= systemd &&
  !directiveGap(row, text, { file: '', line: 1, column: 1 }, { systemd, scope: 'system' });

for (const [tree, systemd] of alternatives([...TREES])) {
  const skip = boxAvailable(tree);

  describe(`systemd ${systemd}`, { skip: skip ?? false }, () => {
    const { box } = machine(`own-${systemd}`, { tree, prepare: () => holdUnits(box, ['own-']) });

    test('a transient unit of run has the same properties as one of systemd-run', async () => {
      const cases = CASES.filter(({ name, text }) => isKnown(findTransient(name)!, text, systemd));
      await box.writeFile('/run/own.json', JSON.stringify(cases));
      const program = inRepository('build/test/support/own-in-box.js');
      const findings = JSON.parse(await box.succeed(['node', program, '/run/own.json'])) as OwnFinding[];
      const told = cases
        .map(({ name, text }, i) => [`${name}=${text}`, findings[i]!] as const)
        .filter(([text, finding]) => finding.length > 0 && !EXCEPTIONS.has(text.replace(/=.*/, '')));
      assert.equal(told.map((one) => JSON.stringify(one)).join('\n'), '');
    });
  });
}
