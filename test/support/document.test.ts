import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escaped, manualSteps, markdownSteps } from './document.js';

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

\`\`\`sh
#!/bin/sh
# /srv/x.cgi
echo
\`\`\`

\`\`\`toml excerpt
# /etc/a.toml
a = 1
\`\`\`

    cat x \\
      y
               # of both
    A=1 ./z    # then this

    - key: 1

\`\`\`
# id
uid=0
# true
\`\`\`

\`\`\`sh
true &&
  false
\`\`\`

- an item
    goes on here

    $ uname
    Linux
`;

const none = (to: number) => ({ from: to, to, text: [] });

test('a page is steps in order', () => {
  assert.deepEqual(markdownSteps(PAGE), [
    { kind: 'file', path: '/etc/a.toml', content: '# /etc/a.toml\na = 1\n', mode: '0644' },
    {
      kind: 'command',
      command: 'cat /etc/a.toml',
      extent: 'all',
      block: 8,
      shown: { from: 9, to: 11, text: ['…', 'a = 1'] },
    },
    {
      kind: 'command',
      command: 'echo \\\n    joined',
      extent: 'all',
      block: 8,
      shown: { from: 13, to: 14, text: ['joined'] },
    },
    { kind: 'file', path: '/srv/x.cgi', content: '#!/bin/sh\n# /srv/x.cgi\necho\n', mode: '0755' },
    { kind: 'excerpt', path: '/etc/a.toml', shown: { from: 24, to: 25, text: ['a = 1'] } },
    { kind: 'command', command: 'cat x \\\n  y', extent: 'none', block: 27, shown: none(31) },
    { kind: 'command', command: 'A=1 ./z    # then this', extent: 'none', block: 27, shown: none(31) },
    {
      kind: 'command',
      command: 'id',
      extent: 'lines',
      block: 35,
      shown: { from: 36, to: 37, text: ['uid=0'] },
    },
    {
      kind: 'command',
      command: 'true',
      extent: 'none',
      block: 35,
      shown: { from: 38, to: 38, text: [] },
    },
    { kind: 'command', command: 'true &&\n  false', extent: 'none', block: 41, shown: none(43) },
    {
      kind: 'command',
      command: 'uname',
      extent: 'lines',
      block: 48,
      shown: { from: 49, to: 50, text: ['Linux'] },
    },
  ]);
});

for (const [text, message] of [
  ['```console\nno prompt\n```\n', /line 2: no command/],
  ['```fish\nset x\n```\n', /line 1: blocks in 'fish' aren't known/],
  ['```toml\na = 1\nsandbox-unit apply\n```\n', /line 3: a command in a block that begins with none/],
  ['\n    Then:\n    # sandbox-unit apply\n', /line 3: a command in a block that begins with none/],
] as const) {
  test(`no steps are made of ${JSON.stringify(text)}`, () =>
    assert.throws(() => markdownSteps(text), message));
}

const MANUAL = String.raw`.Sh EXAMPLES
.Dl # echo \-\-x \(dqy\(dq
.Dl $ true
.Pp
.Dl # false
.Bd -literal
key = 1
[x]
.Ed
.Bd -literal -offset indent
A=1 \e
  run \e
  it
.Ed
.Bd -literal
$ uname
\&.Linux \e
.Ed
`;

test('a manual page is steps in order, as it is read', () => {
  assert.deepEqual(manualSteps(MANUAL), [
    { kind: 'command', command: 'echo --x "y"', extent: 'none', block: 1, shown: none(3) },
    { kind: 'command', command: 'true', extent: 'none', block: 1, shown: none(3) },
    { kind: 'command', command: 'false', extent: 'none', block: 4, shown: none(5) },
    {
      kind: 'command',
      command: 'set -e\nA=1 \\\n  run \\\n  it',
      extent: 'none',
      block: 10,
      shown: none(13),
    },
    {
      kind: 'command',
      command: 'uname',
      extent: 'all',
      block: 15,
      shown: { from: 16, to: 17, text: ['.Linux \\'] },
    },
  ]);
  assert.throws(() => manualSteps('.Dl true\n'), /line 1: no command/);
  const hidden = '.Bd -literal\nkey = 1\nsandbox-unit apply\n.Ed\n';
  assert.throws(() => manualSteps(hidden), /line 3: a command in a block that begins with none/);
  assert.equal(escaped('.Linux \\'), '\\&.Linux \\e');
});
