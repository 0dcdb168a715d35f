import assert from 'node:assert/strict';
import { test } from 'node:test';
import { opensAddresses } from '../../../src/plan/ineffective/addresses.js';

const CASES: readonly [denying: string, allowing: string, meant: string, opens: boolean][] = [
  ['any', '10.0.0.0/8', '', true],
  ['any', '10.0.0.0/8', '10.0.0.0/8', false],
  ['any', '10.1.0.0/16', '10.0.0.0/8', false],
  ['any', '10.0.0.0/8', '10.1.0.0/16', true],
  ['10.0.0.0/8', 'any', '', true],
  ['10.0.0.0/8', 'any', '10.0.0.0/9 10.128.0.0/9', false],
  ['10.0.0.0/8', '192.168.0.0/16', '', false],
  ['any', '::1/128', '', true],
  ['127.0.0.0/8', '::1/128', '', false],
  ['any', 'localhost', 'localhost', false],
  ['', 'any', '', false],
  ['any', '', '', false],
];

for (const [denying, allowing, meant, opens] of CASES) {
  test(`'${allowing}' ${opens ? 'opens' : "doesn't open"} '${denying}', if '${meant}' is meant`, () => {
    assert.equal(opensAddresses([denying], [allowing], [meant]), opens);
  });
}
