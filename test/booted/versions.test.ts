/** One policy on every supported systemd: on a unit with its own filter, and on running services. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { whereKnown } from '../../src/seccomp/syscalls/numbers.js';
import { changeFiles } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { splitLines } from '../support/run.js';
import {
  apply,
  defineProgram,
  mainPid,
  PROGRAMS,
  policyPath,
  properties,
  revert,
  runConfined,
  runToEnd,
  sandboxUnit,
  servicesObstacle,
} from '../support/service.js';
import { CALLER, DONE, DOWN, KILL, line, readOutcomes } from '../support/service-calls.js';
import { THOROUGH } from '../support/thorough.js';
import type { TreeName } from '../support/tree.js';

/** The oldest and the newest, which get all lists. */
const ENDS: readonly TreeName[] = ['bullseye', 'forky'];

/** In between those that most people have. */
const TREES: readonly TreeName[] = THOROUGH ? [...ENDS, 'bookworm', 'machine'] : ENDS;

const POLICY = `[syscalls]
allow = ["@system-service"]
deny = ["execve", "execveat", "getppid:EILSEQ", "getpgrp:ENETDOWN"]
action = "EPERM"
`;

/** A policy that systemd enforces alone, on top of lines of the unit's own. */
const UNDONE = `[syscalls]
deny = ["@swap", "getppid:EILSEQ"]
log = ["personality"]
action = "EPERM"

[service]
CapabilityBoundingSet = ["~CAP_SYS_BOOT"]
NoNewPrivileges = true
ProtectSystem = "strict"
ReadOnlyPaths = ["/srv"]
ReadWritePaths = ["/var"]
RestrictAddressFamilies = ["AF_UNIX"]
`;

/** What a later drop-in sets, each of which undoes a line of ours. */
const UNDOING: readonly string[] = [
  'CapabilityBoundingSet=~',
  'NoNewPrivileges=no',
  'ProtectSystem=full',
  'ReadOnlyPaths=',
  'RestrictAddressFamilies=',
  'SystemCallArchitectures=',
  'SystemCallErrorNumber=EACCES',
  'SystemCallFilter=~getppid:EDOM',
  'SystemCallLog=',
];

const PROGRAM_FILES = {
  ...CALLER,
  'inject-execve': ['test/booted/programs/inject-execve.c', '-static'],
} as const;

/** With a filter of its own that refuses sysinfo, and kills at mount. */
const OWN = 'SystemCallFilter=~@mount sysinfo:EFAULT';

/** What is called, and what becomes of it with the unit's own filter alone, and under the policy. */
const CALLS: readonly [call: string, own: string, confined: string][] = [
  ['execve', 'returned -14', 'returned -1'],
  ['execveat', 'returned -14', 'returned -1'],
  ['getpgrp', DONE, DOWN],
  ['getppid', DONE, 'returned -84'],
  ['sysinfo', 'returned -14', 'returned -14'],
  ['mount', KILL, KILL],
  ['sethostname', 'returned 0', 'returned -1'],
  ['getuid', DONE, DONE],
];

/** What comes to lists of every kind, of systemd's sets and of calls that an older libseccomp may not know. */
const LISTS: readonly string[] = [
  'allow = ["@system-service"]\ndeny = ["@resources", "chown:EPERM", "uname:ENETDOWN", "write"]',
  'allow = ["@system-service", "cachestat", "mseal", "uretprobe"]\nunknown = "log"',
  'deny = ["@known:EPERM"]\nallow = ["@system-service"]',
  'deny = ["uname:ENETDOWN", "sysinfo:ENOTSUP", "getuid:EWOULDBLOCK", "getgid:200", "getpgrp:kill", "write"]',
  'deny = ["@privileged", "@swap:ENOENT", "cachestat", "uretprobe", "futex_waitv"]\nlog = ["@debug", "personality"]\ninherit = false',
  'allow = ["@system-service"]\nenforcer = "launcher"',
];

/** Filters of units' own. */
const OWN_LISTS: readonly string[] = [
  '',
  'SystemCallFilter=~@known\nSystemCallFilter=@system-service\nSystemCallFilter=~write:EPERM',
  'SystemCallFilter=@system-service\nSystemCallFilter=~@resources:ENETDOWN mount:kill\nSystemCallErrorNumber=EPERM',
];

for (const tree of TREES) {
  const skip = servicesObstacle(tree);

  describe(`the systemd of ${tree}`, () => {
    const { box, run } = machine(`versions-${tree}`, { programs: PROGRAM_FILES, tree });

    test('a policy with an allow list, several actions and calls that the unit refuses is enforced', {
      skip,
    }, async () => {
      const unit = 'calls.service';
      const lines = `Type=oneshot\n${OWN}\nExecStart=${PROGRAMS}/try-filter`;
      await defineProgram(box, unit, lines, CALLS.map(([call]) => `${line(call)}\n`).join(''));
      const outcomes = (output: string) => readOutcomes(output).map((text, i) => `${CALLS[i]![0]} ${text}`);
      const expected = (column: 1 | 2) => readOutcomes(CALLS.map((row) => row[column]).join('\n'));
      const named = (column: 1 | 2) => expected(column).map((text, i) => `${CALLS[i]![0]} ${text}`);
      assert.deepEqual(outcomes((await runToEnd(box, unit)).output), named(1));
      assert.deepEqual(outcomes((await runConfined(box, unit, POLICY)).output), named(2));
      await revert(box, unit);
    });

    test('a run shows the files that it was started with, whatever systemd reads later', {
      skip,
    }, async () => {
      const unit = 'shown.service';
      await changeFiles(box, {
        [`/etc/systemd/system/${unit}`]: '[Service]\nExecStart=/bin/sleep 1000\nExecReload=/bin/true\n',
      });
      await box.succeed(['systemctl', 'start', unit]);
      const state = async () =>
        JSON.parse((await sandboxUnit(box, 'status', '--json', unit)).stdout).units[0].state;
      const fields = () => box.readFile(`/run/systemd/units/log-extra-fields:${unit}`);
      const use = async (deny: string) => {
        await box.writeFile(policyPath(unit), `[syscalls]\ndeny = ["${deny}"]\n`);
        await run(0, 'apply', '--no-restart', unit);
      };
      await use('swapon');
      await box.succeed(['systemctl', 'reload', unit]);
      assert.deepEqual([/SANDBOX_UNIT_FILES=/.test(await fields()), await state()], [true, 'restart-due']);
      await box.succeed(['systemctl', 'restart', unit]);
      const started = await fields();
      assert.equal(await state(), 'live');
      await use('swapoff');
      await box.sh(`systemctl daemon-reload; systemctl reload ${unit}; systemctl daemon-reexec`);
      assert.deepEqual([await fields(), await state()], [started, 'restart-due']);
      // The same files as it was started with, and written since: that they were others at the start can't be told apart.
      await use('swapon');
      assert.equal(await state(), 'restart-due');
      await revert(box, unit);
    });

    test('systemd warns about no unknown call in a drop-in', { skip }, async () => {
      const unit = 'named.service';
      const lines = '[Service]\nExecStart=/bin/sleep 1000\n';
      await changeFiles(box, {
        [`/etc/systemd/system/${unit}`]: lines,
        '/etc/systemd/system/other.service': `${lines}SystemCallFilter=~llseek\n`,
      });
      await box.succeed(['systemctl', 'start', unit, 'other']);
      for (const policy of [
        'allow = ["@system-service"]\ndeny = ["chown", "getcpu", "pipe"]',
        'allow = ["@system-service"]\ndeny = ["chown"]\nunknown = "log"',
        'deny = ["@privileged", "@resources"]\naction = "EPERM"\nlog = ["@debug"]',
      ]) {
        await apply(box, `[syscalls]\n${policy}\n`, unit);
        await box.succeed(['systemctl', 'daemon-reload']);
      }
      await box.succeed(['journalctl', '--sync']);
      const said = await box.succeed(['journalctl', '--output=cat', '_PID=1', '--grep=[Ss]ystem call']);
      const warned = (file: RegExp) => {
        const lines = said.split('\n').filter((text) => file.test(text));
        return lines.map(
          (text) => /ignoring: (\w+)$|call (\w+) is not/.exec(text)?.slice(1).join('') ?? text,
        );
      };
      assert.ok(warned(/^\S+other\.service:/).includes('llseek'), said);
      // libseccomp may be older than the sets: calls that it doesn't know yet are calls all the same.
      const own = warned(/^\S+zz-sandbox-unit\.conf:/);
      const found = own.filter((name) => whereKnown(name) === 'elsewhere');
      assert.deepEqual(found, []);
      await revert(box, unit);
    });

    test('status finds that all files are loaded as they were written', { skip }, async () => {
      const pairs = LISTS.flatMap((list, i) =>
        OWN_LISTS.map((own, j) => ({ unit: `list-${i}-${j}.service`, list, own, turn: i + j })),
      );
      const units = pairs.filter(({ turn }) => ENDS.includes(tree) || turn % OWN_LISTS.length === 0);
      const names = units.map(({ unit }) => unit);
      for (const { unit, list, own } of units) {
        await box.writeFile(`/etc/systemd/system/${unit}`, `[Service]\nExecStart=/bin/sleep 1000\n${own}\n`);
        await box.writeFile(policyPath(unit), `[syscalls]\n${list}\n`);
      }
      await box.succeed(['systemctl', 'daemon-reload']);
      for (const mode of [[], ['--permissive']]) {
        await run(0, 'apply', '--allow-gaps', ...mode, ...names);
        const { status, stderr } = await sandboxUnit(box, 'status', ...names);
        assert.deepEqual([status, stderr.match(/^error.*/gm)], [0, null]);
      }
      await revert(box, ...names);
    });

    test('a line that only newer systemd runs is behind the launcher there', { skip }, async () => {
      const unit = 'reloaded.service';
      const out = `/run/${unit}.out`;
      const line = (key: string) => `${key}=/bin/sh -c "grep Seccomp_filters /proc/self/status >>${out}; :"`;
      const lines = `ExecStart=/bin/sleep 1000\n${line('ExecReload')}\n${line('ExecReloadPost')}`;
      await changeFiles(box, { [`/etc/systemd/system/${unit}`]: `[Service]\nType=exec\n${lines}\n` });
      await box.sh(`systemctl start ${unit}; systemctl reload ${unit}`);
      const runs = (await box.readFile(out)).trim().split('\n').length;
      const wrap = ['ExecStart', 'ExecReload', 'ExecReloadPost'].slice(0, runs + 1);
      const policy = `[syscalls]\ndeny = ["execveat", "swapon:EPERM"]\nenforcer = "launcher"\n[exec]\nwrap = ${JSON.stringify(wrap)}\n`;
      await apply(box, policy, unit);
      await box.sh(`rm ${out}; systemctl reload ${unit}`);
      const filters = splitLines(await box.readFile(out)).map((text) => text.replace(/\D+/, ''));
      assert.equal(filters.length, runs);
      assert.equal(new Set(filters).size, 1, filters.join());
      assert.notEqual(filters[0], '0');
      assert.equal(
        runs,
        Number((await box.succeed(['systemctl', '--version'])).split(' ')[1]) >= 259 ? 2 : 1,
      );
      await revert(box, unit);
    });

    test('verify reports what a later drop-in resets', { skip }, async () => {
      const unit = 'undone.service';
      const later = `/etc/systemd/system/${unit}.d/zzz.conf`;
      await changeFiles(box, {
        [`/etc/systemd/system/${unit}`]: `[Service]\nReadWritePaths=/opt\nReadOnlyPaths=/mnt\nExecStart=/bin/true\n`,
      });
      assert.match(await apply(box, UNDONE, unit), /^undone\.service: applied$/m);
      assert.equal((await sandboxUnit(box, 'apply', unit)).stdout, `${unit}: unchanged\n`);
      await changeFiles(box, { [later]: `[Service]\n${UNDOING.join('\n')}\n` });
      const { status, stdout } = await sandboxUnit(box, 'apply', '--json', unit);
      const { units } = JSON.parse(stdout) as {
        units: { state: string; diagnostics: { code: string; file: string; line: number }[] }[];
      };
      const [{ state, diagnostics } = assert.fail(stdout)] = units;
      assert.deepEqual([status, state], [1, 'refused']);
      const found = diagnostics.map(({ code, file, line }) => `${code} ${file}:${line}`);
      assert.deepEqual(
        found,
        UNDOING.map((_, i) => `overridden ${later}:${i + 2}`),
      );
      await box.succeed(['rm', later]);
      await box.succeed(['systemctl', 'daemon-reload']);
      assert.equal((await sandboxUnit(box, 'apply', unit)).stdout, `${unit}: unchanged\n`);
      await revert(box, unit);
    });

    /** Services by what they start. */
    const SERVICES: readonly [what: string, command: string][] = [
      ['a program', '/usr/bin/tail -f /dev/null'],
      // On the oldest it is in /bin, and /bin isn't /usr/bin.
      ['a program by its name', 'sleep infinity'],
    ];

    for (const [what, command] of SERVICES) {
      test(`a service that runs ${what} is confined, and after revert as before`, {
        skip,
      }, async () => {
        const unit = 'daemon.service';
        await changeFiles(box, {
          [`/etc/systemd/system/${unit}`]: `[Service]\nNoNewPrivileges=no\n${OWN}\nExecStart=${command}\n`,
        });
        await box.succeed(['systemctl', 'restart', unit]);
        const injected = async () =>
          box.succeed([`${PROGRAMS}/inject-execve`, `${await mainPid(box, unit)}`]);
        assert.equal(await injected(), 'SUCCEEDED\n');
        await box.succeed(['systemctl', 'restart', unit]);
        await apply(box, `${POLICY}[apply]\nsettle = "200ms"\n`, unit);
        assert.equal(await injected(), 'refused (EPERM)\n');
        assert.deepEqual(await properties(box, unit, 'ActiveState', 'NRestarts', 'NeedDaemonReload'), {
          ActiveState: 'active',
          NRestarts: '0',
          NeedDaemonReload: 'no',
        });
        assert.equal((await sandboxUnit(box, 'apply', unit)).stdout, `${unit}: unchanged\n`);
        await revert(box, unit);
        assert.equal(await injected(), 'SUCCEEDED\n');
        await box.succeed(['systemctl', 'stop', unit]);
      });
    }
  });
}
