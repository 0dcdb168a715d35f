// Cuts the program into files by verbs. V8 reads the whole of a file that it loads, which takes a short command longer than
// its work, and modules that are in one scope, which a file without import() allows, cost the least.
//
// A verb of its own has two files: VERB.cjs with what each of its runs loads, and VERB-late.cjs with what import() asks
// for. The second takes the modules that both need from the first, so that each module is there once. `program` is
// such a pair for all other verbs.
import { readFileSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { build } from 'esbuild';

const ENTRY = 'src/cli/program.ts';
const VERBS = 'src/cli/commands/verbs.ts';

/** The first words of command lines that have a file of their own, and the modules that answer them. */
const OWN = new Map(
  ['check', 'plan', 'apply', 'verify', 'status', 'run', 'revert'].map((verb) => [
    verb,
    `src/cli/commands/${verb}.ts`,
  ]),
).set('__complete', 'src/cli/commands/completion/candidates.ts');

/** The file of the package for the bus, which not every run asks. */
const BUS = 'dbus-next.cjs';

/** The text by which the command loads the file for its first word, which may stand after `--`. */
export const LOADER = `switch (process.argv.slice(2).find((word) => word !== '--')) {
${[...OWN.keys()].map((verb) => `case '${verb}': exports.run = require('./${verb}.cjs').run; break;`).join('\n')}
default: exports.run = require('./program.cjs').run;
}`;

/**
 * Makes the files of the program.
 * @param inputs modules by path, as esbuild's metafile has them
 * @param options esbuild's, for each file
 * @returns the text of each file by its name
 */
export async function makeParts(inputs, options) {
  const verbs = dynamicImports(inputs, VERBS);
  const others = verbs.filter((path) => ![...OWN.values()].includes(path));
  const parts = [...[...OWN].map(([name, path]) => [name, [path]]), ['program', others]];
  const made = await Promise.all(
    parts.map(([name, wanted]) => makePart(name, cutOf(inputs, wanted), options)),
  );
  const bus = await build({
    ...options,
    stdin: { contents: "exports.default = require('dbus-next');", resolveDir: '.' },
    write: false,
  });
  return new Map([...made.flat(), [BUS, bus.outputFiles[0].text]]);
}

const dynamicImports = (inputs, path) =>
  inputs[path].imports.filter((one) => one.kind === 'dynamic-import' && !one.external).map((one) => one.path);

/** The modules that some verbs need, directly or not: at once, and those that import() names. */
function cutOf(inputs, wanted) {
  const atOnce = reach(inputs, [ENTRY, ...wanted]);
  const all = new Set(atOnce);
  const late = new Set();
  for (const from of all) {
    for (const path of dynamicImports(inputs, from)) {
      if (from === VERBS || path.includes('node_modules/') || atOnce.has(path)) continue;
      late.add(path);
      for (const needed of reach(inputs, [path])) all.add(needed);
    }
  }
  return { inputs, atOnce, late: [...late].sort() };
}

/** Modules, and all that they import, directly or not, without what is loaded when it is needed. */
function reach(inputs, from) {
  const found = new Set(from);
  for (const path of found) {
    for (const one of inputs[path].imports)
      if (!one.external && one.kind !== 'dynamic-import') found.add(one.path);
  }
  return found;
}

/** The two files of a part: esbuild finds what both need, and puts it into a third one, which goes into the first. */
async function makePart(name, cut, options) {
  const { outputFiles } = await build({
    ...options,
    format: 'esm',
    splitting: true,
    minify: false,
    packages: 'external',
    supported: {},
    entryPoints: { main: ENTRY, late: 'late' },
    outdir: '.',
    write: false,
    plugins: [importsOf(cut)],
  });
  const texts = new Map(outputFiles.map(({ path, text }) => [`./${basename(path)}`, text]));
  const shared = [...texts.keys()].filter((path) => path !== './main.js' && path !== './late.js');
  if (shared.length !== 1) throw new Error(`${name}: ${shared.length} files are shared; 1 is expected`);
  const bundled = async (file, contents, elsewhere) => {
    const plugins = [...options.plugins, inMemory(texts, elsewhere)];
    const made = await build({ ...options, stdin: { contents, resolveDir: '.' }, write: false, plugins });
    return [file, withoutCopies(made.outputFiles[0].text)];
  };
  const [first, late] = [`${name}.cjs`, `${name}-late.cjs`];
  return Promise.all([
    bundled(first, `export * from './main.js'; export * from '${shared[0]}';`, { './late.js': `./${late}` }),
    bundled(late, "export * from './late.js';", { [shared[0]]: `./${first}` }),
  ]);
}

/** Leads import() to the part's late modules, and makes those of modules that the part has anyway ordinary imports. */
const importsOf = ({ inputs, atOnce, late }) => ({
  name: 'imports',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^late$/ }, () => ({ path: 'late', namespace: 'late' }));
    onLoad({ filter: /./, namespace: 'late' }, () => ({
      contents: late.map((path, index) => `export * as late${index} from './${path}';`).join('\n'),
      resolveDir: '.',
    }));
    onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => {
      const { imports } = inputs[relative('.', path)];
      const ordinary = [];
      const text = readFileSync(path, 'utf8').replace(/(?<!typeof )\bimport\('(\.[^']+)'\)/g, (_, wanted) => {
        const module = imports.find(({ original }) => original === wanted).path;
        if (late.includes(module)) return `import('late').then((all) => all.late${late.indexOf(module)})`;
        // The part of another verb has the module.
        if (!atOnce.has(module)) return `Promise.reject(new Error('${module} is in another file'))`;
        ordinary.push(`import * as ordinary${ordinary.length} from '${wanted}';`);
        return `Promise.resolve(ordinary${ordinary.length - 1})`;
      });
      return { contents: `${ordinary.join('')}${text}`, loader: 'ts' };
    });
  },
});

/** Has esbuild bundle texts that it made before; some of them are in another file. */
const inMemory = (texts, elsewhere) => ({
  name: 'in-memory',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^dbus-next$/ }, () => ({ path: `./${BUS}`, external: true }));
    onResolve({ filter: /^\.\/[\w-]+\.js$/ }, ({ path }) => {
      if (path in elsewhere) return { path: elsewhere[path], external: true };
      return texts.has(path) ? { path, namespace: 'memory' } : undefined;
    });
    onLoad({ filter: /./, namespace: 'memory' }, ({ path }) => ({
      contents: texts.get(path),
      resolveDir: '.',
    }));
  },
});

/** Other files' and Node's modules as they are: esbuild would copy each for each module that imports it. */
const withoutCopies = (text) => text.replace(/__toESM\((require\("[^"]*"\))\)/g, '$1');
