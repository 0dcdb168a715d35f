/** `apply --confirm` on a machine in memory, and what its rollback timers run. */
import { apply } from '../../src/cli/commands/apply.js';
import { confirm } from '../../src/cli/commands/confirm.js';
import type { Context } from '../../src/machine/context.js';
import { UNIT } from './demo-service.js';
import { type FakeFile, type FakeOptions, type FakeSystem, fakeContext, machineWith } from './fake-system.js';

const SERVICE = '[Service]\nExecStart=/usr/sbin/demod --foreground\n';
const POLICY = '[syscalls]\ndeny = ["execve", "execveat"]\n';
/** The unit has a filter by this one, which another doesn't need. */
const BEFORE = '[syscalls]\ndeny = ["execve", "mount"]\n[service]\nPrivateTmp = true\n';
const AFTER = '[service]\nPrivateTmp = true\n';

export const BOOT_FILES = [
  '/etc/systemd/system/sandbox-unit-undo.service',
  '/etc/systemd/system/basic.target.d/sandbox-unit-undo.conf',
];
export const UNDO = `/var/lib/sandbox-unit/${UNIT}.u`;
const BOOT = '/proc/sys/kernel/random/boot_id';

/** A machine on which nothing is applied. */
export const machine = (options: FakeOptions = {}, policy = POLICY): FakeSystem =>
  machineWith(SERVICE, policy, { running: [UNIT], ...options, files: { [BOOT]: 'one\n', ...options.files } });

/** One on which another policy is in force, with a filter that goes. */
export async function confined(options: FakeOptions = {}): Promise<FakeSystem> {
  const first = machine({}, BEFORE);
  await apply(fakeContext(first), [UNIT], {});
  const policy = { [`/etc/sandbox-unit/${UNIT}.toml`]: AFTER };
  return machine({ ...options, files: { ...Object.fromEntries(first.files), ...policy } });
}

export const applyToConfirm = (system: FakeSystem, more: Partial<Context> = {}, units = [UNIT]) =>
  apply(fakeContext(system, more), units, { confirm: '2min' });

/** The time to confirm passes, and a timer runs what undoes late changes. */
export async function elapse(system: FakeSystem, more: Partial<Context> = {}) {
  await system.wait(120_000);
  return confirm(fakeContext(system, more), [], { undoLate: true });
}

/** All files but the kernel's, and the marks of runs. */
export const filesOf = ({ files }: FakeSystem): ReadonlyMap<string, FakeFile> =>
  new Map([...files].filter(([path]) => !/^\/(?:proc|run\/sandbox-unit\/runs)\//.test(path)).sort());

/** The machine after another boot, which has started the service. */
export async function boot(system: FakeSystem): Promise<void> {
  system.files.set(BOOT, { bytes: new TextEncoder().encode('two\n'), mode: 0o444 });
  await system.reload();
  await system.restart(UNIT);
}

/** The machine after a soft-reboot: the kernel and /run stay, the manager is another one. */
export async function softReboot(system: FakeSystem): Promise<void> {
  const manager = system.manager.bind(system);
  const again = async () => ({ ...(await manager()), started: 7n });
  Object.assign(system, { manager: again });
  await system.reload();
  await system.restart(UNIT);
}

/** Codes of what is said, but for the note that refused calls could not be seen. */
export const codesOf = ({ diagnostics }: { diagnostics: readonly { severity: string; code: string }[] }) =>
  diagnostics
    .filter(({ code }) => code !== 'refusals-unseen')
    .map(({ severity, code }) => `${severity} ${code}`);
