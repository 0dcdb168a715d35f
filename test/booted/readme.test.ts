/** The policy at the top of README.md, the number of functions that the command enters for it, and the demonstration. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { demonstrate } from '../support/demonstration.js';
import { fewestEntered, functionsEntered } from '../support/entered.js';
import { machine } from '../support/machine.js';
import { assertNoHeavier } from '../support/ratchet.js';
import { inRepository } from '../support/repository.js';
import { policyPath } from '../support/service.js';

const { box, test } = machine('readme', {
  script: `ln -s ${inRepository('dist/sandbox-unit.cjs')} /usr/local/bin/sandbox-unit`,
  start: ['nginx'],
});

const README = readFileSync(inRepository('README.md'), 'utf8');

test('the policy at the top of README.md is applied and enforced', async () => {
  const [, policy = '', path = ''] = /```toml\n(# (\S+)\n.*?)```/s.exec(README) ?? [];
  await box.writeFile(path, policy);
  const said = await box.succeed(['sandbox-unit', 'apply', 'nginx']);
  assert.match(said, /^nginx\.service: applied$/m);
  assert.match(await box.succeed(['sandbox-unit', 'verify', 'nginx']), /^nginx\.service: enforced /m);
  await box.succeed(['sandbox-unit', 'revert', '--quiet', 'nginx']);
});

test('the functions that verbs enter only become fewer', async () => {
  const policy = '[syscalls]\ndeny = ["execve", "execveat"]\naction = "EPERM"\n';
  await box.writeFile(policyPath('nginx.service'), policy);
  const entered = {
    'run --wait': await fewestEntered(box, 'run', '--wait', '--deny=ptrace', 'true'),
    'apply nginx': await functionsEntered(box, 'apply', 'nginx'),
    'verify nginx': await fewestEntered(box, 'verify', 'nginx'),
    status: await fewestEntered(box, 'status'),
    'revert nginx': await functionsEntered(box, 'revert', 'nginx'),
  };
  assertNoHeavier('functions', entered);
});

test('npm run demo works', () => demonstrate(box, () => {}));
