/** The command line of the script `activate`. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inRepository } from '../support/repository.js';
import { run } from '../support/run.js';

const SCRIPT = inRepository('host-scripts/activate');

for (const shell of ['dash', 'bash']) {
  test(`activate in ${shell}: prints its usage on request, and for a wrong command line`, async () => {
    const help = await run([shell, SCRIPT, '--help']);
    assert.deepEqual([help.status, help.stderr], [0, '']);
    const forms = help.stdout.split('\n').map((line) => line.slice('usage: '.length));
    const found = forms.filter((form) => form.includes('--recover') || form.includes('--revert'));
    assert.deepEqual(found, ['activate --revert [--check] [--no-restart] UNIT...', 'activate --recover']);
    for (const [words, why] of [
      [[], 'no unit is named'],
      [['--revert'], 'no unit is named'],
      [['--recover', 'x.service'], '--recover takes no unit names'],
      [['--recover', '--check'], '--check is for a change or a revert'],
      [['--revert', '--confirm', '60', 'x.service'], '--confirm is for a change that is tried'],
      [['--halp'], 'no option --halp'],
    ] as const) {
      const { status, stdout, stderr } = await run([shell, SCRIPT, ...words]);
      assert.deepEqual([status, stdout, stderr], [2, '', `activate: ${why}\n${help.stdout}`]);
    }
  });
}

test('activate: without its files it changes nothing, and says how to get them', async () => {
  const input = readFileSync(SCRIPT, 'utf8');
  for (const words of [['--revert', 'x.service'], ['x.service']]) {
    const { status, stdout, stderr } = await run(['sh', '-s', '--', ...words], { input, cwd: '/usr/bin' });
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, /'cat >\/run\/activate && sh \/run\/activate --revert UNIT' takes it from there$/m);
  }
});
