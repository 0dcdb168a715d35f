import type { Box } from './box.js';

/**
 * Has units whose names begin with one of these prefixes wait for one that has never started: they are loaded, and stay as
 * they are, whatever their directives would do.
 * @param prefixes each ends in a dash
 */
export async function holdUnits(box: Box, prefixes: readonly string[]): Promise<void> {
  const folder = '/run/systemd/system';
  const never = '[Service]\nType=oneshot\nTimeoutStartSec=infinity\nExecStart=/bin/sleep 1000\n';
  await box.writeFile(`${folder}/never.service`, never);
  for (const prefix of prefixes) {
    await box.writeFile(`${folder}/${prefix}.service.d/hold.conf`, '[Unit]\nAfter=never.service\n');
  }
  await box.succeed(['systemctl', 'daemon-reload']);
  await box.succeed(['systemctl', 'start', '--no-block', 'never.service']);
}
