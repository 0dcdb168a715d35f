/** Hostile files in the places that are written, and disk errors, on a real systemd. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { UNIT } from '../support/demo-service.js';
import { assertReadable, assertRefused, listing } from '../support/hostile.js';
import { machine } from '../support/machine.js';
import { policyPath, properties, sandboxUnit } from '../support/service.js';

const UNITS = '/etc/systemd/system';
const DROP_INS = `${UNITS}/${UNIT}.d`;
const LAUNCHER = '/usr/local/libexec/sandbox-unit';
const policy = (call: string) =>
  `[syscalls]\ndeny = ["execve", "execveat", "${call}"]\n[apply]\nsettle = "200ms"\n`;
const POLICY = policy('uname');

const { box, run, skip, test } = machine('hostile', {
  files: {
    [`${UNITS}/${UNIT}`]: '[Service]\nType=exec\nExecStart=/usr/bin/tail -f /dev/null\n',
    [policyPath(UNIT)]: POLICY,
    '/srv/victim/file': 'kept\n',
  },
  start: [UNIT],
});

const ADDRESS = { D: DROP_INS, L: LAUNCHER, C: `${DROP_INS}/zz-sandbox-unit.conf`, V: '/srv/victim' };

/** Runs a script in the box that knows the places: D, L, C, and a victim V. */
async function sh(script: string): Promise<void> {
  const { status, stderr } = await box.sh(script, {
    env: { ...ADDRESS, F: `${DROP_INS}/zz-sandbox-unit.filter` },
  });
  assert.equal(status, 0, `${script}: ${stderr}`);
}

const asBefore = async (were: string, what: string) =>
  assert.deepEqual((await listing(box)).split('\n'), were.split('\n'), what);

/** What is planted, how, and the code with which `apply` refuses; systemd itself would hang on some if it read them. */
const PLANTED: readonly [what: string, script: string, code: string][] = [
  ["a link to another folder for the drop-ins'", 'ln -s "$V" "$D"', 'untrusted-file'],
  ["a link that leads nowhere for the drop-ins' folder", 'ln -s /srv/nowhere "$D"', 'untrusted-file'],
  ["a file for the drop-ins' folder", 'echo x >"$D"', 'unwritable'],
  ["a pipe for the drop-ins' folder", 'mkfifo "$D"', 'unwritable'],
  ["another user's folder for drop-ins", 'mkdir "$D"; chown daemon "$D"', 'untrusted-path'],
  ['a folder for drop-ins that a group can write', 'mkdir "$D"; chmod g+w "$D"', 'untrusted-path'],
  ['a folder for drop-ins that all can write', 'mkdir "$D"; chmod 777 "$D"', 'untrusted-path'],
  ["another user's folder of units", `chown daemon ${UNITS}`, 'untrusted-path'],
  ['a link to itself for the drop-in', 'mkdir "$D"; ln -s zz-sandbox-unit.conf "$C"', 'unit-changed'],
  ['a pipe for the drop-in', 'mkdir "$D"; mkfifo "$C"', 'unit-changed'],
  ['a folder for the drop-in', 'mkdir -p "$C/x"', 'unit-changed'],
  ['a device for the drop-in', 'mkdir "$D"; mknod "$C" c 1 5', 'unit-changed'],
  [
    'a socket for the drop-in',
    `mkdir "$D"; node -e 'require("net").createServer().listen(process.env.C, () => process.kill(process.pid, 9))' || :`,
    'unit-changed',
  ],
  ['a drop-in of ten megabytes', 'mkdir "$D"; truncate -s 10M "$C"', 'unit-changed'],
  ['a pipe for the filter', 'mkdir "$D"; mkfifo "$F"', 'bad-file'],
  ['a folder for the filter', 'mkdir -p "$F/x"', 'bad-file'],
  ['a link for the folder of the launcher', 'ln -s "$V" "$L"', 'untrusted-file'],
  ['a file for the folder of the launcher', 'echo x >"$L"', 'unwritable'],
  ["another user's folder for the launcher", 'mkdir "$L"; chown daemon "$L"', 'untrusted-path'],
  ['a folder for the launcher', 'mkdir -p "$L/launcher/x"', 'bad-file'],
  ['a pipe for the launcher', 'mkdir "$L"; mkfifo "$L/launcher"', 'bad-file'],
  ['a folder for policies that all can write', 'chmod 777 /etc/sandbox-unit', 'untrusted-file'],
  ['a policy that all can write', `chmod 666 ${policyPath(UNIT)}`, 'untrusted-file'],
  ['a policy of another user', `chown daemon ${policyPath(UNIT)}`, 'untrusted-file'],
];

const CLEAN = `rm -rf "$D" "$L"; chown root "\${D%/*}" ${policyPath(UNIT)}; chmod 644 ${policyPath(UNIT)}; chmod 755 /etc/sandbox-unit`;

describe('apply refuses, and writes nothing:', { skip }, () => {
  for (const [what, script, code] of PLANTED) {
    test(what, async () => {
      try {
        await sh(script);
        const were = await listing(box);
        assertRefused(await sandboxUnit(box, 'apply', UNIT), code, 'apply');
        assertReadable(await sandboxUnit(box, 'status', UNIT), 'status');
        await asBefore(were, 'apply, status');
      } finally {
        await sh(CLEAN);
      }
    });
  }
});

test('commands refuse a policy that others can write', async () => {
  const file = '/srv/others.toml';
  await box.writeFile(file, POLICY, '0666');
  const were = await listing(box);
  for (const verb of ['plan', 'generate', 'verify', 'explain']) {
    assertRefused(await sandboxUnit(box, verb, UNIT, '--policy', file), 'untrusted-file', verb);
  }
  assertRefused(await sandboxUnit(box, 'run', '--policy', file, 'true'), 'untrusted-file', 'run');
  await asBefore(were, file);
});

/** Texts that would be lines of a unit file, or words of a command. */
const TEXTS: readonly [policy: string, code: string, place: string][] = [
  ['[syscalls]\ndeny = ["uname\\nExecStart=/bin/x"]\n', 'unknown-syscall', ':2:9: '],
  ['[service]\nReadWritePaths = ["/a\\n[Unit]"]\n', 'directive-value', ':2:18: '],
  ['[service]\n"Nice=1\\nUser" = "root"\n', 'unknown-directive', ':2:1: '],
];

for (const [content, code, place] of TEXTS) {
  test(`the file content ${JSON.stringify(content)} reaches no unit`, async () => {
    const file = '/srv/hostile.toml';
    await box.writeFile(file, content);
    const were = await listing(box);
    for (const words of [
      ...['plan', 'generate', 'apply', 'verify'].map((verb) => [verb, UNIT, '--policy', file]),
      ['run', '--policy', file, 'true'],
    ]) {
      assertRefused(await sandboxUnit(box, ...words), code, words.join(' '), `${file}${place}`);
    }
    await asBefore(were, file);
  });
}

/** What is in the place of a file of ours and leads to another, which has to stay as it is. */
const LINKS: readonly [what: string, script: string][] = [
  ['a link for the drop-in', 'mkdir "$D"; ln -s "$V/file" "$C"'],
  ['a second name of another file for the drop-in', 'mkdir "$D"; ln "$V/file" "$C"'],
  ['a link for the filter', 'mkdir "$D"; ln -s "$V/file" "$F"'],
  ['a second name of another file for the filter', 'mkdir "$D"; ln "$V/file" "$F"'],
  ['a link for the launcher', 'mkdir "$L"; ln -s "$V/file" "$L/launcher"'],
  ['a second name of another file for the launcher', 'mkdir "$L"; ln "$V/file" "$L/launcher"'],
];

describe('apply replaces a link, revert removes it, and its target stays:', {
  skip,
}, () => {
  for (const [what, script] of LINKS) {
    test(what, async () => {
      const were = await listing(box);
      try {
        await sh(`${script}; systemctl daemon-reload`);
        for (const verb of ['apply', 'revert']) {
          const result = await sandboxUnit(box, verb, UNIT);
          assertReadable(result, verb);
          assert.equal(result.status, 0, result.stderr);
          assert.equal(await box.readFile('/srv/victim/file'), 'kept\n');
        }
        await asBefore(were, 'revert');
      } finally {
        await sh(CLEAN);
      }
    });
  }
});

/** Ways in which a file system takes nothing, and how it takes again. */
const FULL: readonly [what: string, begin: string, end: string, code: string][] = [
  [
    'a full disk',
    `mkdir /srv/units; cp -a ${UNITS}/. /srv/units; mount -t tmpfs -o size=64k,mode=755 tmpfs ${UNITS}
     cp -a /srv/units/. ${UNITS}; cat /dev/zero >${UNITS}/filler 2>/dev/null || :`,
    `umount ${UNITS}; rm -rf /srv/units`,
    'unwritable',
  ],
  [
    'a disk without inodes',
    `mkdir /srv/units; cp -a ${UNITS}/. /srv/units; mount -t tmpfs -o nr_inodes=40,mode=755 tmpfs ${UNITS}
     cp -a /srv/units/. ${UNITS}; i=0; while : >${UNITS}/filler$i; do i=$((i + 1)); done 2>/dev/null`,
    `umount ${UNITS}; rm -rf /srv/units`,
    'unwritable',
  ],
  [
    // A process that writes a file below /etc in that moment keeps the mount busy.
    'a read-only /etc',
    "mount --bind /etc /etc; timeout 20 sh -c 'until mount -o remount,bind,ro /etc; do sleep 0.1; done'",
    'umount /etc',
    'unwritable',
  ],
];

describe('a disk error:', { skip }, () => {
  for (const [what, begin, end, code] of FULL) {
    test(`with ${what}, a unit without a policy stays unconfined`, async () => {
      await sh(begin);
      try {
        const were = await listing(box);
        assertRefused(await sandboxUnit(box, 'apply', UNIT), code, 'apply');
        await asBefore(were, 'apply');
      } finally {
        await sh(`${end}; ${CLEAN}`);
      }
    });

    test(`with ${what}, the previous policy stays whole and in force`, async () => {
      await run(0, 'apply', UNIT);
      await box.writeFile(policyPath(UNIT), policy('sysinfo'));
      const { MainPID } = await properties(box, UNIT, 'MainPID');
      await sh(begin);
      try {
        const were = await listing(box);
        assertRefused(await sandboxUnit(box, 'apply', UNIT), code, 'apply');
        await asBefore(were, 'apply');
      } finally {
        await sh(end);
        await box.writeFile(policyPath(UNIT), POLICY);
      }
      await run(0, 'verify', UNIT);
      assert.deepEqual(await properties(box, UNIT, 'MainPID'), { MainPID });
      await run(0, 'revert', UNIT);
    });
  }
});
