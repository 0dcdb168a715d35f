import { shortList } from '../../collections.js';
import { type Diagnostic, error } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import type { Service } from '../../machine/state/service.js';
import { hasLoaded } from '../../machine/state/started-with.js';
import type { EmittedFile } from '../../plan/emit/files.js';
import { systemctl } from '../../systemd/command-lines.js';
import { parseUnitFile } from '../../systemd/unit/unit-file.js';
import type { InstalledUnit } from './applied.js';

/**
 * Errors if the manager has other values than the drop-in that it says it has read. Where it has the hash of the drop-in's files,
 * it has read that text, whose values were read back when the policy was applied.
 */
export async function notLoaded(
  context: Context,
  { unit, facts, services = [], state }: InstalledUnit,
  { path, content }: EmittedFile,
): Promise<Diagnostic[]> {
  if (services.length === 0 || state === 'reload-due' || state === 'no-unit') return [];
  if (state === 'not-read') return [await notRead(unit, path, services)];
  const asked = services.filter((service) => !hasLoaded(service.state, facts.filesHash));
  if (asked.length === 0) return [];
  const { differences } = await import('../manager/read-back.js');
  const { scope } = context.placement;
  const dropIn = parseUnitFile(path, content);
  return asked.flatMap(({ name, state }) => {
    const names = [...new Set(differences(dropIn, state, scope).map(({ directive }) => directive))];
    const message = `${name}: the values that systemd has loaded differ from the drop-in: ${shortList(names, MOST_DIRECTIVES)}`;
    const hint = `run '${systemctl(scope, 'daemon-reload')}', and restart what is running`;
    return names.length === 0 ? [] : [error('drift-loaded', message, { hint })];
  });
}

/** Directives that one line names. */
const MOST_DIRECTIVES = 3;

async function notRead(unit: string, path: string, services: readonly Service[]): Promise<Diagnostic> {
  const { inItsPlace } = await import('../manager/read-back.js');
  const read = services.flatMap(({ state }) => state.dropInPaths);
  return error('drift-loaded', `${unit}: systemd doesn't read ${path}`, { hint: inItsPlace(read, path) });
}
