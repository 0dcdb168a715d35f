/** Filters that running processes were given: which run of a unit has them. They are kept until the next boot. */

import { injectionsFolder, injectionsPath } from '../../systemd/paths/records.js';
import type { Context } from '../context.js';
import { orElse } from './failures.js';
import type { Service } from './service.js';

/** A filter that the processes of one run were given. */
export interface Injection {
  /** The invocation ID of the run. */
  readonly invocation: string;
  /** When, in milliseconds since 1970. */
  readonly at: number;
  readonly by: 'apply' | 'tighten';
  /** Of `tighten` the calls and sets that it refuses, each with its answer: `execve:EPERM`. */
  readonly deny: readonly string[];
  /** Of `apply` the hash of the unit's files, whose filters these are. */
  readonly files?: string;
}

/** Larger than any record, in bytes. */
const MAX_RECORD = 1 << 20;

/** Injections that are kept of a run: the last. */
const MOST_OF_A_RUN = 1_000;

/** The last word has what differs: the hash of files, or calls. */
const LINE = /^([0-9a-f]{1,64}) (\d{1,15}) (apply|tighten) (-|[a-z0-9_@:,-]+)$/i;

/** The filters that the run was given which a unit is in; none where that can't be read, or where it doesn't run. */
export async function injectionsOf(
  context: Context,
  { name, state }: Service,
): Promise<readonly Injection[]> {
  if (context.offline || state.invocationId === '' || state.controlGroup === '') return [];
  const all = await readInjections(context, name);
  return all.filter(({ invocation }) => invocation === state.invocationId);
}

async function readInjections({ system, placement }: Context, unit: string): Promise<Injection[]> {
  const read = () => system.read(injectionsPath(placement, unit), { limit: MAX_RECORD, trusted: true });
  const file = await orElse(read, undefined);
  return new TextDecoder().decode(file?.bytes).split('\n').flatMap(parseLine);
}

function parseLine(line: string): Injection[] {
  const [, invocation = '', at, by, given = '-'] = LINE.exec(line) ?? [];
  const common = { invocation, at: Number(at) };
  const words = given === '-' ? [] : given.split(',');
  if (by === 'tighten') return [{ ...common, by, deny: words }];
  if (by !== 'apply') return [];
  return [{ ...common, by, deny: [], ...(words[0] === undefined ? {} : { files: words[0] }) }];
}

/**
 * Adds a filter to the record of a unit. What earlier runs were given is gone with them.
 * @throws UserError where that can't be written
 */
export async function addInjection(context: Context, unit: string, injection: Injection): Promise<void> {
  const { system, placement } = context;
  const known = await readInjections(context, unit);
  const all = [...known.filter(({ invocation }) => invocation === injection.invocation), injection];
  const lines = all.slice(-MOST_OF_A_RUN).map(lineOf).join('');
  await system.replace(injectionsPath(placement, unit), new TextEncoder().encode(lines), { mode: 0o644 });
}

const lineOf = ({ invocation, at, by, deny, files }: Injection): string =>
  `${invocation} ${at} ${by} ${files ?? (deny.join(',') || '-')}\n`;

/** The names of units that have a record, sorted; their runs may have ended. */
export const injectedUnits = ({ system, placement, offline }: Context): Promise<string[]> =>
  offline ? Promise.resolve([]) : system.list(injectionsFolder(placement));

/** The calls and sets that `tighten` refuses to a run, each with its answer and once. */
export const deniedBy = (injections: readonly Injection[]): string[] => [
  ...new Set(injections.flatMap(({ deny }) => deny)),
];
