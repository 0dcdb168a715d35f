import { printable } from '../../diagnostic.js';
import { dropInPath, filterPath, keptPolicyPath, readyFilterPath } from '../../systemd/paths/own-files.js';
import type { Placement } from '../../systemd/paths/placement.js';
import { type NewAssignment, type NewSection, writeUnitFile } from '../../systemd/unit/write-unit-file.js';
import type { Plan, PlannedDirective } from '../plan.js';

/** A file to write, or a file as it was read. */
export interface EmittedFile {
  readonly path: string;
  readonly content: Uint8Array;
  readonly mode: number;
}

/** The origin of files, by which a later run finds out what has changed since. */
export interface Origin {
  /** The version of this program. */
  readonly version: string;
  /** The path at which the policy is found later; the plan's by default. */
  readonly policy?: string;
  /** The policy's text, which is kept beside the drop-in where `policy` is there. */
  readonly text?: string | undefined;
  /** The SHA-256 hash of the policy's texts, in hex. */
  readonly policyHash: string;
  /** The SHA-256 hash of the host's defaults among these texts, in hex; undefined where there are none. */
  readonly defaultsHash?: string | undefined;
  /** The SHA-256 hash of the unit's own assignments, in hex. */
  readonly unitHash: string;
  /** Codes of gaps that --allow-gaps let through: nothing enforces these parts of the policy. */
  readonly gaps?: readonly string[];
}

/** The bytes of a unit's filter files: the launcher's, and that of `[ready]`. */
export interface FilterBytes {
  readonly start?: Uint8Array | undefined;
  readonly ready?: Uint8Array | undefined;
}

/** Makes the hashes by which a drop-in shows whether files were edited, each as 64 digits. */
export interface Hashing {
  readonly files: (files: readonly EmittedFile[]) => string;
  readonly text: (dropIn: Uint8Array) => string;
}

/**
 * The files of a plan: the drop-in, the filters if there are any, and the text of a policy that isn't elsewhere. Their hash
 * is in the drop-in's header, and in a field of the journal, by which each run shows what it was started with. Managers of
 * users keep no such fields.
 */
export function emitFiles(
  plan: Plan,
  filters: FilterBytes,
  placement: Placement,
  origin: Origin,
  hashing: Hashing,
): EmittedFile[] {
  const files: EmittedFile[] = [];
  // Filters come first: a drop-in whose filter is missing starts nothing.
  const { start, ready } = filters;
  if (start) files.push({ path: filterPath(placement, plan.unit), content: start, mode: 0o644 });
  if (ready) files.push({ path: readyFilterPath(placement, plan.unit), content: ready, mode: 0o644 });
  const kept = keptPolicyPath(placement, plan.unit);
  if (origin.policy === kept && origin.text !== undefined)
    files.push({ path: kept, content: encode(origin.text), mode: 0o644 });
  const body = writeUnitFile(sectionsOf(plan), []);
  const dropIn = (text: string) => ({
    ...{ path: dropInPath(placement, plan.unit), content: encode(text), mode: 0o644 },
  });
  const filesHash = hashing.files([...files, dropIn(body)]);
  const shown = placement.scope === 'system' && /^\[Service\]$/m.test(body) ? filesField(filesHash) : '';
  const withHeader = (textHash?: string) => {
    const header = writeUnitFile([], headerLines(plan, { ...origin, filesHash, textHash }));
    return body === '' ? header : `${header}\n${body}${shown}`;
  };
  return [...files, dropIn(withHeader(hashing.text(encode(withHeader()))))];
}

/** The last lines of a drop-in, by which each run shows the files that it was started with. */
const filesField = (hash: string): string =>
  `# which files a run was started with\nLogExtraFields=${FILES_FIELD}=${hash}\n`;

const encode = (text: string) => new TextEncoder().encode(text);

/** Whether a file that earlier versions made for `[exec] programs` looks like ours: an empty mount point, or a script. */
export const isProgramFile = (content: Uint8Array): boolean =>
  content.length === 0 || /^#!\S+ --(?:user-)?script\nfilter=/.test(new TextDecoder().decode(content));

export const GAPS = 'Gaps allowed: ';

export const PERMISSIVE = 'Permissive: what the policy would refuse is let through and recorded.';

/** The hashes in a drop-in's header: of its origin, of the files' content without comments, and of its own text. */
export const HASHES = {
  policyHash: 'Policy',
  defaultsHash: 'Defaults',
  unitHash: 'Unit',
  filesHash: 'Files',
  textHash: 'Text',
} as const;

/** The journal field that has the hash of a unit's files. */
export const FILES_FIELD = 'SANDBOX_UNIT_FILES';

const FIELD_LINE = new RegExp(`^LogExtraFields=${FILES_FIELD}=.*\\n`, 'm');

export const hasFilesField = (content: Uint8Array): boolean =>
  FIELD_LINE.test(new TextDecoder().decode(content));

/**
 * Whether a drop-in was made for this version of systemd. The header has the full version, `257.13-1`, or only the
 * major one, `257`, where it was made offline.
 * @param made the version in the header
 */
export const isMadeFor = (made: string | undefined, version: string): boolean =>
  made === version || made === /^\d+/.exec(version)?.[0];

/** A drop-in's text without the version of systemd, of which only a part is known offline, and without its own hash. */
export const textBesidesSystemd = (content: Uint8Array): string =>
  new TextDecoder()
    .decode(content)
    .replace(/^# For systemd .*\n/m, '')
    .replace(/^# Text: .*\n/m, '');

/** A drop-in's text without comments, empty lines and the hash of the files: all that decides how the service runs. */
export const directivesText = (content: Uint8Array): string =>
  new TextDecoder()
    .decode(content)
    .replace(/^(?:#.*)?\n/gm, '')
    .replace(FIELD_LINE, '');

/** Longest path (PATH_MAX); a shortened path would lead nowhere. */
const MAX_PATH = 4096;

function headerLines(
  plan: Plan,
  origin: Origin & Partial<Record<keyof typeof HASHES, string | undefined>>,
): string[] {
  const hashes = Object.entries(HASHES).flatMap(([key, name]) => {
    const hash = origin[key as keyof typeof HASHES];
    return hash === undefined ? [] : [`${name}: sha256:${hash}`];
  });
  return [
    `Made by sandbox-unit ${origin.version} from ${printable(origin.policy ?? plan.policyFile, MAX_PATH)}`,
    ...hashes,
    `For systemd ${printable(plan.target.version)}`,
    ...(plan.mode === 'permissive' ? [PERMISSIVE] : []),
    ...(origin.gaps?.length ? [`${GAPS}${origin.gaps.join(', ')}`] : []),
    'What is changed here is lost when the policy is applied again.',
  ];
}

/**
 * The sections of the drop-in. Directives come before Exec lines, since systemd drops the rest of a drop-in after an Exec
 * line that it can't read.
 */
function sectionsOf(plan: Plan): NewSection[] {
  const entriesOf = (section: PlannedDirective['section']) =>
    plan.directives
      .filter((directive) => directive.section === section)
      .flatMap(({ name, values, because }) => entries(name, values, because));
  const commands = plan.commands.flatMap(({ key, lines, because }) =>
    entries(key, ['', ...lines], because ?? '[exec] wrap: behind the launcher'),
  );
  return [
    { section: 'Unit', entries: entriesOf('Unit') },
    { section: 'Service', entries: [...entriesOf(undefined), ...commands] },
  ];
}

/** Assignments of one key, the first with a comment. */
const entries = (key: string, values: readonly string[], comment: string): NewAssignment[] =>
  values.map((value, i) => (i === 0 ? { key, value, comment } : { key, value }));
