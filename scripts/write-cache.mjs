// Keeps what V8 makes of the program's text in the files that program-from-cache.cjs reads: all of it, and the part that
// verbs need which work on files alone.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

const [, , text] = process.argv;
const write = (part, cache) => writeFileSync(text.replace(/\.cjs$/, `-${process.arch}-${part}.cache`), cache);

// Compiled as they run: V8 keeps what was used.
const { default: program } = await import('../dist/program.cjs');
const quiet = () => {};
const shell = {
  ...{ home: process.cwd(), environment: {}, homeDirectory: '/' },
  ...{ print: quiet, printError: quiet, show: quiet },
};
const templates = readdirSync('templates').map((name) => `templates/${name}`);
await program.run(['check', ...templates], shell);
write('files', program.cache());

// A cache is refused under other flags than those it was written with, not those of the compilation.
setFlagsFromString('--no-lazy');
const script = new Script(readFileSync(text, 'latin1'), { filename: text });
setFlagsFromString('--lazy');
write('all', script.createCachedData());
