import { lazily } from '../../collections.js';
import { type Diagnostic, didYouMean, error, type Location, printable } from '../../diagnostic.js';
import type { Directive } from './directive.js';
import { credentials } from './rows/credentials.js';
import { filesystem } from './rows/filesystem.js';
import { identity } from './rows/identity.js';
import { isolation } from './rows/isolation.js';
import { processes } from './rows/process.js';
import { refusalOf, refusals } from './rows/refused.js';
import { resources } from './rows/resources.js';

/**
 * Every directive that `[service]` takes, sorted by name: systemd.exec(5) from who the service is to what it
 * sees and may do, systemd.resource-control(5), and OOMPolicy=. Emitters for drop-ins and for transient units
 * both read these rows, which are made for the first one that asks.
 */
export const directives = lazily((): readonly Directive[] =>
  [...credentials(), ...filesystem(), ...identity(), ...isolation(), ...processes(), ...resources()].sort(
    (a, b) => (a.name < b.name ? -1 : 1),
  ),
);

const byName = lazily(
  (): ReadonlyMap<string, Directive> => new Map(directives().map((row) => [row.name, row])),
);

/** The row of a directive, if a policy may set it. Names are case-sensitive, as systemd's are. */
export const findDirective = (name: string): Directive | undefined => byName().get(name);

/** The error for a name of `[service]` that `findDirective` doesn't know. */
export function unknownDirective(name: string, at: Location): Diagnostic {
  const shown = printable(name, 64);
  const refusal = refusalOf(name);
  if (refusal) {
    return error('refused-directive', `'${shown}' ${refusal.reason}`, { at, hint: refusal.hint });
  }
  const hint = didYouMean(name, byName().keys()) ?? didYouMean(name, refusals().keys());
  return error('unknown-directive', `unknown directive '${shown}'`, { at, hint });
}

/** Directives whose own filter refuses calls whatever their arguments are (seccomp-util.c, exec-invoke.c). */
const WHOLLY: readonly string[] = [
  ...['PrivateDevices', 'ProtectClock', 'ProtectHostname', 'ProtectKernelLogs', 'ProtectKernelModules'],
];

/** Calls, and sets of them, that directives refuse whatever their arguments are, by directive. */
export const whollyRefused = lazily(
  (): ReadonlyMap<string, readonly string[]> =>
    new Map(WHOLLY.map((name) => [name, findDirective(name)!.refuses!])),
);
