/** A host that a configuration management tool takes care of: a box with the command and one service. */
import type { Box } from '../support/box.js';
import { UNIT } from '../support/demo-service.js';
import { type Machine, machine, type Preparation } from '../support/machine.js';
import { COMMAND } from '../support/service.js';

/** Where a tool finds the command. */
export const INSTALLED = '/usr/local/bin/sandbox-unit';

/** Boots the host for the tests of a suite; its service runs, and nothing confines it. */
export const managedHost = (name: string, options: Preparation = {}): Machine =>
  machine(name, {
    tree: 'puppet',
    ...options,
    files: { [UNIT]: '[Service]\nExecStart=/usr/bin/tail -f /dev/null\n', ...options.files },
    script: `ln -s ${COMMAND[1]} ${INSTALLED}\n${options.script ?? ''}`,
    start: [UNIT, ...(options.start ?? [])],
  });

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
