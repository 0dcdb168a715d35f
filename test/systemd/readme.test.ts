/** What README.md tells a newcomer to do, done as written; and what the demonstration shows. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Box } from '../support/box.js';
import { demonstrate } from '../support/demonstration.js';
import { changeFiles } from '../support/loaded-units.js';
import { inRepository } from '../support/repository.js';
import { bootWithPrograms, servicesObstacle } from '../support/service.js';

const skip = servicesObstacle();
let box: Box;
before(async () => {
  if (skip) return;
  box = await bootWithPrograms('readme');
  const unit = '[Service]\nExecStart=/usr/bin/memcached -u memcache -l 127.0.0.1\n';
  await changeFiles(box, { '/etc/systemd/system/foo.service': unit });
  await box.succeed(['ln', '-s', inRepository('dist/sandbox-unit.cjs'), '/usr/local/bin/sandbox-unit']);
  await box.succeed(['systemctl', 'start', 'foo']);
});
after(() => box?.stop());

const section = (heading: string): string =>
  readFileSync(inRepository('README.md'), 'utf8').split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!;

/** Indented lines. */
const commands = (text: string): string[] => [...text.matchAll(/^ {4}(\S.*)$/gm)].map(([, line]) => line!);

/** The policy, written where its first line says. */
async function writePolicy(text: string): Promise<void> {
  const [, policy = '', path = ''] = /```toml\n(# (\S+)\n.*?)```/s.exec(text) ?? [];
  await box.writeFile(path, policy);
}

test('the example at the top', { skip }, async () => {
  const [text] = readFileSync(inRepository('README.md'), 'utf8').split('\n## ');
  await writePolicy(text!);
  await box.succeed(['systemctl', 'start', 'nginx']);
  const session = /```\n(# .*?)```/s.exec(text!)![1]!;
  const plain = (line: string) => line.replace(/systemd \d\S*/, 'systemd VERSION').replace(/ +/g, ' ');
  for (const part of session.split(/^# /m).slice(1)) {
    const [command = '', ...shown] = part.trimEnd().split('\n');
    const { status, stdout, stderr } = await box.sh(command);
    assert.deepEqual([status, stderr], [0, ''], command);
    const lines = stdout.split('\n').map(plain);
    for (const line of shown.filter((text) => text.trim() !== '…'))
      assert.ok(lines.includes(plain(line)), `${line}\n${stdout}`);
  }
});

test('npm run demo', { skip }, () => demonstrate(box, () => {}));

test('a first policy', { skip }, async () => {
  const text = section('A first policy');
  await box.succeed(['rm', '-rf', '/etc/sandbox-unit']);
  await writePolicy(text);
  const said = new Map<string, string>();
  for (const line of commands(text)) {
    const { status, stdout, stderr } = await box.sh(line);
    assert.deepEqual([status, stderr], [0, ''], line);
    said.set(line.replace(/ +#.*/, ''), stdout);
  }
  assert.deepEqual(
    [...said.values()].map((stdout) => stdout.split('\n')[0]!),
    [
      '/etc/sandbox-unit/foo.service.toml: ok',
      'foo.service: /etc/sandbox-unit/foo.service.toml',
      'foo.service: applied',
      'foo.service: enforced (/etc/sandbox-unit/foo.service.toml)',
      'UNIT         MODE       STATE  DRIFT  REFUSED  POLICY',
      'foo.service: reverted',
    ],
  );
  const explain = text.match(/`(sandbox-unit explain [^`]+)`/)![1]!;
  const { status, stdout, stderr } = await box.exec(explain.split(' '));
  assert.match(stdout, /^foo.service: no refused call is on record/);
  // The kernel leaves records out where others on the machine log many.
  assert.ok(status === 0 || /^note\[records-suppressed\]/m.test(stderr), stderr);
});

test('uninstall', { skip }, async () => {
  await writePolicy(section('A first policy'));
  await box.succeed(['sandbox-unit', 'apply', 'foo']);
  // npm isn't in the box.
  const lines = commands(section('Uninstall')).filter((line) => !line.startsWith('npm '));
  assert.equal(lines.length, 3);
  for (const line of lines) assert.equal((await box.sh(line)).status, 0, line);
  const left = await box.sh('find /etc /usr/local /run -name "*sandbox-unit*" -not -path "*/bin/*"');
  assert.equal(left.stdout, '');
});
