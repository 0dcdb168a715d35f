import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Mount } from '../../../src/formats/mount-info.js';
import { BESIDE_TUNABLES } from '../../support/ineffective-cases.js';
import { planned, targetOf } from '../../support/planned.js';

/** What is said of parts that stay open, for lines of [service] in a policy and lines of the unit's own. */
function said(policy: string, lines = '', systemd = 257, mounts: readonly Mount[] = []): string[] {
  const { diagnostics } = planned(`[service]\n${policy}`, lines, targetOf(systemd, { mounts }));
  return diagnostics
    .filter(({ code }) => ['leaves-open', 'loosens'].includes(code))
    .map(({ severity, at, message }) => `${severity} ${at?.line}: ${message}`);
}

const STRICT = 'ProtectSystem = "strict"\n';
const NO_EXEC = 'NoExecPaths = ["/"]\nExecPaths = ["/usr"]\n';

/** Policies, and the warning, as such units of systemd 252, 257 and 262 were seen. */
const SEEN: readonly (readonly [policy: string, warning?: string])[] = [
  [STRICT],
  [
    `${STRICT}ExecPaths = ["/usr"]`,
    'warning 2: ProtectSystem= leaves /usr (mounted for ExecPaths=) writable',
  ],
  [`${STRICT}ExecPaths = ["/usr"]\nBindReadOnlyPaths = ["/usr"]`],
  [
    `${STRICT}NoExecPaths = ["/srv"]`,
    'warning 2: ProtectSystem= leaves /srv (mounted for NoExecPaths=) writable',
  ],
  [`${STRICT}InaccessiblePaths = ["/srv"]\nReadWritePaths = ["/var"]\nPrivateTmp = true`],
  [
    `${STRICT}ProtectControlGroups = true`,
    'warning 2: ProtectSystem= leaves /run (mounted for ProtectControlGroups=) writable',
  ],
  [
    'ReadOnlyPaths = ["/srv"]\nNoExecPaths = ["/srv/sub"]',
    'warning 2: ReadOnlyPaths= leaves /srv/sub (mounted for NoExecPaths=) writable',
  ],
  ['ReadOnlyPaths = ["/srv"]\nBindReadOnlyPaths = ["/opt:/srv/sub"]'],
  [
    'ReadOnlyPaths = ["/"]\nPrivateDevices = true',
    'warning 2: ReadOnlyPaths= leaves /dev/shm (mounted for PrivateDevices=) writable',
  ],
  [
    `${NO_EXEC}ReadWritePaths = ["/srv"]`,
    'warning 2: NoExecPaths= leaves /srv (mounted for ReadWritePaths=) executable',
  ],
  [
    'NoExecPaths = ["/", "/srv", "/tmp", "/var/tmp"]\nReadWritePaths = ["/srv"]\nPrivateTmp = true\nProtectHome = true',
  ],
  [
    `${NO_EXEC}PrivateTmp = true\nProtectHome = "read-only"`,
    'warning 2: NoExecPaths= leaves /tmp, /var/tmp (mounted for PrivateTmp=), /home, /root, /run/user (mounted for ProtectHome=) executable',
  ],
  [
    `${NO_EXEC}StateDirectory = ["demo"]`,
    'warning 2: NoExecPaths= leaves /var/lib/demo (mounted for StateDirectory=) executable',
  ],
  [
    `${NO_EXEC}PrivateDevices = true`,
    'warning 2: NoExecPaths= leaves /dev/shm (mounted for PrivateDevices=) executable',
  ],
  [`${NO_EXEC}ReadWritePaths = ["/run/%p"]`],
  [`${STRICT}NoExecPaths = ["/srv"]\nBindReadOnlyPaths = ["/srv"]`],
  [
    `${STRICT}NoExecPaths = ["/srv"]\nReadOnlyPaths = ["/srv"]`,
    'warning 3: NoExecPaths= leaves /srv (mounted for ReadOnlyPaths=) executable',
  ],
  [
    `${STRICT}NoExecPaths = ["/", "/srv", "/dev/shm"]\nReadOnlyPaths = ["/srv"]\nProtectHome = true\nPrivateDevices = true`,
  ],
];

for (const [policy, warning] of SEEN) {
  test(`${policy.replaceAll('\n', ', ')}: ${warning ?? 'nothing stays open'}`, () => {
    assert.deepEqual(said(policy), warning ? [warning] : []);
  });
}

test('systemd 252 keeps what is below /usr read-only, and its empty homes can be written to', () => {
  const vendor = 'ProtectSystem = "full"\nExecPaths = ["/usr/lib"]';
  assert.deepEqual(said(vendor, '', 252), []);
  assert.equal(said(vendor).length, 1);
  const homes = `${NO_EXEC}ProtectHome = "tmpfs"`;
  assert.match(said(homes, '', 252)[0]!, /leaves \/home, \/root, \/run\/user/);
  assert.deepEqual(said(homes), []);
});

test("a list of the policy that opens what the unit's own line closes is an error", () => {
  const opened = "the unit's ProtectSystem= leaves /srv (mounted for NoExecPaths=) writable";
  assert.deepEqual(said('NoExecPaths = ["/srv"]', 'ProtectSystem=strict'), [`error 2: ${opened}`]);
  assert.deepEqual(said('NoExecPaths = ["/srv"]', 'DynamicUser=yes'), [`error 2: ${opened}`]);
  assert.deepEqual(said('NoExecPaths = ["/srv"]\nloosen = ["NoExecPaths"]', 'ProtectSystem=strict'), [
    `warning 2: ${opened.slice("the unit's ".length)}`,
  ]);
  assert.deepEqual(said('NoExecPaths = ["/srv"]', 'ProtectSystem=strict\nBindReadOnlyPaths=/srv'), []);
  assert.match(said('ProtectProc = "invisible"', 'ProtectSystem=strict')[0]!, /^warning 2: .*\/run/);
});

test("what the unit's own lines leave open by themselves isn't the policy's", () => {
  assert.deepEqual(said('Nice = 1', 'ProtectSystem=strict\nExecPaths=/usr'), []);
  assert.deepEqual(said('Nice = 1', 'NoExecPaths=/\nPrivateTmp=yes'), []);
});

test("the launcher stays read-only where a line of the plan's makes it executable", () => {
  const policy = `[syscalls]\ndeny = ["execve"]\n[service]\n${STRICT}NoExecPaths = ["/"]\nExecPaths = ["/opt"]\n`;
  const { diagnostics } = planned(policy);
  const messages = diagnostics.flatMap(({ code, message }) => (code === 'leaves-open' ? [message] : []));
  assert.match(messages[1]!, /^ProtectSystem= leaves \/opt \(mounted for ExecPaths=\) writable$/);
});

test("a mount of the unit's own that undoes NoExecPaths= is told once, as a gap", () => {
  const { diagnostics } = planned(`[service]\n${NO_EXEC}`, 'ReadWritePaths=/srv');
  assert.deepEqual(
    diagnostics.map(({ code }) => code),
    ['gap-undone'],
  );
  assert.deepEqual(said('NoExecPaths = ["/srv"]', 'ReadOnlyPaths=/srv /'), [
    'warning 2: NoExecPaths= leaves /srv (mounted for ReadOnlyPaths=) executable',
  ]);
});

const TUNABLES = 'ProtectKernelTunables = true\n';
const mounted = (path: string, readOnly: boolean): Mount => ({ path, noexec: true, readOnly });
const WRITABLE_SYS = [mounted('/', false), mounted('/sys', false)];
const AS_MOUNTED = 'leaves /sys (as the host has it mounted) writable';

const READ_ONLY = 'ReadOnlyPaths = ["/sys"]\nProtectProc = "invisible"\n';

test('from systemd 255 on a /sys that the host has mounted writable stays so', () => {
  const of = (policy: string, lines = '', systemd = 257) => said(policy, lines, systemd, WRITABLE_SYS);
  assert.deepEqual(of(READ_ONLY), [`warning 2: ReadOnlyPaths= ${AS_MOUNTED}`]);
  assert.deepEqual(of(READ_ONLY, '', 262), of(READ_ONLY));
  assert.deepEqual(of(READ_ONLY, '', 255), of(READ_ONLY));
  assert.deepEqual(of(READ_ONLY, '', 254), []);
  assert.deepEqual(of('ReadOnlyPaths = ["/sys"]'), []);
  assert.deepEqual(of('Nice = 1', 'ProtectKernelTunables=yes'), []);
  assert.deepEqual(of('ProtectProc = "invisible"', 'ReadOnlyPaths=/sys'), [
    `warning 2: ReadOnlyPaths= ${AS_MOUNTED}`,
  ]);
});

for (const [lines] of [...BESIDE_TUNABLES, ['RootDirectory=/srv', false] as const]) {
  test(`beside ${lines} and ProtectKernelTunables= of the policy nothing is said of /sys`, () => {
    const told = said(TUNABLES, lines, 257, WRITABLE_SYS);
    assert.deepEqual(
      told.filter((one) => one.includes('ProtectKernelTunables= leaves')),
      [],
    );
  });
}

test('a /sys that the host has mounted read-only, or not at all, is closed', () => {
  assert.deepEqual(said(READ_ONLY, '', 257, [mounted('/', false), mounted('/sys', true)]), []);
  assert.deepEqual(said(READ_ONLY, '', 257, [...WRITABLE_SYS, mounted('/sys', true)]), []);
  assert.deepEqual(said(READ_ONLY, '', 257, [mounted('/', false)]), []);
});

test("where nobody knows the host's mounts, the warning says what it depends on", () => {
  assert.deepEqual(said(READ_ONLY), [
    'warning 2: ReadOnlyPaths= leaves /sys (where the host has it mounted so) writable',
  ]);
  assert.deepEqual(said(`${READ_ONLY}BindReadOnlyPaths = ["/sys"]`), []);
});
