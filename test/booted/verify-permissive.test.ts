/** `verify` of lines of a permissive unit that run without the launcher. */
import assert from 'node:assert/strict';
import { changeFiles } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { policyPath, sandboxUnit } from '../support/service.js';

const UNIT = 'bare.service';
const LEAVES = "/bin/sh -c 'sleep 2000 & true'";

const { box, run, test } = machine('verify-permissive', { script: 'mkdir -p /etc/sandbox-unit' });

interface Found {
  readonly groups: readonly {
    readonly heldTo: string;
    readonly calls: string;
    readonly processes: readonly { readonly name: string }[];
  }[];
  readonly diagnostics: readonly { readonly code: string; readonly message: string }[];
}

async function verify(): Promise<Found & { readonly status: number }> {
  const { status, stdout } = await sandboxUnit(box, 'verify', '--permissive', '--json', UNIT);
  return { status, ...(JSON.parse(stdout) as Found) };
}

/** Limits of the unit's own, and what a process without any of them is told to get. */
const OWN: readonly (readonly [lines: string, missed: RegExp | undefined])[] = [
  ['', undefined],
  ['SystemCallFilter=~uname\nSystemCallErrorNumber=ENETDOWN', /uname \(x86-64\) gets 'allow'/],
  ['SystemCallArchitectures=native', /\(x86\) gets 'allow'/],
  ['SystemCallFilter=@system-service\nSystemCallArchitectures=native', /acct.* \(x86-64\) gets 'allow'/],
];

for (const [index, [own, missed]] of OWN.entries()) {
  for (const policy of ['deny = ["uname", "execve"]', 'allow = ["@system-service"]']) {
    test(`verify of a permissive unit: ${policy}, and ${own.replace('\n', ', ') || 'no filter of its own'}`, async () => {
      await box.exec(['systemctl', 'stop', UNIT]);
      const unit = `[Service]\nExecStartPre=${LEAVES}\nExecStart=/usr/bin/sleep 1000\n${own}\n`;
      await changeFiles(box, { [`/etc/systemd/system/${UNIT}`]: unit });
      await box.succeed(['systemctl', 'start', UNIT]);
      await box.writeFile(policyPath(UNIT), `[syscalls]\n${policy}\n`);
      await run(0, 'apply', '--permissive', UNIT);
      const { status, groups, diagnostics } = await verify();
      assert.equal(status, 0, JSON.stringify(diagnostics));
      // Without limits of its own a bare line has no filter at all, which is looser than what records.
      assert.ok(groups.every(({ calls }) => calls !== 'looser'));
      assert.equal(groups.flatMap(({ processes }) => processes).length, 2);
      if (own === '') assert.deepEqual(groups.map(({ heldTo }) => heldTo).sort(), ['policy', 'systemd']);

      const stray = `stray-${index}-${policy.slice(0, 4).trim()}`;
      await box.succeed(['systemd-run', `--unit=${stray}`, '--quiet', 'sleep', '1000']);
      const pid = await box.succeed(['systemctl', 'show', '--value', '-P', 'MainPID', stray]);
      await box.sh(`echo ${pid.trim()} >/sys/fs/cgroup/system.slice/${UNIT}/cgroup.procs`);
      const moved = await verify();
      // The process lacks no_new_privs, whatever its filters.
      const said = moved.diagnostics.map(({ code, message }) => `${code}: ${message}`).join('\n');
      assert.deepEqual([moved.status, said.includes('looser-directive')], [1, true], said);
      if (missed) assert.match(said, missed);
      else assert.ok(moved.groups.every(({ calls }) => calls !== 'looser'));
    });
  }
}
