/**
 * Tests of observe/recording/parse.ts, observe/recording/recording.ts, observe/recording/shape.ts and
 * observe/recording/format.ts: a stored recording. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatRecording } from '../../../src/observe/recording/format.js';
import { parseRecording } from '../../../src/observe/recording/parse.js';
import type { Recording } from '../../../src/observe/recording/recording.js';
import { fullRecording, recording } from '../../support/recordings.js';

const bytesOf = (json: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(json));

const parsed = (json: unknown) => parseRecording(bytesOf(json), 'x.json');

/** The error of a recording with another value at a place: `calls[0].count`. */
function errorWith(place: string, value: unknown): string {
  const json: unknown = structuredClone(fullRecording());
  const keys = place.split(/[.[\]]+/).filter((key) => key !== '');
  const last = keys.pop()!;
  const within = keys.reduce((one, key) => (one as Record<string, unknown>)[key], json);
  (within as Record<string, unknown>)[last] = value;
  const result = parsed(json);
  assert.ok('severity' in result, `${place} was taken`);
  assert.equal(result.code, 'bad-file');
  return result.message;
}

test('a recording is read back as it was written, its lists sorted', () => {
  for (const one of [recording(), fullRecording(), fullRecording({ scope: 'user', truncated: true })]) {
    const bytes = formatRecording(one);
    const back = parseRecording(bytes, 'x.json');
    assert.ok('version' in back);
    const names = (calls: Recording['calls']) => calls.map(({ name }) => name).sort();
    assert.deepEqual(names(back.calls), names(one.calls));
    assert.deepEqual({ ...back, calls: [], paths: [] }, { ...one, calls: [], paths: [] });
    assert.deepEqual(formatRecording(back), bytes);
  }
});

test('the order of keys and of elements makes no difference to the file', () => {
  const one = fullRecording();
  const turned = Object.fromEntries(Object.entries(one).reverse()) as unknown as Recording;
  const calls = one.calls.toReversed().map((call) => Object.fromEntries(Object.entries(call).reverse()));
  assert.deepEqual(
    formatRecording({ ...turned, calls: calls as unknown as Recording['calls'] }),
    formatRecording(one),
  );
});

test('each line of the file has one element', () => {
  const lines = new TextDecoder().decode(formatRecording(fullRecording())).split('\n');
  assert.ok(
    lines.includes(
      '{"architecture":"x86-64","name":"read","number":0,"count":100,"first":1,"last":500,"onceReady":["serving"],"phases":{"serving":100},"programs":[0],"slices":50},',
    ),
  );
});

test('text that is no JSON, or of another version, is an error', () => {
  const said = (bytes: Uint8Array) => {
    const result = parseRecording(bytes, 'a\u001bb.json');
    return 'severity' in result ? `${result.message} (${result.hint})` : '';
  };
  for (const text of ['', '{', '[1]x'])
    assert.match(said(new TextEncoder().encode(text)), /must be JSON in UTF-8/);
  assert.match(said(Uint8Array.of(0x22, 0xff, 0x22)), /^a\\x1bb\.json: the content must be JSON in UTF-8/);
  for (const json of [null, 1, [], 'x']) assert.match(said(bytesOf(json)), /the content must be an object/);
  assert.match(
    said(bytesOf({ version: 3, other: [] })),
    /it has version 3, and this sandbox-unit reads version 2 \(use the sandbox-unit/,
  );
  assert.match(said(bytesOf({ version: '1' })), /must be/);
});

/** A place in a recording, a value that doesn't belong there, and the words of the error. */
const FAULTS: readonly [place: string, value: unknown, says: RegExp][] = [
  ['lives', undefined, /^x\.json: lives must be a whole number/],
  ['more', 1, /more must be left out/],
  ['calls[1].more', 1, /calls\[1\]\.more must be left out/],
  ['calls[0].x\u001b', 1, /calls\[0\]\.x\\x1b must be/],
  ['unit', '../x.service', /unit must be the full name of a service/],
  ['unit', 'demo.socket', /unit must be/],
  ['unit', 'demo', /unit must be/],
  ['scope', 'root', /scope must be one of system, user/],
  ['host.id', '../..', /host\.id must be/],
  ['host.name', 'a\nb', /host\.name must be/],
  ['host.architecture', 'vax', /host\.architecture must be one of/],
  ['begin', '2026-13-20T10:00:00Z', /begin must be a valid time/],
  ['begin', 'yesterday', /begin must be a time as/],
  ['end', '2026-11-20T09:00:00Z', /the content must be begun before its end/],
  ['end', '2046-11-20T09:00:00Z', /no longer than ten years/],
  ['slice', 0, /slice must be more than nothing/],
  ['events[0].at', -1, /events\[0\]\.at must be a number/],
  ['events[0].at', 1e300, /events\[0\]\.at must be a number/],
  ['events[0].what', 'x', /events\[0\]\.what must be one of/],
  ['events[0].line', 'a\nb', /events\[0\]\.line must be a line/],
  ['programs[0].path', 'demod', /programs\[0\]\.path must be an absolute path/],
  ['programs[0].hash', 'x', /programs\[0\]\.hash must be/],
  ['programs[0].phases', ['start', 'start'], /programs\[0\]\.phases must be a list without/],
  ['calls[0].count', 0, /calls\[0\]\.count must be/],
  ['calls[0].count', 1.5, /calls\[0\]\.count must be/],
  ['calls[0].count', '1', /calls\[0\]\.count must be/],
  ['calls[0].architecture', '__proto__', /calls\[0\]\.architecture must be/],
  ['calls[0].name', 'Read', /calls\[0\]\.name must be/],
  ['calls[0].name', 'execve', /calls\[0\] must be a call whose name has its number: x86-64 has read at 0/],
  ['calls[0].number', 4000, /x86-64 has no call at 4000/],
  ['calls[0].first', 501, /calls\[0\] must be first made, then last/],
  ['calls[0].phases', {}, /calls\[0\]\.phases must be counts/],
  ['calls[0].phases', { night: 1 }, /calls\[0\]\.phases\.night must be left out/],
  ['calls[0].programs', [1], /the content must be a recording whose calls are of/],
  ['calls[0].slices', 61, /at most its 60 slices/],
  ['refused[0].answer', 'kil', /refused\[0\]\.answer must be one of kill/],
  ['refused[0].name', 'mount', /refused\[0\] must be a call whose name/],
  ['arguments[0].values', [['1']], /arguments\[0\] must be as many values/],
  ['arguments[0].values', [['1', 'x']], /arguments\[0\]\.values\[0\]\[1\] must be a decimal/],
  ['arguments[0].arguments', [0, 6], /arguments\[0\]\.arguments\[1\] must be/],
  ['paths[0].path', 'a', /paths\[0\] must be an absolute path/],
  ['paths[0].path', '/a\0', /paths\[0\]\.path must be/],
  ['paths[0].path', '/'.repeat(5000), /paths\[0\]\.path must be/],
  ['paths[0].errno', 'x', /paths\[0\]\.errno must be/],
  ['paths[0].device', 'sda', /paths\[0\]\.device must be/],
  ['peers[0].port', 65_536, /peers\[0\]\.port must be/],
  ['peers[0].address', 'x'.repeat(5000), /peers\[0\]\.address must be/],
  ['paths[0].path', '/srv/\ud800', /paths\[0\]\.path must be/],
  ['capabilities[0].name', 'NET', /capabilities\[0\]\.name must be/],
  ['lost', { 'a b': 1 }, /lost\.a b must be left out/],
  ['lost', { paths: 0 }, /lost\.paths must be/],
  ['blind', 'x', /blind must be a list/],
  ['modes', [0o17777], /modes\[0\] must be/],
];

test('an invalid recording is an error that names the place', () => {
  for (const [place, value, says] of FAULTS) assert.match(errorWith(place, value), says);
});

test('a call gets the name of its number here, and an unknown number keeps its name', () => {
  const back = parsed(
    recording({
      calls: [
        { ...recording().calls[0]!, name: null },
        { ...recording().calls[0]!, number: 4000, name: 'newer_call' },
        { ...recording().calls[0]!, number: 4001, name: null },
      ],
    }),
  );
  assert.ok('calls' in back);
  const names = back.calls.map(({ name }) => name);
  assert.deepEqual(names, ['read', 'newer_call', null]);
});

test('no text causes an exception', () => {
  fc.assert(
    fc.property(fc.anything(), fc.constantFrom(...Object.keys(recording())), (value, key) => {
      const text = JSON.stringify({ ...recording(), [key]: value }) ?? 'null';
      const result = parseRecording(new TextEncoder().encode(text), 'x.json');
      if ('version' in result)
        assert.deepEqual(parseRecording(formatRecording(result), 'x.json'), parsedAgain(result));
    }),
  );
});

const parsedAgain = (one: Recording) => parseRecording(formatRecording(one), 'y.json');
