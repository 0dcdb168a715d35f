import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFacts } from '../../../src/machine/recorded/facts-file.js';
import { Digests, MOUNTS } from '../../../src/machine/recorded/host-class.js';
import { FIRST_LINE, factLine, packed } from '../../support/facts-lines.js';

const digest = (questions: readonly string[], ...lines: string[]) =>
  new Digests(parseFacts(new Map([['facts', FIRST_LINE + lines.join('')]]))).of(questions);

const table = (properties: object) =>
  factLine({
    ask: 'unit a.service Unit',
    data: packed(JSON.stringify({ type: 'a{sv}', data: [properties] })),
  });
const text = (data: string) => ({ type: 's', data });
const names = (...data: string[]) => ({ type: 'as', data });

test('a class ignores the run of a unit, and has every lasting property', () => {
  const of = (properties: object) => digest(['unit a.service Unit'], table(properties));
  const one = of({ Id: text('a'), InvocationID: { type: 'ay', data: [1] }, MainPID: { type: 'u', data: 7 } });
  assert.equal(of({ MainPID: { type: 'u', data: 8 }, Id: text('a'), Unknown: text('x') }), one);
  assert.notEqual(of({ Id: text('b') }), one);
  assert.notEqual(of({ Id: text('a'), FragmentPath: text('/x') }), one);
  assert.equal(of({ Id: text('a'), ActiveState: text('active'), ControlGroup: text('/x') }), one);
});

test('a class ignores the order of lists of units, but not of files', () => {
  const of = (properties: object) => digest(['unit a.service Unit'], table(properties));
  assert.equal(of({ After: names('b', 'c') }), of({ After: names('c', 'b') }));
  assert.notEqual(of({ After: names('b', 'c') }), of({ After: names('b') }));
  assert.notEqual(of({ DropInPaths: names('b', 'c') }), of({ DropInPaths: names('c', 'b') }));
});

test('an answer without a value is accepted, without a stack trace', () => {
  const data = packed(JSON.stringify({ type: '', data: [] }));
  assert.match(digest(['manager'], factLine({ ask: 'manager', data })), /^[0-9a-f]{64}$/);
});

test('a class has files by content, mode and owner, not by time', () => {
  const read = (data: string, mode: string, time: string) =>
    factLine({ ask: 'read 0 9 /f', type: 'f', mode, modified: time, data: packed(data) });
  const look = (uid: number, time: string) =>
    factLine({
      ask: 'look /f',
      type: 'f',
      mode: '644',
      uid,
      size: 1,
      modified: time,
      link: '',
    });
  const of = (...lines: string[]) => digest(['look /f', 'read 0 9 /f'], ...lines);
  const one = of(read('a', '644', '1'), look(0, '1'));
  assert.equal(of(read('a', '644', '2'), look(0, '3')), one);
  for (const other of [of(read('b', '644', '1'), look(0, '1')), of(read('a', '755', '1'), look(0, '1'))])
    assert.notEqual(other, one);
  assert.notEqual(of(read('a', '644', '1'), look(1, '1')), one);
  assert.notEqual(of(read('a', '644', '1')), one);
});

test('a failed, an absent and an empty answer give different classes', () => {
  const questions = ['list /d'];
  const all = [
    digest(questions),
    digest(questions, factLine({ ask: 'list /d', absent: true })),
    digest(questions, factLine({ ask: 'list /d', failed: 'x' })),
    digest(questions, factLine({ ask: 'list /d', failed: 'y' })),
    digest(questions, factLine({ ask: 'list /d', data: packed('a') })),
  ];
  assert.equal(new Set(all).size, all.length);
});

test('a class has mounts by place, options and type', () => {
  const of = (line: string) =>
    digest([MOUNTS], factLine({ ask: MOUNTS, type: 'f', mode: '444', modified: '1', data: packed(line) }));
  const one = of('22 1 8:1 / /srv rw,noexec shared:1 - ext4 /dev/sda rw');
  assert.equal(of('99 7 0:45 / /srv rw,noexec - ext4 /dev/vdb rw,size=7'), one);
  for (const other of [
    '22 1 8:1 / /srv rw - ext4 a rw',
    '22 1 8:1 / /opt rw,noexec - ext4 a rw',
    '22 1 8:1 / /srv rw,noexec - tmpfs a rw',
  ])
    assert.notEqual(of(other), one);
});
