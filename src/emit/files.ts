import { printable } from '../diagnostic.js';
import { dropInPath, filterPath, type Placement } from '../paths.js';
import type { Plan, PlannedDirective, PlannedProgram } from '../plan/plan.js';
import { type Entry, writeUnitFile } from '../unit/write-unit-file.js';

/** A file as it is, or as it shall be. */
export interface EmittedFile {
  readonly path: string;
  readonly content: Uint8Array;
  readonly mode: number;
}

/** What files were made from: whoever looks later can tell what has changed since. */
export interface Origin {
  /** Version of this program. */
  readonly version: string;
  /** SHA-256 of the policy's texts, in hex. */
  readonly policyHash: string;
  /** The same of the unit's own assignments. */
  readonly unitHash: string;
  /** Codes of what nobody enforces, and --allow-gaps let through. */
  readonly gaps?: readonly string[];
  /** The same of what is in the files themselves, comments aside; undefined where that isn't known yet. */
  readonly filesHash?: string;
}

/** The files that a plan comes to: the drop-in, and the filter if the launcher is used. */
export function emitFiles(
  plan: Plan,
  filter: Uint8Array | undefined,
  placement: Placement,
  origin: Origin,
): EmittedFile[] {
  const files: EmittedFile[] = plan.programs.flatMap((program) => [
    { path: program.place, content: new Uint8Array(), mode: 0o644 },
    { path: program.script, content: encode(launcherScript(plan, program)), mode: 0o755 },
  ]);
  // The filter first: a drop-in whose filter is missing starts nothing.
  if (filter) files.push({ path: filterPath(placement, plan.unit), content: filter, mode: 0o644 });
  const dropIn = encode(dropInText(plan, origin));
  files.push({ path: dropInPath(placement, plan.unit), content: dropIn, mode: 0o644 });
  return files;
}

const encode = (text: string) => new TextEncoder().encode(text);

/** The script that the kernel runs by the launcher in place of a program (sandbox-unit-launcher(8)). */
const launcherScript = ({ target, filterFile }: Plan, { place }: PlannedProgram) =>
  `#!${target.launcher} --${target.scope === 'user' ? 'user-' : ''}script\nfilter=${filterFile}\nprogram=${place}\n`;

/** Whether a file in the folder of `[exec] programs` is as ours are: a mount point, or a script for the launcher. */
export const isProgramFile = (content: Uint8Array): boolean =>
  content.length === 0 || /^#!\S+ --(?:user-)?script\nfilter=/.test(new TextDecoder().decode(content));

const GAPS = 'Gaps allowed: ';

/** The codes of the gaps that a drop-in of ours says it was made in spite of. */
export const gapsInDropIn = (content: Uint8Array): string[] => {
  const found = new RegExp(`^# ${GAPS}([a-z-]+(?:, [a-z-]+)*)$`, 'm').exec(new TextDecoder().decode(content));
  return found?.[1]?.split(', ') ?? [];
};

const PERMISSIVE = 'Permissive: what the policy would refuse is let through and recorded.';

/** Whether a drop-in of ours says that it refuses nothing. */
export const isPermissiveDropIn = (content: Uint8Array): boolean =>
  new TextDecoder().decode(content).split('\n').includes(`# ${PERMISSIVE}`);

/** The policy that a drop-in of ours says it was made from. */
export const policyOfDropIn = (content: Uint8Array): string | undefined =>
  /^# Made by sandbox-unit \S+ from (.+)$/m.exec(new TextDecoder().decode(content))?.[1];

const HASHES = { policyHash: 'Policy', unitHash: 'Unit', filesHash: 'Files' } as const;

/** What a drop-in of ours says that something came to, in hex. */
export const hashInDropIn = (content: Uint8Array, which: keyof typeof HASHES): string | undefined =>
  new RegExp(`^# ${HASHES[which]}: sha256:([0-9a-f]{64})$`, 'm').exec(new TextDecoder().decode(content))?.[1];

/** The version of systemd that it was made for. */
export const systemdOfDropIn = (content: Uint8Array): string | undefined =>
  /^# For systemd (\S+)$/m.exec(new TextDecoder().decode(content))?.[1];

/**
 * Whether a drop-in was made for this version of systemd: `257.13-1`, or, by what is known offline, `257`.
 * @param made as in its header
 */
export const isMadeFor = (made: string | undefined, version: string): boolean =>
  made === version || made === /^\d+/.exec(version)?.[0];

/** A drop-in without the version of systemd, of which not all is known offline. */
export const textBesidesSystemd = (content: Uint8Array): string =>
  new TextDecoder().decode(content).replace(/^# For systemd .*\n/m, '');

/** A drop-in without its comments: what systemd reads of it. */
export const directivesText = (content: Uint8Array): string =>
  new TextDecoder().decode(content).replace(/^(?:#.*)?\n/gm, '');

/** As long as a path can be (PATH_MAX): one that is cut leads nowhere. */
const MAX_PATH = 4096;

/**
 * The drop-in's text. Directives come before Exec lines: systemd drops the rest of a drop-in after an
 * Exec line that it can't read.
 */
export function dropInText(plan: Plan, origin: Origin): string {
  const header = [
    `Made by sandbox-unit ${origin.version} from ${printable(plan.policyFile, MAX_PATH)}`,
    ...Object.entries(HASHES).flatMap(([key, name]) => {
      const hash = origin[key as keyof typeof HASHES];
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
  const commands = plan.commands.flatMap(({ key, lines }) =>
    ['', ...lines].map(
      (value, i): Entry => ({
        key,
        value,
        ...(i === 0 ? { comment: '[exec] wrap: behind the launcher' } : {}),
      }),
    ),
  );
  const sections = [
    { section: 'Unit', entries: entriesOf('Unit') },
    { section: 'Service', entries: [...entriesOf(undefined), ...commands] },
  ];
  return writeUnitFile(sections, header);
}
