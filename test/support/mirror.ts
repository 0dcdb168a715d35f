/**
 * The rule that test/ mirrors src/. A source file that holds logic has a test of its name, or a test of its folder
 * whose first comment names it: `Tests of verify/drift/drift.ts and all of verify/drift/: …`. The test imports each, be it by others.
 */

import { resolvePath, type Sources } from './architecture.js';

/** The imports of files that a test runs in another process. */
const STARTS: Readonly<Record<string, readonly string[]>> = { 'test/support/cli.ts': ['src/cli/main.ts'] };

const TYPES = /^(?:export )?(?:declare )?(?:interface\b[\s\S]*?^\}|type\b[\s\S]*?;$)/gm;
const COMMENTS = /^\s*(?:\/\*[\s\S]*?\*\/|\/\/.*)$/gm;

/** Whether a function is left of a file without its types and comments; others are tables. */
export const holdsLogic = (path: string, text: string): boolean =>
  !path.endsWith('.d.ts') && /=>|\bfunction\b|\bclass\b/.test(text.replace(COMMENTS, '').replace(TYPES, ''));

/**
 * Everything that breaks the rule, as `FILE: what`.
 * @param files the files of src/ and test/, by their paths in the repository
 */
export function unmirrored(files: Sources): string[] {
  const tests = [...files.keys()].filter((path) => path.endsWith('.test.ts'));
  const sources = [...files].filter(([path, text]) => path.startsWith('src/') && holdsLogic(path, text));
  const found = tests.flatMap((test) => testedSources(test, files));
  const covered = new Set(found.map(({ source }) => source));
  const untested = sources.map(([path]) => path).filter((path) => !covered.has(path));
  return [
    ...found.flatMap(({ test, source }) => wrongClaim(test, source, files)),
    ...untested.map((path) => `${path}: no test of its name, and none of its folder names it`),
  ];
}

/** A test's word that it is about a source file. */
interface TestedSource {
  readonly test: string;
  readonly source: string;
}

/** The files that a test's name and its first comment stand for; a folder stands for its own files. */
function testedSources(test: string, files: Sources): TestedSource[] {
  const text = files.get(test)!;
  const [, list = ''] = /^\/\*\*[\s*]*Tests of ([^:]*):/.exec(text) ?? [];
  const named = list.match(/[\w.-]+(?:\/[\w.-]+)*(?:\.ts\b|\/)/g) ?? [];
  const sources = named.flatMap((name) =>
    name.endsWith('/') ? inFolder(`src/${name}`, files) : `src/${name}`,
  );
  const mirrored = test.replace(/^test\/(.*)\.test\.ts$/, 'src/$1.ts');
  return [...(files.has(mirrored) ? [mirrored] : []), ...sources].map((source) => ({ test, source }));
}

/** The files of a folder that hold logic; the folder itself if there are none. */
function inFolder(folder: string, files: Sources): string[] {
  const found = [...files].filter(
    ([path, text]) => folderOf(path) === folder.slice(0, -1) && holdsLogic(path, text),
  );
  return found.length > 0 ? found.map(([path]) => path) : [folder];
}

function wrongClaim(test: string, source: string, files: Sources): string[] {
  if (!files.has(source)) return [`${test}: ${source} isn't there`];
  const place = folderOf(source).replace(/^src/, 'test');
  if (folderOf(test) !== place && test !== `${place}.test.ts`)
    return [`${test}: ${source} is tested in ${place}/`];
  return reachedFrom(test, files).has(source) ? [] : [`${test}: ${source} is never imported`];
}

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

/** Imports of a file that are left when it runs: not those of types. */
const IMPORTED = /^(?:import|export)\b(?! type\b)(?:[^;']*\bfrom)? ?'(\.[^']+)'|\bimport\('(\.[^']+)'\)/gm;

const importsOf = (path: string, text: string): string[] => [
  ...[...text.matchAll(IMPORTED)].flatMap(([, still, later]) => resolvePath(path, still ?? later!) ?? []),
  ...(STARTS[path] ?? []),
];

function reachedFrom(test: string, files: Sources): ReadonlySet<string> {
  const reached = new Set([test]);
  for (const path of reached) {
    for (const next of importsOf(path, files.get(path) ?? '')) reached.add(next);
  }
  return reached;
}
