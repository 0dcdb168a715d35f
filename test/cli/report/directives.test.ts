import assert from 'node:assert/strict';
import { test } from 'node:test';
import { directivesJson, directivesText } from '../../../src/cli/report/directives.js';
import { PLAIN } from '../../../src/theme.js';
import type { CheckedDirective } from '../../../src/verify/process/finding.js';

const held = (
  directive: string,
  relation: CheckedDirective['relation'],
  pids: readonly number[],
): CheckedDirective => ({
  directive,
  relation,
  at: { file: 'p.toml', line: 2, column: 1 },
  findings: [
    {
      ...{ relation, seen: 'it was \u001b seen', isLeftOver: false },
      processes: pids.map((pid) => ({ pid, name: 'demod' })),
    },
  ],
});

test('directives in force are counted, others are named with their processes', () => {
  const all = [
    held('PrivateTmp', 'equal', [1]),
    held('KeyringMode', 'unseen', [1]),
    held('TasksMax', 'looser', []),
    held('ProtectHome', 'looser', [1, 2, 3, 4, 5, 6]),
    held('ProtectSystem', 'open', [1]),
  ];
  const text = directivesText(all);
  assert.match(text, /^Directives: 4 of 5 confirmed in processes; known only from systemd: KeyringMode\n/);
  assert.match(text, /TasksMax +looser +control group +it was/);
  assert.match(text, /ProtectHome +looser +1, 2, 3, 4, 5, … /);
  assert.match(text, /ProtectSystem +left open/);
  assert.ok(!text.includes('PrivateTmp') && !text.includes('\u001b'));
  assert.equal(directivesText([]), '');
  const narrow = directivesText(all.slice(0, 2), { ...PLAIN, columns: 60 });
  assert.equal(
    narrow,
    'Directives: 1 of 2 confirmed in processes; known only from\n  systemd: KeyringMode\n',
  );
});

test('JSON has all directives, and null for one that is no line of the policy', () => {
  const [one, other] = directivesJson([
    held('TasksMax', 'looser', [1]),
    { ...held('UMask', 'equal', []), at: undefined },
  ]);
  assert.deepEqual(one?.line, { file: 'p.toml', line: 2 });
  assert.deepEqual(one?.findings[0]?.processes, [{ pid: 1, name: 'demod' }]);
  assert.equal(other?.line, null);
});
