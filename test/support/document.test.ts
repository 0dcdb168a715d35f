import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Extent, escaped, manualSteps, markdownSteps } from './document.js';

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

/** A step with these lines of what is printed, which begin at `from`. */
const command = (line: string, extent: Extent, block: number, from: number, ...text: string[]) => ({
  kind: 'command',
  command: line,
  extent,
  block,
  shown: { from, to: from + text.length, text },
});

test('a page is read as steps in order', () => {
  assert.deepEqual(markdownSteps(PAGE), [
    { kind: 'file', path: '/etc/a.toml', content: '# /etc/a.toml\na = 1\n', mode: '0644' },
    command('cat /etc/a.toml', 'all', 8, 9, '…', 'a = 1'),
    command('echo \\\n    joined', 'all', 8, 13, 'joined'),
    { kind: 'file', path: '/srv/x.cgi', content: '#!/bin/sh\n# /srv/x.cgi\necho\n', mode: '0755' },
    { kind: 'excerpt', path: '/etc/a.toml', shown: { from: 24, to: 25, text: ['a = 1'] } },
    command('cat x \\\n  y', 'none', 27, 31),
    command('A=1 ./z    # then this', 'none', 27, 31),
    command('id', 'lines', 35, 36, 'uid=0'),
    command('true', 'none', 35, 38),
    command('true &&\n  false', 'none', 41, 43),
    command('uname', 'lines', 48, 49, 'Linux'),
  ]);
});

for (const [text, message] of [
  ['```console\nno prompt\n```\n', /line 2: no command/],
  ['```fish\nset x\n```\n', /line 1: blocks in 'fish' aren't known/],
  ['```toml\na = 1\nsandbox-unit apply\n```\n', /line 3: a command in a block that begins with none/],
  ['\n    Then:\n    # sandbox-unit apply\n', /line 3: a command in a block that begins with none/],
] as const) {
  test(`${JSON.stringify(text)} has no steps`, () => assert.throws(() => markdownSteps(text), message));
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
.Bd -literal
# echo \e
    x
$ true
.Ed
`;

test('a manual page is read as steps in order', () => {
  assert.deepEqual(manualSteps(MANUAL), [
    command('echo --x "y"', 'none', 1, 3),
    command('true', 'none', 1, 3),
    command('false', 'none', 4, 5),
    command('set -e\nA=1 \\\n  run \\\n  it', 'none', 10, 13),
    command('uname', 'all', 15, 16, '.Linux \\'),
    command('echo \\\n    x', 'none', 19, 21),
    command('true', 'none', 19, 22),
  ]);
  assert.throws(() => manualSteps('.Dl true\n'), /line 1: no command/);
  const hidden = '.Bd -literal\nkey = 1\nsandbox-unit apply\n.Ed\n';
  assert.throws(() => manualSteps(hidden), /line 3: a command in a block that begins with none/);
  assert.equal(escaped('.Linux \\'), '\\&.Linux \\e');
});
