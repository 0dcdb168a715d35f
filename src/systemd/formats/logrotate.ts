/** Files of logrotate(8), which has scripts run when logs are rotated. */

/** Actions by which a service opens its logs again, and its configuration. */
const RELOADS: readonly string[] = ['reload', 'force-reload', 'graceful'];

/** Programs that take the name of a service and an action, after their options. */
const BY_NAME: readonly string[] = ['invoke-rc.d', 'service'];

/**
 * The command by which a script in such a file reloads a service, as `invoke-rc.d apache2 reload`; undefined where none does
 * at a glance.
 * @param text the file's; it may be hostile
 * @param name the service's, without `.service`
 */
export function reloadBy(text: string, name: string): string | undefined {
  const isNamed = (word: string | undefined) => word === name || word === `${name}.service`;
  for (const line of text.split('\n')) {
    if (/^\s*#/.test(line)) continue;
    const words = line.split(/[\s;|&()<>"'`{}]+/).filter((word) => word !== '');
    for (const [i, word] of words.entries()) {
      const program = word.slice(word.lastIndexOf('/') + 1);
      const [first, second] = words.slice(i + 1).filter((one) => !one.startsWith('-'));
      if (BY_NAME.includes(program) && isNamed(first) && RELOADS.includes(second ?? ''))
        return `${program} ${name} ${second}`;
      if (program === 'systemctl' && first === 'reload' && isNamed(second)) return `systemctl reload ${name}`;
      if (word === `/etc/init.d/${name}` && RELOADS.includes(first ?? '')) return `${word} ${first}`;
    }
  }
  return undefined;
}
