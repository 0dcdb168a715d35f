import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Diagnostic, error, warning } from '../../src/diagnostic.js';
import { type AllowedGaps, toleratedGaps, tolerateGap } from '../../src/plan/gaps.js';

const GAP = error('gap-undone', 'nobody enforces it');
const OTHER = error('gap-directive', 'nobody enforces it');
const DEFECT = error('unknown-syscall', 'there is no such call');

const severities = (allowed?: AllowedGaps) =>
  [GAP, OTHER, DEFECT].map((d) => tolerateGap(d, allowed).severity);

test('only gaps that are allowed are let through', () => {
  assert.deepEqual(severities(), ['warning', 'warning', 'error']);
  assert.deepEqual(severities(true), ['warning', 'warning', 'error']);
  assert.deepEqual(severities(false), ['error', 'error', 'error']);
  assert.deepEqual(severities([]), ['error', 'error', 'error']);
  assert.deepEqual(severities(['gap-undone', 'unknown-syscall']), ['warning', 'error', 'error']);
});

test('the codes of allowed gaps are reported once each, in order', () => {
  const letThrough = (d: Diagnostic) => tolerateGap(d);
  const found = [
    letThrough(GAP),
    letThrough(OTHER),
    letThrough(GAP),
    DEFECT,
    warning('no-new-privileges', 'gets no rights'),
  ];
  assert.deepEqual(toleratedGaps(found), ['gap-directive', 'gap-undone']);
  assert.deepEqual(toleratedGaps([GAP, OTHER]), []);
});
