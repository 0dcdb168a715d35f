import { printable } from '../diagnostic.js';
import { dropInPath, filterPath, keptPolicyPath, readyFilterPath } from '../paths/own-files.js';
import type { Placement } from '../paths/placement.js';
import type { Plan, PlannedDirective } from '../plan/plan.js';
import { type Entry, writeUnitFile } from '../unit/write-unit-file.js';

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
  /** Codes of gaps that --allow-gaps let through: nobody enforces these parts of the policy. */
  readonly gaps?: readonly string[];
}

/** The bytes of a unit's filter files: the launcher's, and that of `[ready]`. */
export interface Filters {
  readonly start?: Uint8Array | undefined;
  readonly ready?: Uint8Array | undefined;
}

/**
 * The files of a plan: the drop-in, the filters if there are any, and the text of a policy that isn't elsewhere.
 */
export function emitFiles(plan: Plan, filters: Filters, placement: Placement, origin: Origin): EmittedFile[] {
  const files: EmittedFile[] = [];
  // Filters come first: a drop-in whose filter is missing starts nothing.
  const { start, ready } = filters;
  if (start) files.push({ path: filterPath(placement, plan.unit), content: start, mode: 0o644 });
  if (ready) files.push({ path: readyFilterPath(placement, plan.unit), content: ready, mode: 0o644 });
  const kept = keptPolicyPath(placement, plan.unit);
  if (origin.policy === kept && origin.text !== undefined)
    files.push({ path: kept, content: encode(origin.text), mode: 0o644 });
  const dropIn = encode(dropInText(plan, origin));
  files.push({ path: dropInPath(placement, plan.unit), content: dropIn, mode: 0o644 });
  return files;
}

const encode = (text: string) => new TextEncoder().encode(text);

/** Whether a file that earlier versions made for `[exec] programs` looks like ours: an empty mount point, or a script. */
export const isProgramFile = (content: Uint8Array): boolean =>
  content.length === 0 || /^#!\S+ --(?:user-)?script\nfilter=/.test(new TextDecoder().decode(content));

const GAPS = 'Gaps allowed: ';

/** The codes of allowed gaps in the header of a drop-in of ours. */
export const gapsInDropIn = (content: Uint8Array): string[] => {
  const found = new RegExp(`^# ${GAPS}([a-z-]+(?:, [a-z-]+)*)$`, 'm').exec(new TextDecoder().decode(content));
  return found?.[1]?.split(', ') ?? [];
};

const PERMISSIVE = 'Permissive: what the policy would refuse is let through and recorded.';

/** Whether the header of a drop-in of ours says that the policy is permissive. */
export const isPermissiveDropIn = (content: Uint8Array): boolean =>
  new TextDecoder().decode(content).split('\n').includes(`# ${PERMISSIVE}`);

/** The version of this program in the header of a drop-in of ours. */
export const versionOfDropIn = (content: Uint8Array): string | undefined =>
  /^# Made by sandbox-unit (\S+) from /m.exec(new TextDecoder().decode(content))?.[1];

/** The policy's path in the header of a drop-in of ours. */
export const policyOfDropIn = (content: Uint8Array): string | undefined =>
  /^# Made by sandbox-unit \S+ from (.+)$/m.exec(new TextDecoder().decode(content))?.[1];

const ORIGINS = { policyHash: 'Policy', defaultsHash: 'Defaults', unitHash: 'Unit' } as const;

/** The hashes in a drop-in's header: of its origin, of the files' content without comments, and of its own text. */
const HASHES = { ...ORIGINS, filesHash: 'Files', textHash: 'Text' } as const;

/** A hash in the header of a drop-in of ours, in hex. */
export const hashInDropIn = (content: Uint8Array, which: keyof typeof HASHES): string | undefined =>
  new RegExp(`^# ${HASHES[which]}: sha256:([0-9a-f]{64})$`, 'm').exec(new TextDecoder().decode(content))?.[1];

/** A drop-in's text with one more hash in its header. */
export const withHash = (text: string, which: keyof typeof HASHES, hash: string): string =>
  text.replace(/^# For systemd /m, `# ${HASHES[which]}: sha256:${hash}\n$&`);

/** The journal field that has the hash of a unit's files. */
export const FILES_FIELD = 'SANDBOX_UNIT_FILES';

const FIELD_LINE = new RegExp(`^LogExtraFields=${FILES_FIELD}=.*\\n`, 'm');

/** A drop-in's text with a last line, by which each run shows the files that it was started with. */
export const withFilesField = (text: string, hash: string): string =>
  text.includes('\n[Service]\n')
    ? `${text}# which files a run was started with\nLogExtraFields=${FILES_FIELD}=${hash}\n`
    : text;

export const hasFilesField = (content: Uint8Array): boolean =>
  FIELD_LINE.test(new TextDecoder().decode(content));

/** The version of systemd in the header of a drop-in. */
export const systemdOfDropIn = (content: Uint8Array): string | undefined =>
  /^# For systemd (\S+)$/m.exec(new TextDecoder().decode(content))?.[1];

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

/**
 * The text of the drop-in. Directives come before Exec lines, since systemd drops the rest of a drop-in after an Exec
 * line that it can't read.
 */
export function dropInText(plan: Plan, origin: Origin): string {
  const header = [
    `Made by sandbox-unit ${origin.version} from ${printable(origin.policy ?? plan.policyFile, MAX_PATH)}`,
    ...Object.entries(ORIGINS).flatMap(([key, name]) => {
      const hash = origin[key as keyof typeof ORIGINS];
      return hash === undefined ? [] : [`${name}: sha256:${hash}`];
    }),
    `For systemd ${printable(plan.target.version)}`,
    ...(plan.mode === 'permissive' ? [PERMISSIVE] : []),
    ...(origin.gaps?.length ? [`${GAPS}${origin.gaps.join(', ')}`] : []),
    'What is changed here is lost when the policy is applied again.',
  ];
  const entriesOf = (section: PlannedDirective['section']) =>
    plan.directives
      .filter((directive) => directive.section === section)
      .flatMap(({ name, values, because }) =>
        values.map((value, i): Entry => ({ key: name, value, ...(i === 0 ? { comment: because } : {}) })),
      );
  const commands = plan.commands.flatMap(({ key, lines, because }) =>
    ['', ...lines].map(
      (value, i): Entry => ({
        key,
        value,
        ...(i === 0 ? { comment: because ?? '[exec] wrap: behind the launcher' } : {}),
      }),
    ),
  );
  const sections = [
    { section: 'Unit', entries: entriesOf('Unit') },
    { section: 'Service', entries: [...entriesOf(undefined), ...commands] },
  ];
  return writeUnitFile(sections, header);
}
