/** systemd's syscall sets, from the systemd-analyze of this machine. */
import { execFileSync } from 'node:child_process';
import { Unavailable } from './compiler.mjs';

function analyze(...args) {
  try {
    const env = { ...process.env, LC_ALL: 'C', SYSTEMD_COLORS: '0', SYSTEMD_PAGER: '' };
    return execFileSync('systemd-analyze', args, {
      encoding: 'utf8',
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch (e) {
    if (e.code === 'ENOENT') throw new Unavailable('no systemd-analyze');
    throw e;
  }
}

/** As '257.13'. */
export const systemdRelease = () => analyze('--version').match(/^systemd \d+ \(([0-9.]+)/)[1];

/** The listing as systemd-analyze prints it, without its comments. */
export const setsListing = () =>
  analyze('syscall-filter')
    .split('\n')
    .filter((line) => line !== '' && !line.trimStart().startsWith('#'));
