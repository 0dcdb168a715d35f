/** `watch` on a real systemd: each refusal is reported with the line that decided, and files' modes are blamed on nothing. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Box } from '../support/box.js';
import {
  bootWithPrograms,
  COMMAND,
  defineProgram,
  PROGRAMS,
  policyPath,
  sandboxUnit,
  servicesObstacle,
} from '../support/service.js';

const skip = servicesObstacle();
const UNIT = 'wishes.service';
const PLAIN_UNIT = 'unconfined-wishes.service';
const POLICY = `[syscalls]
deny = ["execve", "ptrace"]
action = "EPERM"
[service]
ProtectSystem = "strict"
ProtectHome = true
PrivateDevices = true
CapabilityBoundingSet = []
RestrictAddressFamilies = ["AF_INET", "AF_UNIX"]
RestrictNamespaces = true
MemoryDenyWriteExecute = true
[apply]
refused = "warn"
`;

/** What the program tries, and the line of the policy that refuses it. */
const REFUSED: readonly (readonly [says: string, line: number])[] = [
  ['may not write /opt/outside (EROFS): ProtectSystem=strict', 5],
  ['may not make or remove files in /opt (EROFS): ProtectSystem=strict', 5],
  ['may not read /root/secret (EACCES): ProtectHome=', 6],
  ['may not change /opt/programs (EROFS): ProtectSystem=strict', 5],
  ['may not call socket(AF_PACKET) (EAFNOSUPPORT): RestrictAddressFamilies=', 9],
  ['may not read /dev/kmsg, which is hidden from it (ENOENT): PrivateDevices=', 7],
  ['lacks CAP_NET_BIND_SERVICE for bind: CapabilityBoundingSet=', 8],
  ['may not call unshare (EPERM): RestrictNamespaces=', 10],
  ['may not call mmap (EACCES): MemoryDenyWriteExecute=', 11],
  ['may not call ptrace (EPERM): deny ptrace', 2],
  ['may not call execve (EPERM): deny execve', 2],
];

/** What `status --json` says was refused. */
interface Refused {
  readonly count: number;
  readonly calls: readonly { readonly call: string }[];
  readonly others: readonly unknown[];
  readonly unseen: readonly string[];
}

let box: Box;
before(async () => {
  if (skip) return;
  box = await bootWithPrograms('watch', { wishes: ['test/booted/programs/wishes.c', '-static'] });
  await box.sh('mkdir -p /opt; : > /root/secret; chmod 600 /root/secret');
  await defineProgram(box, UNIT, `Type=exec\nExecStart=${PROGRAMS}/wishes`);
  await defineProgram(box, PLAIN_UNIT, `Type=exec\nUser=nobody\nExecStart=${PROGRAMS}/wishes`);
  await box.writeFile(policyPath(UNIT), POLICY);
  await box.writeFile(policyPath(PLAIN_UNIT), '[service]\nLockPersonality = true\n');
});
after(() => box?.stop());

const journal = async (...fields: string[]): Promise<string[]> => {
  const words = ['journalctl', '--output=cat', 'SYSLOG_IDENTIFIER=sandbox-unit', ...fields];
  return (await box.exec(words)).stdout.split('\n').filter((line) => line !== '');
};

test('watch reports each of eleven refusals with its line, and none of files by their modes', {
  skip,
}, async () => {
  for (const unit of [UNIT, PLAIN_UNIT]) {
    const { status, stderr } = await sandboxUnit(box, 'apply', unit);
    assert.equal(status, 0, stderr);
  }
  await box.succeed(['systemd-run', '--unit=the-watch', '--property=Type=notify', ...COMMAND, 'watch']);
  await box.succeed(['systemctl', 'start', UNIT, PLAIN_UNIT]);
  const expected = REFUSED.map(([says, line]) => `${says} (${policyPath(UNIT)}:${line})`);
  await box.waitFor('all reports', async () => (await journal()).length >= expected.length);
  const texts = (await journal()).map((text) => text.replace(/^wishes\.service: (?:wishes )?/, ''));
  assert.deepEqual(texts.toSorted(), expected.toSorted());
  assert.deepEqual((await journal('PRIORITY=4')).map((text) => /call (\w+)/.exec(text)?.[1]).toSorted(), [
    'execve',
    'ptrace',
  ]);
});

test('explain shows what a watch has seen, with the line and the change that would allow it', {
  skip,
}, async () => {
  const { status, stdout } = await sandboxUnit(box, 'explain', UNIT);
  assert.equal(status, 1, stdout);
  const place = policyPath(UNIT);
  assert.ok(
    stdout.includes(
      `  ProtectSystem=strict (${place}:5)\n  to allow it: add "/opt" to ReadWritePaths in [service]`,
    ),
    stdout,
  );
});

test('status has the exact number of refusals while a watch runs', { skip }, async () => {
  const { stdout } = await sandboxUnit(box, 'status', '--json', UNIT);
  const [{ refused }] = (JSON.parse(stdout) as { units: { refused: Refused }[] }).units as [
    { refused: Refused },
  ];
  assert.deepEqual(
    [refused.count, refused.calls.map(({ call }) => call).toSorted(), refused.others.length, refused.unseen],
    [REFUSED.length, ['execve', 'ptrace', 'socket', 'unshare'], REFUSED.length - 4, []],
  );
});

test('explain --write edits [service], and the directives refuse none of it any more', { skip }, async () => {
  const path = policyPath(UNIT);
  const { stdout } = await sandboxUnit(box, 'explain', '--write', UNIT);
  const written = await box.succeed(['cat', path]);
  assert.deepEqual(/^\[service\]\n([^[]*)/m.exec(written)![1]!.trimEnd().split('\n').slice(0, 2), [
    'ProtectSystem = "strict"',
    'ProtectHome = "read-only"',
  ]);
  assert.match(written, /^CapabilityBoundingSet = \["CAP_NET_BIND_SERVICE"\]$/m);
  assert.match(written, /^ReadWritePaths = \["\/opt\/programs"\]$/m);
  assert.doesNotMatch(written, /^(?:PrivateDevices|MemoryDenyWriteExecute) =/m);
  // Many programs have files there.
  assert.equal(stdout.match(/to allow it: add "\/opt"/g)?.length, 2, stdout);
  assert.doesNotMatch(stdout, /to allow it: (?:add "\/opt\/|write ProtectHome|leave)/);
  const { status, stderr } = await sandboxUnit(box, 'apply', UNIT);
  assert.equal(status, 0, stderr);
  assert.doesNotMatch(stderr, /refused-access\].*(?:ProtectHome|PrivateDevices|WriteExecute)/);
  await box.writeFile(path, POLICY);
});

test('apply warns in its trial of what the directives refused, and a watch that was restarted reports it, too', {
  skip,
}, async () => {
  const before = (await journal()).length;
  await box.succeed(['systemctl', 'restart', 'the-watch']);
  await box.writeFile(policyPath(UNIT), POLICY.replace('[apply]', 'LockPersonality = true\n[apply]'));
  const { status, stderr } = await sandboxUnit(box, 'apply', UNIT);
  assert.equal(status, 0, stderr);
  const places = [
    ...stderr.matchAll(/: warning\[refused-access\]: wishes .*?(ProtectSystem|ProtectHome|PrivateDevices)/gm),
  ];
  assert.deepEqual(
    [...new Set(places.map(([, name]) => name))].toSorted(),
    ['PrivateDevices', 'ProtectHome', 'ProtectSystem'],
    stderr,
  );
  await box.waitFor('the reports of the new run', async () => (await journal()).length > before);
});
