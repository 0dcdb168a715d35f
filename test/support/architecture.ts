/**
 * The invariants of ARCHITECTURE.md, held by reading the sources. Line by line and without a parser: enough for
 * formatted code, and what is found has a place.
 */

/** Sources by their path below src/. */
export type Sources = ReadonlyMap<string, string>;

interface LineRule {
  readonly says: string;
  readonly pattern: RegExp;
  /** What is searched: `code` is without comments and the text of strings. */
  readonly in: 'text' | 'code';
  readonly allowedIn: (path: string) => boolean;
}

const isTable = (path: string) => /\/generated\/|^systemd\/directives\/(rows|format)\//.test(path);
const touchesTheMachine = (path: string) => /^(?:machine\/|cli\/terminal\/|cli\/main\.ts$)/.test(path);
const nowhere = () => false;

const LINE_RULES: readonly LineRule[] = [
  {
    says: "node: modules are for machine/ and cli/main.ts: take what you need as an argument, or ask 'System'",
    pattern: /(?:\bfrom|\bimport\(?)\s*['"]node:/,
    in: 'text',
    allowedIn: touchesTheMachine,
  },
  {
    says: 'only cli/main.ts prints and exits: return text or diagnostics',
    pattern: /\bconsole\b|\bprocess\??\.(?:exit|exitCode|abort|stdout|stderr)\b/,
    in: 'code',
    allowedIn: (path) => path === 'cli/main.ts',
  },
  {
    says: "'process' is for machine/ and cli/main.ts: take what you need as an argument",
    pattern: /\bprocess\s*(?:\.|\?\.|\[)/,
    in: 'code',
    allowedIn: touchesTheMachine,
  },
  {
    says: 'no clock and no chance: take the value as an argument',
    pattern:
      /\bDate\.now\b|\bnew Date\(\)|\bperformance\b|\bset(?:Timeout|Interval|Immediate)\b|\bMath\.random\b/,
    in: 'code',
    allowedIn: touchesTheMachine,
  },
  {
    says: 'no network',
    pattern: /\b(?:fetch|WebSocket|XMLHttpRequest)\b/,
    in: 'code',
    allowedIn: nowhere,
  },
  {
    says: 'named exports only',
    pattern: /\bexport\s+default\b|\bas\s+default\b/,
    in: 'code',
    allowedIn: (path) => path.endsWith('.d.ts'), // another package's
  },
  {
    says: 'who enforces a line is decided in plan/: calls/ and ready/lines.ts for calls, service.ts for directives',
    pattern: /\benforcedBy\s*(?::|=(?!=))(?!\s*Enforcer\b)/,
    in: 'code',
    allowedIn: (path) => ['plan/calls/lines.ts', 'plan/ready/lines.ts', 'plan/service.ts'].includes(path),
  },
  {
    says: 'a comment begins with a named thing, not with What, That or The same',
    pattern: /^\s*(?:\/\*\*|\*|\/\/) ?(?:What|That|The same)\b/,
    in: 'text',
    allowedIn: nowhere,
  },
  {
    says: 'every path that is written comes from systemd/paths/',
    pattern: /zz-sandbox-unit|(?:libexec|var\/lib|run)\/sandbox-unit/,
    in: 'text',
    allowedIn: (path) => path.startsWith('systemd/paths/'),
  },
];

/** The packages, and the one place that knows each. */
const PACKAGES: Readonly<Record<string, string>> = {
  '@iarna/toml': 'policy/',
  commander: 'cli/command-line/',
  'dbus-next': 'machine/',
  ini: 'systemd/unit/',
};

/** The rooms of src/, top first: each imports rooms below it. Ground files and `codes/` lie below all. */
export const ROOMS: readonly string[] = [
  ...['cli', 'learn', 'apply', 'explain', 'verify', 'observe', 'prepare', 'machine'],
  ...['plan', 'policy', 'systemd', 'seccomp'], // pure: from data to data
];

/** Rooms that do the work of verbs: of each other they import these files alone. */
const VERBS: readonly string[] = ['learn', 'apply', 'explain', 'verify'];
export const SHARED: readonly string[] = `
  apply/lock apply/restart/may-restart apply/restart/outlook apply/restart/restart-service
  explain/diagnostic explain/explain-unit explain/explanation explain/records/observed explain/records/start-of
  explain/refusals-after-restart explain/refusals/found explain/watched-run
  verify/drift/injected verify/drift/not-applied verify/drift/taken-away verify/expected
  verify/kernel/confinement verify/kernel/enforcement verify/kernel/refusers
  verify/manager/in-force verify/manager/read-back verify/process/prove-directives
`
  .match(/\S+/g)!
  .map((name) => `${name}.ts`);

/** Makers of what the interfaces of machine/ describe: only the top of cli/ knows them. */
const MACHINERY = /^machine\/(?:open|host|offline|bus\/(?:bus|connection))\.ts$/;

/** Longest source file, tables aside. */
const MAX_LINES = 600;

/** Everything that breaks an invariant, as `src/FILE:LINE: what`. */
export function violations(sources: Sources): string[] {
  return [...sources].flatMap(([path, text]) => {
    const lines = text.replace(/\n$/, '').split('\n');
    const found = [...brokenLines(path, lines), ...brokenImports(path, lines, sources)];
    if (lines.length > MAX_LINES && !isTable(path)) {
      found.push({ line: MAX_LINES + 1, says: `${lines.length} lines; ${MAX_LINES} are the most` });
    }
    return found.map(({ line, says }) => `src/${path}:${line}: ${says}`);
  });
}

interface Found {
  readonly line: number;
  readonly says: string;
}

function brokenLines(path: string, lines: readonly string[]): Found[] {
  const rules = LINE_RULES.filter((rule) => !rule.allowedIn(path));
  return lines.flatMap((text, index) =>
    rules
      .filter((rule) => rule.pattern.test(rule.in === 'text' ? text : bare(text)))
      .map(({ says }) => ({ line: index + 1, says })),
  );
}

/** Files that import each other, types included, as `a.ts → b.ts → a.ts`; each circle once. */
export function circles(sources: Sources): string[] {
  const imports = new Map([...sources].map(([path, text]) => [path, importsOf(path, text)]));
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): void => {
    const from = way.indexOf(path);
    if (from >= 0) found.push([...way.slice(from), path].join(' → '));
    if (from >= 0 || done.has(path)) return;
    for (const next of imports.get(path) ?? []) visit(next, [...way, path]);
    done.add(path);
  };
  for (const path of sources.keys()) visit(path, []);
  return found;
}

/** Rooms that import others, as `plan → systemd`: each pair once. */
export const roomImports = (sources: Sources): ReadonlySet<string> =>
  new Set(
    [...sources].flatMap(([path, text]) =>
      importsOf(path, text)
        .filter((target) => roomOf(target) !== roomOf(path))
        .map((target) => `${roomOf(path)} → ${roomOf(target)}`),
    ),
  );

/** Files of a verb's room that another verb's room imports. */
export const sharedFiles = (sources: Sources): ReadonlySet<string> =>
  new Set(
    [...sources].flatMap(([path, text]) => importsOf(path, text).filter((to) => isBetweenVerbs(path, to))),
  );

/** Lines by room, generated tables aside. */
export function roomLines(sources: Sources): Map<string, number> {
  const lines = new Map<string, number>();
  for (const [path, text] of sources)
    if (!path.includes('/generated/'))
      lines.set(roomOf(path), (lines.get(roomOf(path)) ?? 0) + linesOf(text));
  return lines;
}

export const linesOf = (text: string): number => text.split('\n').length - 1;

const importsOf = (path: string, text: string): string[] =>
  text.split('\n').flatMap((line) =>
    [...line.matchAll(IMPORTED)].flatMap(([, specifier = '']) => {
      const target = specifier.startsWith('.') ? resolvePath(path, specifier) : undefined;
      return target === undefined ? [] : [target];
    }),
  );

const IMPORTED = /(?:^(?:import|export|\}).*\bfrom|^import|\bimport\()\s*'([^']+)'/g;

function brokenImports(path: string, lines: readonly string[], sources: Sources): Found[] {
  return lines.flatMap((text, index) =>
    [...text.matchAll(IMPORTED)].flatMap(([, specifier = '']) => {
      const says = brokenImport(path, specifier, sources);
      return says === undefined ? [] : [{ line: index + 1, says }];
    }),
  );
}

function brokenImport(path: string, specifier: string, sources: Sources): string | undefined {
  if (specifier.startsWith('node:')) return undefined; // a rule of its own
  if (!specifier.startsWith('.')) return brokenPackage(path, specifier);
  const target = resolvePath(path, specifier);
  if (target === undefined || !(sources.has(target) || sources.has(target.replace(/\.ts$/, '.d.ts')))) {
    return `'${specifier}' is not in src/`;
  }
  const [from, to] = [roomOf(path), roomOf(target)];
  if (depth(to) < depth(from)) return `${from} is below ${to}, and may not import ${target}`;
  if (isPure(path) && !isPure(target)) return `${path} is pure, and ${target} is not`;
  if (isBetweenVerbs(path, target) && !SHARED.includes(target)) return `${target} is ${to}'s own`;
  const isInside = from === 'machine' || /^cli\/[\w-]+\.ts$/.test(path);
  if (MACHINERY.test(target) && !isInside)
    return `${from} knows the machine by machine/system.ts, not ${target}`;
  return undefined;
}

/** The room that a file of src/ is in. */
export const roomOf = (path: string): string => ROOMS.find((room) => path.startsWith(`${room}/`)) ?? 'ground';

const depth = (room: string): number => [...ROOMS, 'ground'].indexOf(room);

/** Recordings, and what they prove, are as pure as the rooms from plan/ on. */
const isPure = (path: string): boolean =>
  depth(roomOf(path)) >= depth('plan') || /^(?:learn\/profile|observe\/recording)\//.test(path);

const isBetweenVerbs = (path: string, target: string): boolean =>
  roomOf(path) !== roomOf(target) && [path, target].every((one) => VERBS.includes(roomOf(one)));

function brokenPackage(path: string, specifier: string): string | undefined {
  const name = Object.keys(PACKAGES).find((key) => specifier === key || specifier.startsWith(`${key}/`));
  if (name === undefined) return `'${specifier}' is not among the packages that the program uses`;
  return path.startsWith(PACKAGES[name]!) ? undefined : `'${name}' is for ${PACKAGES[name]}`;
}

/** `../x/y.js` seen from `a/b.ts` is `x/y.ts`; undefined when it leads out of src/. */
export function resolvePath(from: string, specifier: string): string | undefined {
  const parts = from.split('/').slice(0, -1);
  for (const part of specifier.split('/')) {
    if (part === '..' && parts.pop() === undefined) return undefined;
    if (part !== '..' && part !== '.') parts.push(part);
  }
  return parts.join('/').replace(/\.js$/, '.ts');
}

/** A line's code: no comments, strings empty, of templates only the expressions. */
export function bare(line: string): string {
  if (/^\s*(?:\*|\/\*)/.test(line)) return '';
  return line
    .replace(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g, "''")
    .replace(/`(?:[^`\\]|\\.)*`/g, (template) => (template.match(/\$\{[^}]*\}/g) ?? []).join(' '))
    .replace(/\/\/.*$/, '');
}
