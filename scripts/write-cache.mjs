// Runs commands as users do, then keeps what V8 has compiled for them in the file that is named: see
// program-from-cache.cjs.
import { readdirSync, writeFileSync } from 'node:fs';
import program from '../dist/program.cjs';

const home = process.cwd();
const quiet = () => {};
const shell = { home, environment: {}, homeDirectory: '/', print: quiet, printError: quiet, show: quiet };
const templates = readdirSync('templates').map((name) => `templates/${name}`);
await program.run(['check', ...templates], shell);
writeFileSync(process.argv[2], program.cache());
