import { type Diagnostic, didYouMean, error, type Location, printable } from '../diagnostic.js';
import type { Directive } from './directive.js';
import { CREDENTIALS } from './rows/credentials.js';
import { FILESYSTEM } from './rows/filesystem.js';
import { IDENTITY } from './rows/identity.js';
import { ISOLATION } from './rows/isolation.js';
import { PROCESS } from './rows/process.js';
import { REFUSED } from './rows/refused.js';
import { RESOURCES } from './rows/resources.js';

const byName = (a: Directive, b: Directive) => (a.name < b.name ? -1 : 1);

/**
 * Every directive that `[service]` takes, sorted by name: systemd.exec(5) from who the service is to what it
 * sees and may do, systemd.resource-control(5), and OOMPolicy=. Emitters for drop-ins and for transient units
 * both read these rows.
 */
export const DIRECTIVES: readonly Directive[] = [
  ...CREDENTIALS,
  ...FILESYSTEM,
  ...IDENTITY,
  ...ISOLATION,
  ...PROCESS,
  ...RESOURCES,
].sort(byName);

const BY_NAME: ReadonlyMap<string, Directive> = new Map(DIRECTIVES.map((row) => [row.name, row]));

/** The row of a directive, if a policy may set it. Names are case-sensitive, as systemd's are. */
export const findDirective = (name: string): Directive | undefined => BY_NAME.get(name);

/** The error for a name of `[service]` that `findDirective` doesn't know. */
export function unknownDirective(name: string, at: Location): Diagnostic {
  const shown = printable(name, 64);
  const refusal = REFUSED.get(name);
  if (refusal) {
    return error('refused-directive', `'${shown}' ${refusal.reason}`, { at, hint: refusal.hint });
  }
  const hint = didYouMean(name, BY_NAME.keys()) ?? didYouMean(name, REFUSED.keys());
  return error('unknown-directive', `no directive is called '${shown}'`, { at, hint });
}
