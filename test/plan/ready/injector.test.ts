/** Tests of plan/ready/injector.ts: units whose start would go on where the filter can't be loaded. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planned } from '../../support/planned.js';

const READY = '[ready]\ndeny = ["bind"]\n';

const gaps = (lines: string) =>
  planned(READY, lines).diagnostics.flatMap(({ code, message }) => (code === 'gap-ready' ? [message] : []));

const gap = (words: string) =>
  `[ready] can't be enforced: SuccessExitStatus=${words} would hide that its filter could not be loaded`;

test('[ready] is refused if a file that is emptied for each command would be its output', () => {
  for (const name of ['StandardOutput', 'StandardError'])
    assert.deepEqual(gaps(`${name}=truncate:/var/log/demo`), [
      `[ready] can't be enforced: ${name}=truncate: would empty its file when the filter is loaded`,
    ]);
  for (const lines of ['StandardOutput=file:/a', 'StandardError=append:/a', 'StandardInput=socket'])
    assert.deepEqual(gaps(lines), []);
});

test('[ready] is refused with a PAM session, which may move the processes', () => {
  assert.deepEqual(gaps('PAMName=login'), [
    "[ready] can't be enforced: PAMName= may move the processes out of the unit",
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

/** The words by which the program that loads the filter waits. */
function wait(lines: string, settle = ''): string | undefined {
  const { commands } = planned(READY + settle, lines);
  const post = commands.find(({ key }) => key === 'ExecStartPost');
  return / (--settle .*)$/.exec(post?.lines.at(-1) ?? '')?.[1];
}

test('a settle time ends before the start times out', () => {
  assert.equal(wait('TimeoutStartSec=3'), '--settle 500 --within 2000');
  assert.equal(wait('TimeoutSec=30\nTimeoutStartSec=1min'), '--settle 500 --within 20000');
  assert.equal(wait('TimeoutStartSec=1min 30s', 'settle = "5s"'), '--settle 5000 --within 50000');
  assert.equal(wait('TimeoutStartSec=90'), '--settle 500');
  for (const endless of ['0', 'infinity'])
    assert.equal(wait(`TimeoutStartSec=${endless}`, 'settle = "1min"'), '--settle 60000 --within 600000');
  for (const other of ['', 'TimeoutStartSec=soon', 'TimeoutStopSec=3'])
    assert.equal(wait(other, 'settle = "5s"'), '--settle 5000');
  assert.equal(wait('Type=notify\nTimeoutStartSec=3'), undefined);
});
