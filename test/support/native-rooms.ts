/** The rooms of native-helper/, and what their sources may include. */

/** C sources and headers by their path below native-helper/. */
export type NativeSources = ReadonlyMap<string, string>;

interface Room {
  /** Rooms whose headers it may include. */
  readonly uses: readonly string[];
  /** Whether its files may use a C library, which nothing does that runs in a service's place, or in the kernel. */
  readonly isHosted: boolean;
  /** Headers beside those of {@link FREESTANDING}. */
  readonly headers?: RegExp;
}

const freestanding = (...uses: string[]): Room => ({ uses, isHosted: false });
const hosted = (...uses: string[]): Room => ({ uses, isHosted: true });

/** Rooms that several programs share come before the programs, which share nothing with each other. */
export const ROOMS: Readonly<Record<string, Room>> = {
  base: freestanding(),
  seccomp: freestanding('base'),
  tracer: freestanding('base', 'seccomp'),
  hosted: hosted('base'),
  threads: hosted('base', 'hosted'),
  'observe-bpf': { ...freestanding(), headers: /^bpf\/\w+\.h$/ },
  launcher: freestanding('base', 'seccomp', 'tracer'),
  sandboxify: freestanding('base', 'seccomp'),
  'read-filters': hosted('base', 'hosted', 'threads'),
  'send-descriptors': hosted('base'),
  'pty-relay': hosted('base', 'hosted'),
  tighten: hosted('base', 'hosted', 'seccomp', 'threads'),
  observe: hosted('base', 'hosted', 'observe-bpf'),
};

/** Headers that the kernel or the compiler has. */
const FREESTANDING = /^(?:(?:asm|linux)\/\w+|stddef|stdint)\.h$/;

/** Longest file, the table of calls aside. */
const MAX_LINES = 300;

/** Everything that breaks a rule, as `native-helper/FILE:LINE: what`. */
export function nativeViolations(sources: NativeSources): string[] {
  return [...sources].flatMap(([path, text]) => {
    const lines = text.replace(/\n$/, '').split('\n');
    const isTable = path === 'sandboxify/call-table.h';
    const tooLong =
      lines.length > MAX_LINES && !isTable ? [`${lines.length} lines; ${MAX_LINES} are the most`] : [];
    const found = lines.flatMap((line, index) =>
      brokenLine(path, line, sources).map((says) => `${index + 1}: ${says}`),
    );
    return [...found, ...tooLong.map((says) => `${MAX_LINES + 1}: ${says}`)].map(
      (says) => `native-helper/${path}:${says}`,
    );
  });
}

function brokenLine(path: string, line: string, sources: NativeSources): string[] {
  if (/^\s*(?:\/\*|\*) ?(?:What|That|The same)\b/.test(line))
    return ['a comment begins with a named thing, not with What, That or The same'];
  const [, quote, header = ''] = /^#include (["<])([^">]+)/.exec(line) ?? [];
  const says = quote === undefined ? undefined : brokenInclude(path, quote, header, sources);
  return says === undefined ? [] : [says];
}

function brokenInclude(
  path: string,
  quote: string,
  header: string,
  sources: NativeSources,
): string | undefined {
  const from = roomOf(path);
  const room = ROOMS[from];
  if (room === undefined) return `'${from}' has no place in ROOMS`;
  if (quote === '<')
    return room.isHosted || FREESTANDING.test(header) || room.headers?.test(header)
      ? undefined
      : `${from} has no C library for <${header}>`;
  const target = header.includes('/') ? header : `${from}/${header}`;
  if (!sources.has(target)) return `'${header}' is not in native-helper/`;
  if (header.startsWith(`${from}/`)) return `'${header}' is in the same room: name it without its room`;
  const to = roomOf(target);
  return to === from || room.uses.includes(to) ? undefined : `${from} may not include ${target}`;
}

const roomOf = (path: string): string => path.split('/')[0]!;
