/** The scripts of hosts without Node, and those of this repository, hold what a shell checker knows. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inRepository } from '../support/repository.js';
import { run } from '../support/run.js';

/** Shell scripts in folders of the repository. */
const SCRIPTS = ['host-scripts', 'scripts', 'packaging', 'packaging/debian', '.ci'].flatMap((folder) =>
  readdirSync(inRepository(folder), { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => inRepository(folder, name))
    .filter((path) => /^#!.*\b(?:ba)?sh\n/.test(readFileSync(path, 'utf8'))),
);

const checked = await run(['shellcheck', '--version']).catch(() => undefined);

test('shellcheck finds nothing in the scripts for hosts', {
  skip: checked ? false : 'there is no shellcheck',
}, async () => {
  assert.ok(SCRIPTS.length > 5);
  const { status, stdout } = await run(['shellcheck', '--external-sources', ...SCRIPTS]);
  assert.deepEqual([status, stdout], [0, '']);
});

test('the scripts for hosts are for any POSIX shell', async () => {
  for (const name of readdirSync(inRepository('host-scripts'))) {
    const path = inRepository('host-scripts', name);
    assert.match(readFileSync(path, 'utf8'), /^#!\/bin\/sh\n/, name);
    for (const shell of ['dash', 'bash'])
      assert.deepEqual(
        await run([shell, '-n', path]),
        { status: 0, stdout: '', stderr: '' },
        `${shell} ${name}`,
      );
  }
});
