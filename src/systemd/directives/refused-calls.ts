import { lazily } from '../../collections.js';
import { findDirective } from './table.js';

/** Directives whose own filter refuses calls whatever their arguments are (seccomp-util.c, exec-invoke.c). */
const WHOLLY: readonly string[] = [
  ...['PrivateDevices', 'ProtectClock', 'ProtectHostname', 'ProtectKernelLogs', 'ProtectKernelModules'],
];

/** Calls, and sets of them, that directives refuse whatever their arguments are, by directive. */
export const whollyRefused = lazily(
  (): ReadonlyMap<string, readonly string[]> =>
    new Map(WHOLLY.map((name) => [name, findDirective(name)!.refuses!])),
);
