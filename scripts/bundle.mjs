// Makes dist/: the command, the program that it loads for all but the simplest question, and parts of the program that few
// verbs need. Each file has the packages that it uses. They start sooner than separate modules, install without fetching
// anything, and what a verb doesn't need stays unevaluated, or isn't read at all.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { LOADER, makeParts } from './parts.mjs';

/** The command finds the program beside itself. */
const programBeside = {
  name: 'program-beside',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\/program\.js$/ }, () => ({ path: 'program', namespace: 'beside' }));
    onResolve({ filter: /\.cjs$/, namespace: 'beside' }, ({ path }) => ({ path, external: true }));
    onLoad({ filter: /./, namespace: 'beside' }, () => ({ contents: LOADER }));
  },
};

/**
 * What packages get in the place of modules that are long to load. commander would start subcommands that are programs of
 * their own; dbus-next looks for a bus on an X display, asserts what it has made itself, and hashes for one way to log in.
 */
const INSTEAD = {
  '/commander/': { 'node:child_process': '' },
  '/dbus-next/': {
    x11: '',
    assert: `module.exports = (holds) => { if (!holds) throw new Error('dbus-next failed to marshal'); };
      module.exports.strictEqual = (one, other) => module.exports(one === other);`,
    crypto: `const node = () => process.getBuiltinModule('crypto');
      module.exports.createHash = (name) => node().createHash(name);
      module.exports.randomBytes = (size) => node().randomBytes(size);`,
  },
};

const sparing = {
  name: 'sparing',
  setup({ onResolve, onLoad }) {
    for (const [where, modules] of Object.entries(INSTEAD)) {
      onResolve({ filter: new RegExp(`^(?:${Object.keys(modules).join('|')})$`) }, ({ path, importer }) =>
        importer.includes(where) ? { path, namespace: where } : undefined,
      );
      onLoad({ filter: /./, namespace: where }, ({ path }) => ({ contents: modules[path] }));
    }
  },
};

const OPTIONS = {
  bundle: true,
  minifyWhitespace: true,
  minifySyntax: true,
  platform: 'node',
  target: 'node20.17',
  format: 'cjs',
  // In a CommonJS file import() would go through the loader of ES modules.
  supported: { 'dynamic-import': false },
  metafile: true,
  legalComments: 'none',
  logLevel: 'warning',
};

rmSync('dist', { recursive: true, force: true });
await build({
  ...OPTIONS,
  entryPoints: ['src/cli/main.ts'],
  outfile: 'dist/sandbox-unit.cjs',
  plugins: [programBeside, sparing],
});
chmodSync('dist/sandbox-unit.cjs', 0o755);

const { metafile } = await build({
  ...OPTIONS,
  entryPoints: ['src/cli/program.ts'],
  write: false,
  plugins: [sparing],
});
for (const [name, text] of await makeParts(metafile.inputs, { ...OPTIONS, plugins: [sparing] })) {
  writeFileSync(`dist/${name}`, text);
}

mkdirSync('dist/completion');
for (const shell of ['bash', 'fish', 'zsh']) {
  const script = execFileSync(process.execPath, ['dist/sandbox-unit.cjs', 'completion', shell]);
  writeFileSync(`dist/completion/${shell}`, script);
}

/** The C library in the native programs. */
const LIBC = `GNU C Library

read-filters, send-descriptors, pty-relay and tighten in native-helper/build/ are linked with the C library
of the machine that they were built on. The GNU C Library is under the GNU Lesser General Public License, version 2.1 or later.
native-helper/ has all that it takes to link the programs anew with another version of it, or with another library.
`;

writeFileSync('dist/LICENSES', `${licenses(Object.keys(metafile.inputs))}\n${LIBC}`);

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
