// Makes dist/: the command, and the program that it loads for all but the simplest questions, each in one file with the
// packages that it uses. They start in half the time of separate modules, install without fetching anything, and what a
// verb doesn't need stays unevaluated.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

/** The command finds the program beside itself. */
const programBeside = {
  name: 'program-beside',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\.\/program\.js$/ }, () => ({ path: './program.cjs', external: true })),
};

/** commander starts subcommands that are programs of their own. We have none, and the module takes Node long to load. */
const commanderAlone = {
  name: 'commander-alone',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:child_process$/ }, ({ path, importer }) =>
      importer.includes('/commander/') ? { path, namespace: 'empty' } : undefined,
    );
    onLoad({ filter: /./, namespace: 'empty' }, () => ({ contents: '' }));
  },
};

rmSync('dist', { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: { 'sandbox-unit': 'src/cli.ts', program: 'src/program.ts' },
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  minifyWhitespace: true,
  platform: 'node',
  target: 'node20.17',
  format: 'cjs',
  // In a CommonJS file import() would go through the loader of ES modules.
  supported: { 'dynamic-import': false },
  metafile: true,
  plugins: [programBeside, commanderAlone],
  // dbus-next asks for it for an X display's address.
  external: ['x11'],
  legalComments: 'none',
  logLevel: 'warning',
});
chmodSync('dist/sandbox-unit.cjs', 0o755);
writeProgram();
writeFileSync('dist/LICENSES', licenses(Object.keys(metafile.inputs)));

/** The licence of every bundled package: each asks to go where its code goes. */
function licenses(inputs) {
  const folders = new Set(inputs.map((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]));
  folders.delete(undefined);
  return [...folders].sort().map(license).join('\n');
}

function license(folder) {
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'LICENCE', 'LICENSE.MIT', 'license']
    .map((candidate) => join(folder, candidate))
    .find((path) => existsSync(path));
  const text = file === undefined ? '' : `\n${readFileSync(file, 'utf8').trim()}\n`;
  return `${name} ${version}\n${text}`;
}

/**
 * The bundled program as a text, V8's caches of it, and what loads them. All are named by what is in the text: V8
 * takes a cache for a text's own if the lengths are the same.
 */
function writeProgram() {
  const escaped = (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;
  // In ASCII, so that it can be read as it is.
  const bundled = readFileSync('dist/program.cjs', 'utf8').replace(/[\u0080-\uffff]/g, escaped);
  const text = `(function (exports, require, module) {${bundled}\n})`;
  const name = `program-${createHash('sha256').update(text).digest('hex').slice(0, 32)}`;
  writeFileSync(`dist/${name}.cjs`, text);
  writeFileSync(
    'dist/program.cjs',
    readFileSync('scripts/program-from-cache.cjs', 'utf8').replaceAll('NAME', name),
  );
  execFileSync(process.execPath, ['scripts/write-cache.mjs', `dist/${name}.cjs`], { stdio: 'inherit' });
}
