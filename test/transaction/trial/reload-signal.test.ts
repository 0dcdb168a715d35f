import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fatalReload } from '../../../src/transaction/trial/reload-signal.js';
import { FakeSystem } from '../../support/fake-system.js';
import { unitState } from '../../support/unit-state.js';

/** Masks with signal 1, and with 10 (USR1). */
const [HUP, USR1, NONE] = ['0000000000000001', '0000000000000200', '0000000000000000'];

interface Case {
  readonly words?: readonly string[];
  readonly masks?: Readonly<Record<string, string>>;
  readonly more?: readonly unknown[];
  readonly pid?: number;
}

const command = (words: readonly string[]) => [words[0], words, [], 0, 0, 0, 0, 0, 0, 0, 0];

/** The message about a service with this reload and these masks of its main process. */
async function said({
  words = ['/bin/kill', '-HUP', '$MAINPID'],
  masks = {},
  more = [],
  pid = 7,
}: Case = {}) {
  const all = { SigBlk: NONE, SigIgn: NONE, SigCgt: NONE, ...masks };
  const status = Object.entries(all).map(([name, mask]) => `${name}:\t${mask}\n`);
  const system = new FakeSystem({ files: { '/proc/7/status': `Name:\tx\n${status.join('')}` } });
  const state = unitState({ MainPID: pid, ExecReloadEx: [command(words), ...more] });
  return (await fatalReload(system, 'demo.service', state))?.message;
}

const fatal = (signal: number) =>
  `demo.service was not reloaded: ExecReload= sends it signal ${signal}, which would end it`;

test('a signal that the main process neither catches, ignores nor blocks would end it', async () => {
  assert.equal(await said(), fatal(1));
  assert.equal(await said({ masks: { SigCgt: USR1 } }), fatal(1));
  for (const words of [
    ['/usr/bin/kill', '-s', 'USR1', '$MAINPID'],
    ['/bin/kill', '-SIGUSR1', '$MAINPID'],
    ['/bin/kill', '-10', '$MAINPID'],
  ]) {
    assert.equal(await said({ words, masks: { SigCgt: HUP } }), fatal(10));
    assert.equal(await said({ words, masks: { SigCgt: USR1 } }), undefined);
  }
});

for (const field of ['SigCgt', 'SigIgn', 'SigBlk']) {
  test(`one that is in ${field} does not`, async () => {
    assert.equal(await said({ masks: { [field]: HUP } }), undefined);
  });
}

const UNTOLD: readonly [says: string, one: Case][] = [
  ['another program', { words: ['/bin/reload', '-HUP', '$MAINPID'] }],
  ['another process', { words: ['/bin/kill', '-HUP', '1'] }],
  ['no signal', { words: ['/bin/kill', '-q', '$MAINPID'] }],
  ['a harmless signal', { words: ['/bin/kill', '-WINCH', '$MAINPID'] }],
  ['no option', { words: ['/bin/kill', '$MAINPID'] }],
  ['two commands', { more: [command(['/bin/true'])] }],
  ['no main process', { pid: 0 }],
  ['a process that has ended', { pid: 8 }],
  ['masks that can not be read', { masks: { SigCgt: 'x' } }],
];

for (const [says, one] of UNTOLD) {
  test(`of ${says} nothing is said`, async () => assert.equal(await said(one), undefined));
}
