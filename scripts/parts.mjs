// Cuts the program into files by the verbs that need a module: V8 reads the whole of a file that it loads, which takes a
// short command longer than its work.
import { basename, relative } from 'node:path';

const PROGRAM = 'program';
const ENTRY = 'src/program.ts';
const VERBS = 'src/commands/verbs.ts';

/** Verbs that people and timers run often. What two of them share with `check` or with each other is in the program. */
const DAILY = ['check', 'run', 'status', 'plan', 'verify', 'apply'];

/** The number of daily verbs whose common modules are in the program. */
const SEVERAL = 3;

/**
 * The files of the program. Each module is in one of them: in the program's, or in that of the first verb that needs it.
 * @param inputs modules by path, as esbuild's metafile has them
 * @returns for each file its name, the text of its entry point, and a plugin that leads imports to the other files
 */
export function partsOf(inputs) {
  const owners = ownersOf(inputs);
  const wanted = new Map([...new Set(owners.values())].map((name) => [name, new Set()]));
  for (const [from, owner] of owners) {
    for (const { path } of importsOf(inputs, from)) {
      if (owners.get(path) !== owner) wanted.get(owners.get(path)).add(path);
    }
  }
  return [...wanted].map(([name, modules]) => ({
    name,
    contents: entryText(name, modules),
    elsewhere: elsewhere(name, inputs, owners),
  }));
}

/** The file of each module. */
function ownersOf(inputs) {
  const ofProgram = reach(inputs, ENTRY);
  const verbs = inputs[VERBS].imports.filter(({ kind }) => kind === 'dynamic-import').map(({ path }) => path);
  const names = [...new Set([...DAILY, ...verbs.map(nameOf)])];
  const reached = names.map((name) => ({
    name,
    isDaily: DAILY.includes(name),
    modules: reach(
      inputs,
      verbs.find((path) => nameOf(path) === name),
    ),
  }));
  const owner = (module) => {
    const users = reached.filter(({ modules }) => modules.has(module));
    const isShared = users.filter(({ isDaily }) => isDaily).length >= SEVERAL;
    if (ofProgram.has(module) || isShared || !module.startsWith('src/')) return PROGRAM;
    return users[0]?.name ?? 'more';
  };
  return new Map(Object.keys(inputs).map((module) => [module, owner(module)]));
}

const nameOf = (path) => basename(path, '.ts');

const importsOf = (inputs, path) => inputs[path].imports.filter((one) => !one.external);

/** A module and all that it imports, directly or not, without what it loads only when it needs it. */
function reach(inputs, from) {
  const found = new Set([from]);
  for (const path of found) {
    for (const one of importsOf(inputs, path)) if (one.kind !== 'dynamic-import') found.add(one.path);
  }
  return found;
}

/** A file offers its modules to the others by functions, so that each is evaluated where it is needed. */
function entryText(name, modules) {
  const offered = [...modules].sort().map((path) => `'${path}': () => require('./${path}')`);
  const run = name === PROGRAM ? `export { run } from './${ENTRY}';\n` : '';
  return `${run}export const modules = {\n${offered.join(',\n')}\n};\n`;
}

const elsewhere = (name, inputs, owners) => ({
  name: 'elsewhere',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\.?\// }, ({ path, importer, namespace }) => {
      if (namespace === 'elsewhere') return { path, external: true };
      const module = inputs[relative('.', importer)]?.imports.find(({ original }) => original === path)?.path;
      if (module === undefined || owners.get(module) === name) return undefined;
      return { path: module, namespace: 'elsewhere' };
    });
    onLoad({ filter: /./, namespace: 'elsewhere' }, ({ path }) => ({
      contents: `module.exports = require('./${owners.get(path)}.cjs').modules['${path}']();`,
      resolveDir: '.',
    }));
  },
});
