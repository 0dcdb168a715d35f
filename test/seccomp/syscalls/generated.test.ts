import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { constantsTable } from '../../../src/seccomp/syscalls/generated/constants.js';
import { numbersTable } from '../../../src/seccomp/syscalls/generated/numbers.js';
import { inRepository } from '../../support/repository.js';

const CANNOT_TELL = 77;

for (const table of ['numbers', 'calls', 'errno', 'constants']) {
  test(`the table of ${table} matches this machine's headers`, (t) => {
    const script = inRepository('scripts', 'generate-tables.mjs');
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--check', table], {
      encoding: 'utf8',
    });
    if (status === CANNOT_TELL) return t.skip(stdout.trim());
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' });
  });
}

const lines = (table: string) => table.trimEnd().split('\n');

for (const [name, rows] of [
  ['numbers', lines(numbersTable).slice(1)],
  ['constants', lines(constantsTable)],
] as const) {
  test(`the table of ${name} is sorted and has each name once`, () => {
    const names = rows.map((row) => row.split(' ')[0]);
    assert.deepEqual(names, [...new Set(names)].sort());
  });
}
