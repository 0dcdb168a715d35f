import { type Diagnostic, error, type Location } from '../diagnostic.js';
import type { Lack } from '../target/abilities.js';
import type { Target } from '../target/target.js';
import * as credentials from './format/credentials.js';
import * as images from './format/images.js';
import * as names from './format/names.js';
import * as network from './format/network.js';
import * as numbers from './format/numbers.js';
import * as own from './format/own.js';
import * as paths from './format/paths.js';
import * as sets from './format/sets.js';
import { byteLength, MAX_VALUE, type Need, type Reading, reject } from './format/text.js';
import type { Directive, ValueKind } from './table.js';

type Reader<K> = (reading: Reading, value: unknown, kind: K) => string[] | undefined;
type Readers = { readonly [T in ValueKind['type']]: Reader<Extract<ValueKind, { type: T }>> };

/** How each kind of value is checked and written. A new kind without a function here doesn't compile. */
const READERS: Readers = {
  boolean: names.boolean,
  enum: names.enumeration,
  integer: numbers.integer,
  mode: numbers.mode,
  size: numbers.size,
  percent: numbers.percent,
  tasks: numbers.tasks,
  time: numbers.time,
  limit: numbers.limit,
  cpus: numbers.cpus,
  words: names.closedWords,
  capabilities: sets.capabilities,
  families: sets.families,
  namespaces: sets.namespaces,
  filesystems: sets.filesystems,
  interfaces: sets.interfaces,
  interface: network.interfaceName,
  user: names.user,
  groups: names.groups,
  path: paths.path,
  paths: paths.paths,
  'search-path': paths.searchPath,
  binds: paths.binds,
  tmpfs: paths.tmpfs,
  directories: paths.directories,
  'image-options': images.imageOptions,
  images: images.images,
  'image-policy': images.imagePolicy,
  'root-hash': images.rootHash,
  signature: images.signature,
  label: names.label,
  name: names.name,
  names: names.fileNames,
  'load-credential': credentials.loadCredentials,
  'set-credential': credentials.setCredentials,
  'import-credential': credentials.importCredentials,
  devices: network.devices,
  'device-value': network.deviceValues,
  prefixes: network.prefixes,
  'socket-rules': network.socketRules,
  'nft-sets': network.nftSets,
  'bpf-programs': network.bpfPrograms,
  'bpf-filters': network.bpfFilters,
  'bpf-words': names.bpfWords,
  command: own.command,
  condition: own.condition,
  'environment-file': own.environmentFile,
  'exit-statuses': own.exitStatuses,
  'input-data': own.inputData,
  'input-text': own.inputText,
  'log-fields': own.logFields,
  'log-pattern': own.logPattern,
  'open-file': own.openFile,
  signal: own.signal,
  stream: own.stream,
  'unit-names': own.unitNames,
  urls: own.urls,
  variables: own.variables,
};

interface Read {
  readonly values: readonly string[];
  readonly needs: readonly Need[];
  readonly problems: Diagnostic[];
}

function read(row: Directive, value: unknown, at: Location): Read {
  const reading: Reading = { row, at, problems: [], needs: [] };
  const reader = READERS[row.kind.type] as Reader<ValueKind>;
  const values = value === '' ? [''] : (reader(reading, value, row.kind) ?? []);
  const flat = values.length === 0 ? [''] : values;
  if (reading.problems.length === 0 && flat.includes('') && row.reset !== '') {
    reject(reading, "a value, since systemd can't unset it", value);
  }
  if (flat.some((text) => byteLength(text) > MAX_VALUE)) {
    reading.problems.push(error('directive-value', `the value of '${row.name}' is too long`, { at }));
  }
  return { values: flat, needs: reading.needs, problems: reading.problems };
}

/**
 * Checks the value that a policy gives a directive and writes it as a unit file has it.
 *
 * A list of strings is taken word for word: an element is one word to systemd, in quotes if it must be. A text
 * in place of a list is what systemd itself would read, words with spaces between them. An empty text, or an
 * empty list where that can't be mistaken, is the empty assignment that takes earlier ones back. Specifiers are
 * kept where systemd expands them.
 *
 * @param value as TOML has it: a boolean, an integer, a text or a list.
 * @param at place of the value.
 * @returns the right-hand sides, one for each assignment and in their order; none holds a line break. Or, as an array,
 *   all that is wrong.
 */
export function formatDirective(
  row: Directive,
  value: unknown,
  at: Location,
): { readonly values: readonly string[] } | Diagnostic[] {
  const { values, problems } = read(row, value, at);
  return problems.length > 0 ? problems : { values };
}

/** Whether a value could be written. */
export const isFormatted = (
  result: ReturnType<typeof formatDirective>,
): result is { readonly values: readonly string[] } => !Array.isArray(result);

/** What a gap depends on. `privateUsers`: the policy or the unit sets PrivateUsers=. */
export type GapTarget = Pick<Target, 'systemd' | 'scope'> &
  Partial<Pick<Target, 'abilities'>> & { readonly privateUsers?: boolean };

/**
 * Why the target would not put a directive into force although its unit file has it: systemd ignores a name or
 * a value that it doesn't know, with no more than a warning. Undefined if nothing is in the way, or if the
 * value is wrong anyway.
 */
export function directiveGap(
  row: Directive,
  value: unknown,
  at: Location,
  target: GapTarget,
): Diagnostic | undefined {
  const { values, needs, problems } = read(row, value, at);
  if (problems.length > 0) return undefined;
  const running = `systemd ${target.systemd}`;
  const gap = (what: string, hint: string) => error('gap-directive', what, { at, hint });
  if (row.since > target.systemd) return gap(`${running} ignores '${row.name}'`, update(row.since));
  if (row.until !== undefined && row.until <= target.systemd) {
    return gap(`${running} ignores '${row.name}', which is gone since ${row.until}`, 'leave it out');
  }
  const need = needs.find((entry) => entry.since > target.systemd);
  if (need) return gap(`${running} doesn't know ${need.what} of '${row.name}'`, update(need.since));
  const lack = isOff(values) ? undefined : lackOf(row, target);
  if (lack)
    return gap(`'${row.name}' would not be in force: ${lack.reason}`, `${lack.hint}; or leave it out`);
  return target.scope === 'user' ? userGap(row, target, gap) : undefined;
}

/** What closes nothing needs nothing. */
const isOff = (values: readonly string[]): boolean =>
  values.every((value) => ['', 'no', 'infinity'].includes(value));

const lackOf = ({ idle, needs = [] }: Directive, { abilities }: GapTarget): Lack | undefined =>
  idle ?? needs.map((need) => abilities?.lacks.get(need)).find((lack) => lack !== undefined);

const update = (since: number) => `it needs systemd ${since} or later: update the target, or leave it out`;

/** First systemd whose user manager makes the user namespace that most of its sandboxing needs (NEWS of 254). */
const IMPLIES_PRIVATE_USERS = 254;

function userGap(row: Directive, target: GapTarget, gap: (what: string, hint: string) => Diagnostic) {
  const only = row.systemOnly;
  if (only === true || (only && target.systemd < only.before)) {
    return gap(
      `the user manager doesn't put '${row.name}' into force`,
      'make it a system unit, or leave it out',
    );
  }
  const needsUsers = row.mountNamespace || row.userNamespace;
  if (needsUsers && target.systemd < IMPLIES_PRIVATE_USERS && !target.privateUsers) {
    const what = `the user manager of systemd ${target.systemd} doesn't put '${row.name}' into force by itself`;
    return gap(what, "set 'PrivateUsers = true' as well");
  }
  return undefined;
}
