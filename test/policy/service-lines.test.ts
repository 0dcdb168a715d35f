import assert from 'node:assert/strict';
import { test } from 'node:test';
import { editPolicy } from '../../src/policy/edit.js';
import { parsePolicy } from '../../src/policy/parse.js';
import { elements, hasJust, type NewLine, serviceEdits } from '../../src/policy/service-lines.js';

const FILE = 'p.toml';
const parsed = (text: string) => parsePolicy(text, FILE).policy;

function edited(text: string, lines: Readonly<Record<string, NewLine>>): string | undefined {
  const before = parsed(text);
  const wanted = new Map(Object.entries(lines));
  const after = editPolicy(text, serviceEdits(before, wanted));
  if (after !== undefined) assert.ok(hasJust(before, parsed(after), wanted), after);
  return after;
}

const PATHS = { value: ['/srv', '/opt'] } as const;

const EDITS: readonly [
  says: string,
  before: string,
  lines: Record<string, NewLine>,
  after: string | undefined,
][] = [
  [
    'a new line stands below the others',
    '[service]\n# Why.\nProtectHome = true # all\n\n[apply]\nsettle = "1s"\n',
    { ReadWritePaths: PATHS, UMask: { value: '0077' } },
    '[service]\n# Why.\nProtectHome = true # all\nReadWritePaths = ["/srv", "/opt"]\nUMask = "0077"\n\n[apply]\nsettle = "1s"\n',
  ],
  [
    'an empty table gets its first line',
    '[service] # mine\n[apply]\nsettle = "1s"\n',
    { ReadWritePaths: PATHS },
    '[service] # mine\nReadWritePaths = ["/srv", "/opt"]\n[apply]\nsettle = "1s"\n',
  ],
  [
    'a policy without the table gets one',
    '[apply]\nsettle = "1s"\n',
    { ReadWritePaths: PATHS, ProtectHome: { value: true } },
    '[apply]\nsettle = "1s"\n\n[service]\nReadWritePaths = ["/srv", "/opt"]\nProtectHome = true\n',
  ],
  [
    'a list on several lines gets another value',
    '[service]\nReadWritePaths = [\n  "/srv",\n] # here\nProtectHome = true\n',
    { ReadWritePaths: PATHS },
    '[service]\nReadWritePaths = ["/srv", "/opt"] # here\nProtectHome = true\n',
  ],
  [
    'a text gets another value, and keeps its comments',
    '[service]\n# Why.\nProtectSystem = "full" # here\n',
    { ProtectSystem: { value: 'strict' } },
    '[service]\n# Why.\nProtectSystem = "strict" # here\n',
  ],
  [
    'a line goes with its comment',
    '[service]\nProtectHome = true\n# Why.\nMemoryDenyWriteExecute = true\nUMask = "0077"\n',
    { MemoryDenyWriteExecute: { value: undefined }, ReadWritePaths: PATHS },
    '[service]\nProtectHome = true\nUMask = "0077"\nReadWritePaths = ["/srv", "/opt"]\n',
  ],
  [
    'the last line goes, and another comes',
    '[service]\r\nProtectHome = true\r\nUMask = "0077"\r\n',
    { UMask: { value: undefined }, ReadWritePaths: PATHS },
    '[service]\r\nProtectHome = true\r\nReadWritePaths = ["/srv", "/opt"]\r\n',
  ],
  [
    'a list with comments is left to people',
    '[service]\nReadWritePaths = [\n  "/srv", # data\n]\n',
    { ReadWritePaths: PATHS },
    undefined,
  ],
];

for (const [says, before, lines, after] of EDITS) {
  test(says, () => assert.equal(edited(before, lines), after));
}

test('an edit that changes another line, or gives another value, is no proof', () => {
  const lines = new Map([['UMask', { value: '0077' }]]);
  const before = parsed('[service]\nProtectHome = true\n');
  for (const after of [
    'ProtectHome = true',
    'ProtectHome = false\nUMask = "0077"',
    'ProtectHome = true\nUMask = "0022"',
  ])
    assert.equal(hasJust(before, parsed(`[service]\n${after}\n`), lines), false);
});

test('the elements of a text are its words, and a switch has none', () => {
  assert.deepEqual(
    [['a', 'b c'], ' a  b ', true].map((value) => elements({ value })),
    [['a', 'b c'], ['a', 'b'], []],
  );
});
