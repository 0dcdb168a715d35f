import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFacts } from '../../../src/machine/recorded/facts-file.js';
import { RecordedAnswers, RecordedTree } from '../../../src/machine/recorded/tree.js';
import { FIRST_LINE, factLine, listed, looked, packed } from '../../support/facts-lines.js';
import { failure } from '../../support/failure.js';

/** A tree by lines of facts, and the questions that they leave open. */
function treeOf(...lines: string[]) {
  const { answers } = parseFacts(new Map([['facts', FIRST_LINE + lines.join('')]]));
  const recorded = new RecordedAnswers(answers);
  return { tree: new RecordedTree(recorded), open: recorded.open };
}

const LINK = { type: 'l', mode: '777' };
const FILE = { type: 'f', mode: '644' };

test('a path is followed through links, with blanks and backslashes in their names', () => {
  const { tree, open } = treeOf(
    ...[looked('/'), looked('/etc'), looked('/opt'), looked('/opt/a b')],
    looked('/etc/x\\x2dy', { ...LINK, link: '../opt/a b/file' }),
    looked('/opt/a b/file', FILE),
  );
  assert.deepEqual(tree.walk('/etc/x\\x2dy'), { real: '/opt/a b/file', isFile: true, untrusted: [] });
  assert.deepEqual([...open], []);
});

test('users who can change a part of the path are named', () => {
  const { tree } = treeOf(
    ...[looked('/'), looked('/home', { uid: 7 }), looked('/tmp', { mode: '1777' })],
    looked('/home/x', FILE),
    looked('/tmp/l', { ...LINK, uid: 9, link: '/home/x' }),
  );
  assert.deepEqual(
    tree.walk('/tmp/l').untrusted.map(({ path, why }) => [path, why]),
    [
      ['/tmp/l', 'is a link of user 9'],
      ['/home', 'belongs to user 7'],
    ],
  );
});

test('a path with an unknown part is asked for as a whole', () => {
  const { tree, open } = treeOf(looked('/'), looked('/etc'));
  assert.equal(tree.walk('/etc/a/b').real, undefined);
  assert.deepEqual([...open], ['look /etc/a/b']);
});

test("what the machine couldn't examine is hidden", () => {
  const { tree } = treeOf(looked('/'), factLine({ ask: 'look /fuse', failed: 'denied' }));
  assert.equal(tree.look('/fuse'), 'hidden');
  const found = tree.walk('/fuse').untrusted.map(({ why }) => why);
  assert.deepEqual(found, ["can't be examined"]);
});

test('links in a circle end', () => {
  const { tree } = treeOf(
    looked('/'),
    looked('/a', { ...LINK, link: '/b' }),
    looked('/b', { ...LINK, link: '/a' }),
  );
  assert.equal(tree.walk('/a').real, undefined);
});

test('names and links of a folder are complete', async () => {
  const { tree } = treeOf(
    listed('/d', [
      ['a b', 'f', ''],
      ['__proto__', 'd', ''],
      ['l\n', 'l', '/x\ny'],
    ]),
  );
  assert.deepEqual(tree.list('/d'), [
    { name: 'a b', type: 'f', link: '' },
    { name: '__proto__', type: 'd', link: '' },
    { name: 'l\n', type: 'l', link: '/x\ny' },
  ]);
  assert.deepEqual(treeOf(factLine({ ask: 'list /d', absent: true })).tree.list('/d'), []);
  const refused = treeOf(factLine({ ask: 'list /d', failed: 'denied' })).tree;
  assert.deepEqual(await failure(Promise.resolve().then(() => refused.list('/d'))), [
    'unreadable',
    ...["can't list /d: denied", undefined],
  ]);
});

test('a list that is cut short has no partial names', () => {
  const { tree } = treeOf(factLine({ ask: 'list /d', data: packed('a\0f\0\0b\0f\0') }));
  assert.deepEqual(tree.list('/d'), [{ name: 'a', type: 'f', link: '' }]);
});
