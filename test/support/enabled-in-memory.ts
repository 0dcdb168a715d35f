/** A unit that is enabled at boot on a machine in memory, and the generator's part of it. */
import assert from 'node:assert/strict';
import { type GenerateOptions, generate } from '../../src/commands/generate/generate.js';
import { AT_BOOT, ENABLED, reasonOfRefusal, refusalPath } from '../../src/paths/at-boot.js';
import { dropInPath, filterPath } from '../../src/paths/own-files.js';
import type { Context } from '../../src/system/context.js';
import { LAUNCHER, NO_EXEC, SERVICE, UNIT } from './demo-service.js';
import { type FakeOptions, type FakeSystem, fakeContext, machineWith, program } from './fake-system.js';

export const MANIFEST = `${ENABLED}/activate.d/${UNIT}`;

/** The command line that makes the files of the unit anew. */
export const AGAIN = `sandbox-unit generate --runtime --at-boot --output ${ENABLED} ${UNIT} && systemctl daemon-reload`;

export const atBoot = (system: FakeSystem, more: Partial<Context> = {}): Context =>
  fakeContext(system, { placement: AT_BOOT, ...more });

/** A machine with the files of the unit for the generator, which hasn't put them into force. */
export async function enabled(
  options: Partial<GenerateOptions> = {},
  more: FakeOptions = {},
): Promise<FakeSystem> {
  const system = machineWith(SERVICE, NO_EXEC, { running: [UNIT], ...more });
  const { exit } = await generate(atBoot(system), [UNIT], { atBoot: true, output: ENABLED, ...options });
  assert.equal(exit, 0);
  system.files.set(LAUNCHER, program('launcher of this build'));
  return system;
}

/** The generator puts the unit's files into force, and the service is started by them, or runs as before. */
export async function putIntoForce(system: FakeSystem, restart = true): Promise<void> {
  for (const path of [filterPath(AT_BOOT, UNIT), dropInPath(AT_BOOT, UNIT)])
    await system.replace(path, system.files.get(`${ENABLED}${path}`)!.bytes, { mode: 0o644 });
  await system.reload();
  if (restart) await system.restart(UNIT);
}

/** The generator keeps the unit from starting. @param reason as it says it, `WHAT: PATH` */
export async function refuse(system: FakeSystem, reason: string): Promise<void> {
  const dropIn = refusalPath(UNIT);
  const said = `${UNIT} is not started without its policy: ${reason}`;
  const text = '[Unit]\nRequisite=sandbox-unit-refused.target\nAfter=sandbox-unit-refused.target\n';
  for (const [path, content] of [
    [dropIn, text],
    [reasonOfRefusal(dropIn), said],
  ] as const)
    await system.replace(path, new TextEncoder().encode(content), { mode: 0o644 });
  await system.reload();
  system.calls.length = 0;
}
