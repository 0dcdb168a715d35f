/** What README.md tells a newcomer to do, done as written; and what the demonstration shows. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Box } from '../support/box.js';
import { demonstrate } from '../support/demonstration.js';
import { inRepository } from '../support/repository.js';
import { bootWithPrograms, servicesObstacle } from '../support/service.js';

const skip = servicesObstacle();
let box: Box;
before(async () => {
  if (skip) return;
  box = await bootWithPrograms('readme');
  await box.succeed(['ln', '-s', inRepository('dist/sandbox-unit.cjs'), '/usr/local/bin/sandbox-unit']);
});
after(() => box?.stop());

const README = readFileSync(inRepository('README.md'), 'utf8');

/** The indented blocks of a section, in lines. */
const blocksOf = (heading: string): string[][] =>
  README.split(`\n## ${heading}\n`)[1]!
    .split('\n## ')[0]!
    .split(/\n\n(?! {4})/)
    .map((block) => [...block.matchAll(/^ {4}(\S.*)$/gm)].map(([, line]) => line!))
    .filter((lines) => lines.length > 0);

test('the policy at the top', { skip }, async () => {
  const [, policy = '', path = ''] = /```toml\n(# (\S+)\n.*?)```/s.exec(README) ?? [];
  await box.writeFile(path, policy);
  await box.succeed(['systemctl', 'start', 'nginx']);
  const said = await box.succeed(['sandbox-unit', 'apply', 'nginx']);
  assert.match(said, /^nginx\.service: applied$/m);
  assert.match(await box.succeed(['sandbox-unit', 'verify', 'nginx']), /^nginx\.service: enforced /m);
  await box.succeed(['sandbox-unit', 'revert', '--quiet', 'nginx']);
});

test('npm run demo', { skip }, () => demonstrate(box, () => {}));

test('how a service is confined', { skip }, async () => {
  const [steps = [], [run = ''] = []] = blocksOf('Confine a service');
  await box.succeed(['rm', '-rf', '/etc/sandbox-unit']);
  await box.succeed(['systemctl', 'restart', 'nginx']);
  const said = new Map<string, string>();
  for (const line of steps) {
    const { status, stdout, stderr } = await box.sh(line.replace('--for 10min', '--for 1s'));
    assert.equal(status, 0, `${line}\n${stdout}${stderr}`);
    said.set(line.split(' ')[1]!, stdout);
  }
  const firstLines: Readonly<Record<string, RegExp>> = {
    learn: /^$/,
    plan: /^nginx\.service: \/etc\/sandbox-unit\/nginx\.service\.toml$/m,
    apply: /^nginx\.service: applied$/m,
    verify: /^nginx\.service: enforced \(\/etc\/sandbox-unit\/nginx\.service\.toml\)$/m,
    explain: /^nginx\.service: no refused call is on record/m,
    status: /^nginx\.service +enforcing, /m,
    revert: /^nginx\.service: reverted$/m,
  };
  assert.deepEqual([...said.keys()], Object.keys(firstLines));
  for (const [verb, stdout] of said) assert.match(stdout, firstLines[verb]!, verb);
  const refused = await box.sh(run);
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /^uname: cannot get system name: Network is down$/m);
});
