import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../../src/diagnostic.js';
import { parseFacts, type RecordedAnswer } from '../../../src/machine/recorded/facts-file.js';
import { FIRST_LINE, factLine, looked, packed, piece } from '../../support/facts-lines.js';

const parse = (...texts: string[]) => parseFacts(new Map(texts.map((text, i) => [`${i}.facts`, text])));

/** The answers of one file, by their questions. */
const answersIn = (...lines: string[]) => parse(FIRST_LINE + lines.join('')).answers;

const refusal = (step: () => unknown): string => {
  try {
    step();
  } catch (cause) {
    assert.ok(cause instanceof UserError, String(cause));
    assert.equal(cause.diagnostics[0]?.code, 'bad-file');
    return cause.diagnostics[0].message;
  }
  throw new assert.AssertionError({ message: 'nothing is refused' });
};

const dataOf = (answer: RecordedAnswer | undefined): string => {
  assert.ok(answer?.kind === 'data' || answer?.kind === 'read', answer?.kind);
  return new TextDecoder().decode(answer.kind === 'data' ? answer.data() : answer.facts.data());
};

test('answers are read by their questions', () => {
  const found = answersIn(
    factLine({ ask: 'read 0 1 /gone', absent: true }),
    factLine({ ask: 'unit a.service Unit', failed: 'no\u001b[31m' }),
    factLine({ ask: 'manager', data: packed('{}') }),
    factLine({ ask: 'run version', status: 3, data: '' }),
    looked('/a b\\c', { type: 'l', mode: '777', uid: 4294967295, link: '/x "y"' }),
    piece('/etc/hostname', 'web1\n'),
  );
  assert.deepEqual(found.get('read 0 1 /gone'), { kind: 'absent' });
  assert.deepEqual(found.get('unit a.service Unit'), { kind: 'failed', reason: 'no\\x1b[31m' });
  assert.equal(dataOf(found.get('manager')), '{}');
  const version = found.get('run version');
  assert.deepEqual([version?.kind === 'data' && version.status, dataOf(version)], [3, '']);
  const link = found.get('look /a b\\c');
  assert.deepEqual(link, {
    kind: 'look',
    facts: {
      ...{ mode: 0o120777, uid: 4294967295, link: '/x "y"' },
      modified: 1700000000500,
    },
  });
  assert.equal(dataOf(found.get('read 0 4194305 /etc/hostname')), 'web1\n');
});

test('a later answer replaces an earlier one, also of another file', () => {
  const line = (data: string) => factLine({ ask: 'manager', data: packed(data) });
  const { host, answers } = parse(FIRST_LINE + line('1') + line('2'), FIRST_LINE + line('3'));
  assert.deepEqual([host, answers.size, dataOf(answers.get('manager'))], ['web1', 1, '3']);
});

test('machines with the same name are told apart by their IDs, if these are known', () => {
  const of = (machine: unknown) => factLine({ facts: 1, host: 'web1', machine });
  assert.equal(parse(of('a'), FIRST_LINE, of('a')).host, 'web1');
  assert.equal(
    refusal(() => parse(of('a'), of('b'))),
    'the facts come from 2 machines that are all named web1',
  );
  assert.match(
    refusal(() => parse(of(7))),
    /the string 'machine' is missing/,
  );
});

test('names of built-in properties are names like others', () => {
  const found = answersIn(
    `{"ask":"__proto__","absent":true,"__proto__":{"failed":"x"}}\n`,
    factLine({ ask: 'constructor', absent: true }),
  );
  assert.deepEqual([...found.keys()], ['__proto__', 'constructor']);
  assert.deepEqual(found.get('__proto__'), { kind: 'absent' });
  assert.equal(found.get('toString'), undefined);
  assert.equal(({} as Record<string, unknown>).failed, undefined);
  // What only a prototype has isn't there.
  assert.match(
    refusal(() => answersIn('{"__proto__":{"ask":"a","absent":true}}\n')),
    /the string 'ask' is missing/,
  );
});

const LOOK = JSON.parse(looked('/a')) as Record<string, unknown>;

const REFUSED: Readonly<Record<string, readonly [text: string, why: RegExp]>> = {
  'an empty file': ['', /0\.facts is cut short/],
  'a line without an end': [`${FIRST_LINE}{"ask":"manager","absent":true}`, /cut short/],
  'a line that is cut': [`${FIRST_LINE}{"ask":"man\n`, /0\.facts:2: the line is not a JSON object/],
  'an empty line': [`${FIRST_LINE}\n`, /:2: the line is not a JSON object/],
  'a list': [`${FIRST_LINE}["ask"]\n`, /:2: the line is not a JSON object/],
  null: [`${FIRST_LINE}null\n`, /:2: the line is not a JSON object/],
  'no first line': [factLine({ ask: 'manager', absent: true }), /:1: this is not a facts file/],
  'another version': [factLine({ facts: 2, host: 'web1' }), /version 2, not 1/],
  'a version with an escape': [factLine({ facts: '\u001b[2J', host: 'web1' }), /version \\x1b\[2J/],
  'no host': [factLine({ facts: 1 }), /the string 'host' is missing/],
  'a host that is a number': [factLine({ facts: 1, host: 7 }), /the string 'host' is missing/],
  'no question': [FIRST_LINE + factLine({ absent: true }), /the string 'ask' is missing/],
  'no answer': [FIRST_LINE + factLine({ ask: 'manager' }), /the string 'data' is missing/],
  'a status that is a text': [
    FIRST_LINE + factLine({ ask: 'run x', status: '0', data: '' }),
    /number 'status'/,
  ],
  'a status too large': [FIRST_LINE + factLine({ ask: 'run x', status: 256, data: '' }), /number 'status'/],
  'a user below 0': [FIRST_LINE + factLine({ ...LOOK, uid: -1 }), /number 'uid'/],
  'a user with a fraction': [FIRST_LINE + factLine({ ...LOOK, uid: 0.5 }), /number 'uid'/],
  'permissions of another base': [
    FIRST_LINE + factLine({ ...LOOK, mode: '798' }),
    /'mode' is not a file mode/,
  ],
  'permissions that are a number': [
    FIRST_LINE + factLine({ ...LOOK, mode: 755 }),
    /the string 'mode' is missing/,
  ],
  'a time that is a word': [FIRST_LINE + factLine({ ...LOOK, modified: 'now' }), /'modified' is not a time/],
  'a time without end': [
    FIRST_LINE + factLine({ ...LOOK, modified: '9'.repeat(400) }),
    /'modified' is not a time/,
  ],
  'a link that is a list': [FIRST_LINE + factLine({ ...LOOK, link: ['/a'] }), /the string 'link' is missing/],
};

for (const [what, [text, why]] of Object.entries(REFUSED)) {
  test(`refuses ${what}`, () => {
    assert.match(
      refusal(() => parse(text)),
      why,
    );
  });
}

test('facts of several machines are refused', () => {
  const other = FIRST_LINE.replace('web1', 'web\\u001b2');
  assert.match(
    refusal(() => parse(FIRST_LINE, other)),
    /several machines: web1, web\\x1b2$/,
  );
});

test('invalid data is refused when it is read', () => {
  for (const data of ['!!!!', 'AAAA', packed('text').slice(0, -8), `${packed('text')}\u0000`, 'a=b=']) {
    const answer = answersIn(factLine({ ask: 'manager', data })).get('manager');
    assert.match(
      refusal(() => dataOf(answer)),
      /:2: the data (?:can't be unpacked|is not base64)/,
      data,
    );
  }
});

test('data that unpacks to too much is refused', () => {
  const bomb = packed(new Uint8Array((8 << 20) + 1));
  assert.ok(bomb.length < 1 << 16);
  assert.match(
    refusal(() => dataOf(answersIn(factLine({ ask: 'x', data: bomb })).get('x'))),
    /can't be unpacked/,
  );
  const large = packed(new Uint8Array(8 << 20));
  const many = answersIn(...Array.from({ length: 33 }, (_, i) => factLine({ ask: `run ${i}`, data: large })));
  const read = [...many.values()];
  for (const answer of read.slice(0, 32))
    assert.ok(answer.kind === 'data' && answer.data().length === 8 << 20);
  // What is unpacked once counts once.
  for (let i = 0; i < 100; i++) assert.ok(read[0]?.kind === 'data' && read[0].data().length === 8 << 20);
  assert.match(
    refusal(() => read[32]?.kind === 'data' && read[32].data()),
    /too large/,
  );
});
