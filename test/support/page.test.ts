import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAsShown, shownAnew, stepsOf, withShown } from './page.js';

const PAGE = `# A page

\`\`\`toml
# /etc/a.toml
a = 1
\`\`\`

\`\`\`console
# cat /etc/a.toml
…
a = 1
# echo \\
    joined
joined
\`\`\`

\`\`\`console elsewhere
# curl example.org
\`\`\`

\`\`\`sh
#!/bin/sh
# /srv/x.cgi
echo
\`\`\`

\`\`\`toml excerpt
# /etc/a.toml
a = 1
\`\`\`

\`\`\`
# not a command
\`\`\`
`;

test('a page is steps in order', () => {
  assert.deepEqual(stepsOf(PAGE), [
    { kind: 'file', path: '/etc/a.toml', content: '# /etc/a.toml\na = 1\n', mode: '0644' },
    { kind: 'command', command: 'cat /etc/a.toml', shown: { from: 9, to: 11 } },
    { kind: 'command', command: 'echo \\\n    joined', shown: { from: 13, to: 14 } },
    { kind: 'elsewhere', command: 'curl example.org' },
    { kind: 'file', path: '/srv/x.cgi', content: '#!/bin/sh\n# /srv/x.cgi\necho\n', mode: '0755' },
    { kind: 'excerpt', path: '/etc/a.toml', shown: { from: 28, to: 29 } },
  ]);
  assert.throws(() => stepsOf('```console\nno prompt\n```\n'), /line 2: no command/);
});

const lines = (text: string): string[] => (text === '' ? [] : text.split('|'));

for (const [shown, printed, isRight] of [
  ['', '', true],
  ['', 'a', false],
  ['a', '', false],
  ['a|b', 'a|b', true],
  ['a|b', 'a|b|c', false],
  ['…', 'a|b', true],
  ['a|…', 'a|b|c', true],
  ['a|…', 'b|a', false],
  ['…|c', 'a|b|c', true],
  ['…|c', 'c|d', false],
  ['a|…|c|d|…|e', 'a|x|c|d|e', true],
  ['a|…|d|…|c|…', 'a|c|d', false],
  ['a|…|a', 'a', false],
  ['…|b|…|b', 'b', false],
  ['a … c', 'a long b c', true],
  ['a … c', 'a b', false],
  ['took 3.2 s (pid 12)', 'took 700 ms (pid 9)', true],
  ['took 3.2 s', 'took 3.2 kg', false],
  ['at 2026-11-28 10:00:00', 'at 2027-01-02 23:59:01', true],
  ['1 call', '2 call', false],
  ['a  b', 'a     b ', true],
  ['a.b', 'axb', false],
] as const) {
  test(`'${printed}' is${isRight ? '' : ' not'} what '${shown}' shows`, () => {
    assert.equal(isAsShown(lines(shown), lines(printed)), isRight);
  });
}

test('what a page shows is made anew by its pieces', () => {
  const shown = ['units:', '…', 'nginx.service … on  3 s', 'redis  off', '…'];
  const printed = [
    'units: 2',
    'other',
    'nginx.service  is on  9 s',
    'between',
    'redis  permissive off',
    'end',
  ];
  const anew = shownAnew(shown, printed);
  const wanted = ['nginx.service … on  3 s', 'between', 'redis  permissive off'];
  assert.deepEqual(anew.slice(-4), [...wanted, '…']);
  assert.ok(isAsShown(anew, printed));
  assert.deepEqual(shownAnew(['a'], ['b', 'c']), ['b', 'c']);
  assert.deepEqual(shownAnew([], ['b']), ['b']);
  assert.throws(() => shownAnew(['…', 'lost line', '…'], ['other text']), /like the line 'lost line'/);
});

test('a page gets other lines in several places', () => {
  const changed = withShown('a\nb\nc\nd\n', [
    [{ from: 1, to: 1 }, ['x', 'y']],
    [{ from: 2, to: 4 }, ['z']],
  ]);
  assert.equal(changed, 'a\nx\ny\nb\nz\n');
});
