import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowingLines } from '../../../src/explain/refusals/allowing-lines.js';
import type { ServiceChange } from '../../../src/explain/refusals/by-directive.js';
import { mergePolicies } from '../../../src/policy/merge.js';
import { parsePolicy } from '../../../src/policy/parse.js';
import { parseUnitFile } from '../../../src/systemd/unit/unit-file.js';
import { kept } from '../../support/kept-refusals.js';

const parsed = (text: string, file: string) => parsePolicy(text, file).policy;
const BASE = parsed('[service]\nProtectHome = true\n', 'base.toml');
const OWN = parsed(
  '[service]\nProtectSystem = "strict"\nMemoryDenyWriteExecute = true\nCapabilityBoundingSet = "CAP_CHOWN"\nRestrictAddressFamilies = ["~AF_PACKET"]\n',
  'own.toml',
);
const unit = { files: [parseUnitFile('x.service', '[Service]\nReadWritePaths=/data /more\n')] };

const allowing = (...changes: readonly (ServiceChange | null)[]) =>
  allowingLines(
    { policy: { policy: mergePolicies([BASE], OWN) }, unit },
    changes.map((one) => kept({ allowing: one })),
  );

const LINES: readonly [says: string, changes: (ServiceChange | null)[], lines: object, allowed: number][] = [
  [
    "words are added to the unit's own, each once",
    ['/srv/a', '/opt/b', '/srv/a'].map((word) => ({ does: 'add', name: 'ReadWritePaths', word })),
    { ReadWritePaths: { value: ['/data', '/more', '/srv/a', '/opt/b'] } },
    3,
  ],
  [
    "words are added to the policy's",
    [{ does: 'add', name: 'CapabilityBoundingSet', word: 'CAP_KILL' }],
    { CapabilityBoundingSet: { value: ['CAP_CHOWN', 'CAP_KILL'] } },
    1,
  ],
  [
    'a list of what is taken stays',
    [{ does: 'add', name: 'RestrictAddressFamilies', word: 'AF_PACKET' }],
    {},
    0,
  ],
  [
    'a line goes, and a weaker value for it is no longer needed',
    [
      { does: 'leave out', name: 'MemoryDenyWriteExecute' },
      { does: 'set', name: 'MemoryDenyWriteExecute', value: 'x' },
    ],
    { MemoryDenyWriteExecute: { value: undefined } },
    2,
  ],
  ['the line of a base stays', [{ does: 'leave out', name: 'ProtectHome' }], {}, 0],
  [
    'the line of a base gets a weaker value',
    [{ does: 'set', name: 'ProtectHome', value: 'read-only' }],
    { ProtectHome: { value: 'read-only' } },
    1,
  ],
  ['no folder of many programs is opened', [{ does: 'add', name: 'ReadWritePaths', word: '/etc' }], {}, 0],
  ['a refusal without a change stays', [null], {}, 0],
];

for (const [says, changes, lines, allowed] of LINES) {
  test(says, () => {
    const found = allowing(...changes);
    assert.deepEqual([Object.fromEntries(found.lines), found.allowed.length], [lines, allowed]);
  });
}

test("nothing is changed for what may have another reason, or the unit's own line decided", () => {
  const change = { does: 'leave out', name: 'MemoryDenyWriteExecute' } as const;
  const of = { allowing: change };
  const found = allowingLines({ policy: { policy: OWN }, unit }, [
    kept({ ...of, certain: false }),
    kept({ ...of, at: null }),
  ]);
  assert.equal(found.lines.size, 0);
});
