/** Tests of plan/ready/injector.ts: units whose start would go on where the filter can't be loaded. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planned } from '../../support/planned.js';

const READY = '[ready]\ndeny = ["bind"]\n';

const gaps = (lines: string) =>
  planned(READY, lines).diagnostics.flatMap(({ code, message }) => (code === 'gap-ready' ? [message] : []));

const gap = (words: string) =>
  `[ready] can't be enforced: SuccessExitStatus=${words} would take its failure for a success`;

test('[ready] is refused if a file that is emptied for each command would be its output', () => {
  for (const name of ['StandardOutput', 'StandardError'])
    assert.deepEqual(gaps(`${name}=truncate:/var/log/demo`), [
      `[ready] can't be enforced: ${name}=truncate: empties its file when the program that loads it is started`,
    ]);
  for (const lines of ['StandardOutput=file:/a', 'StandardError=append:/a', 'StandardInput=socket'])
    assert.deepEqual(gaps(lines), []);
});

test('[ready] is refused with a PAM session, which may move the processes', () => {
  assert.deepEqual(gaps('PAMName=login'), [
    "[ready] can't be enforced: the session of PAMName= may take the processes out of the unit",
  ]);
  for (const lines of ['', 'PAMName=login\nPAMName=']) assert.deepEqual(gaps(lines), []);
});

test('[ready] is refused if a failure to load the filter has a status that counts as success', () => {
  for (const words of ['1', '3', 'FAILURE', '203', 'EXEC', 'SIGKILL', 'TERM', '0x1', '+1', '001'])
    assert.deepEqual(gaps(`SuccessExitStatus=143 ${words}`), [gap(words)]);
  assert.deepEqual(gaps('SuccessExitStatus=1 2\nSuccessExitStatus=75 TEMPFAIL 3'), [gap('1 2 3')]);
  for (const lines of ['143', '0 5 6 255', 'TEMPFAIL', '1\nSuccessExitStatus='])
    assert.deepEqual(gaps(`SuccessExitStatus=${lines}`), []);
});

test('the program of [ready] is bound where another file system hides it from commands with +', () => {
  const bound = (lines: string) =>
    planned(READY, lines).directives.flatMap(({ name, values }) =>
      name === 'BindReadOnlyPaths' ? values.flatMap((value) => value.split(' ')) : [],
    );
  assert.deepEqual(bound('TemporaryFileSystem=/run'), []);
  assert.deepEqual(bound('TemporaryFileSystem=/etc'), [
    '/usr/libexec/sandbox-unit/tighten',
    '/etc/systemd/system/demo.service.d/zz-sandbox-unit.ready-filter',
  ]);
});
