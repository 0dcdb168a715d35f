import { shortList } from '../collections.js';
import { systemctl } from '../command-lines.js';
import { type Diagnostic, error } from '../diagnostic.js';
import type { EmittedFile } from '../emit/files.js';
import { machineOf, majorVersion } from '../prepare/probe/target.js';
import type { Service } from '../state/service.js';
import { hasLoaded } from '../state/started-with.js';
import { bundledSets, type SyscallSets } from '../syscalls/sets.js';
import type { Context } from '../system/context.js';
import type { ManagerFacts } from '../system/system.js';
import { parseUnitFile } from '../unit/unit-file.js';
import type { Difference } from '../verify/manager/difference.js';
import { CALL_LISTS, type Reader } from '../verify/manager/loaded-calls.js';
import { differences, inItsPlace } from '../verify/manager/read-back.js';
import type { Applied } from './applied.js';

/** Facts that all units share. The manager's sets are asked for only where the bundled ones show a difference. */
interface Asked {
  readonly manager: () => Promise<ManagerFacts>;
  readonly sets: () => Promise<SyscallSets | undefined>;
}

/**
 * Errors if the manager has other values than the drop-in that it says it has read. Where it has the hash of the drop-in's files,
 * it has read that text, whose values were read back when the policy was applied.
 */
export async function notLoaded(
  context: Context,
  { unit, facts, services = [], state }: Applied,
  { path, content }: EmittedFile,
  { manager, sets }: Asked,
): Promise<Diagnostic[]> {
  if (services.length === 0 || state === 'reload-due' || state === 'no-unit') return [];
  if (state === 'not-read') return [notRead(unit, path, services)];
  const asked = services.filter((service) => !hasLoaded(service.state, facts.filesHash));
  if (asked.length === 0) return [];
  const { version, architecture } = await manager();
  const reader = {
    scope: context.placement.scope,
    systemd: majorVersion(version),
    machine: machineOf(context, architecture),
  };
  const dropIn = parseUnitFile(path, content);
  const found = await Promise.all(
    asked.map(async ({ name, state }) => {
      const names = await namesOtherwise(
        (by) => directivesOf(differences(dropIn, state, { ...reader, sets: by })),
        sets,
      );
      const message = `${name}: systemd has other values than the drop-in for ${shortList(names, MOST_NAMED)}`;
      const hint = `${systemctl(context.placement.scope, 'daemon-reload')}, and restart what runs`;
      return names.length === 0 ? [] : [error('drift-loaded', message, { hint })];
    }),
  );
  return found.flat();
}

/** A set may mean something else to the manager than in the release whose sets came along. */
async function namesOtherwise(
  find: (sets: Reader['sets']) => string[],
  sets: Asked['sets'],
): Promise<string[]> {
  const names = find(bundledSets());
  return names.some((name) => CALL_LISTS.includes(name)) ? find(await sets()) : names;
}

const directivesOf = (found: readonly Difference[]): string[] => [
  ...new Set(found.map(({ directive }) => directive)),
];

/** Directives that one line names. */
const MOST_NAMED = 3;

function notRead(unit: string, path: string, services: readonly Service[]): Diagnostic {
  const read = services.flatMap(({ state }) => state.dropInPaths);
  return error('drift-loaded', `${unit}: systemd doesn't read ${path}`, { hint: inItsPlace(read, path) });
}
