import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDump } from '../../src/observe/parse-dump.js';
import { dump } from '../support/dumps.js';

const parsed = (json: unknown) => parseDump(new TextEncoder().encode(JSON.stringify(json)));

test('a dump is read', () => {
  assert.deepEqual(parsed(dump()), dump());
});

/** Dumps that aren't as the observer writes them, and the words of the error. */
const FAULTS: readonly [json: unknown, says: RegExp][] = [
  [null, /the content must be an object/],
  [{ ...dump(), more: 1 }, /more must be left out/],
  [{ ...dump(), lives: -1 }, /lives must be a whole number/],
  [{ ...dump(), programs: [{ path: 'a\0', phases: 0 }] }, /programs\[0\]\.path must be text of one byte/],
  [{ ...dump(), programs: [{ path: '/\u0100', phases: 0 }] }, /programs\[0\]\.path must be text of one byte/],
  [{ ...dump(), programs: [{ path: '/a', phases: 16 }] }, /programs\[0\]\.phases must be/],
  [{ ...dump(), calls: [{ ...dump().calls[0], abi: 'vax' }] }, /calls\[0\]\.abi must be one of native/],
  [{ ...dump(), calls: [{ ...dump().calls[0], nr: 2 ** 32 }] }, /calls\[0\]\.nr must be/],
  [
    { ...dump(), calls: [{ ...dump().calls[0], counts: [1, 2, 3] }] },
    /calls\[0\]\.counts must be counts of four/,
  ],
  [{ ...dump(), calls: [{ ...dump().calls[0], onceReady: 16 }] }, /calls\[0\]\.onceReady must be/],
  [{ ...dump(), calls: [{ ...dump().calls[0], last: 1e12 }] }, /calls\[0\]\.last must be/],
  [{ ...dump(), paths: [{ ...dump().paths[0], use: 'eat' }] }, /paths\[0\]\.use must be one of/],
  [{ ...dump(), paths: [{ ...dump().paths[0], phases: 16 }] }, /paths\[0\]\.phases must be/],
  [{ ...dump(), peers: [{ ...dump().peers[0], port: -1 }] }, /peers\[0\]\.port must be/],
  [{ ...dump(), capabilities: [{ ...dump().capabilities[0], capability: 64 }] }, /capability must be/],
  [{ ...dump(), forkFlags: [17] }, /forkFlags\[0\] must be a decimal number in quotes/],
  [{ ...dump(), modes: [0o100644] }, /modes\[0\] must be/],
  [{ ...dump(), lost: { 'a b': 1 } }, /lost\.a b must be left out/],
];

test('an invalid dump is an error that names the place', () => {
  for (const [json, says] of FAULTS) {
    const result = parsed(json);
    assert.ok('severity' in result, String(says));
    assert.equal(result.code, 'observer-failed');
    assert.match(result.message, says);
  }
  const text = parseDump(new TextEncoder().encode('{"dump":'));
  assert.ok('severity' in text && /must be JSON/.test(text.message));
});
