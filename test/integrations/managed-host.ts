/** A host that a configuration management tool takes care of: a box with the command and one service. */
import { Box } from '../support/box.js';
import { UNIT } from '../support/demo-service.js';
import { changeFiles } from '../support/loaded-units.js';
import { COMMAND } from '../support/service.js';

/** Where a tool finds the command. */
export const INSTALLED = '/usr/local/bin/sandbox-unit';

/** Boots the host; its service runs, and nothing confines it. */
export async function bootManagedHost(name: string): Promise<Box> {
  const box = await Box.boot({ name, tree: 'puppet' });
  await box.succeed(['ln', '-s', COMMAND[1]!, INSTALLED]);
  await changeFiles(box, {
    [`/etc/systemd/system/${UNIT}`]: '[Service]\nExecStart=/usr/bin/tail -f /dev/null\n',
  });
  await box.succeed(['systemctl', 'start', UNIT]);
  return box;
}

/** What of the host a change may touch: its files with their contents, and the service. */
export async function stateOf(box: Box): Promise<string> {
  const script = `
    for one in /etc/systemd /etc/sandbox-unit /usr/local/libexec; do
      [ ! -e $one ] || find $one -type f -exec sha256sum {} +
    done | sort
    systemctl show --property=ActiveState,InvocationID,DropInPaths,SystemCallFilter ${UNIT}`;
  return box.succeed(['bash', '-euo', 'pipefail', '-c', script]);
}

/** The files of a state, without the run of the service. */
export const filesOf = (state: string): string => state.replace(/^InvocationID=.*\n/m, '');
