/** Processes that come into the control group of another unit. */
import assert from 'node:assert/strict';
import type { Box } from './box.js';
import { changeFiles } from './loaded-units.js';
import { processStatus, properties } from './service.js';

/** The folder of a unit's control group in a box. */
export const groupFolder = async (box: Box, unit: string): Promise<string> =>
  `/sys/fs/cgroup${(await properties(box, unit, 'ControlGroup')).ControlGroup}`;

/** Starts services, all at once, and moves the main process of each to a unit's control group. Returns their IDs. */
export async function moveServices(
  box: Box,
  unit: string,
  services: Readonly<Record<string, string>>,
): Promise<number[]> {
  const names = Object.keys(services);
  if (names.length === 0) return [];
  const texts = names.map((name) => [`/etc/systemd/system/${name}`, services[name]!]);
  await changeFiles(box, Object.fromEntries(texts));
  await box.succeed(['systemctl', 'start', ...names]);
  const shown = await box.succeed(['systemctl', 'show', '--value', '--property=MainPID', ...names]);
  const pids = shown.split('\n').filter((line) => line !== '');
  assert.equal(pids.length, names.length);
  const folder = await groupFolder(box, unit);
  await box.sh(`for pid in ${pids.join(' ')}; do echo "$pid" >${folder}/cgroup.procs; done`);
  return pids.map(Number);
}

const CAP_SYS_RESOURCE = 1n << 24n;

/** Whether a box's manager may raise limits, which depends on this machine. */
export async function mayRaiseLimits(box: Box): Promise<boolean> {
  const status = await processStatus(box, 1);
  return (BigInt(`0x${status.get('CapBnd')}`) & CAP_SYS_RESOURCE) !== 0n;
}
