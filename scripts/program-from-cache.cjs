// dist/program.cjs: the program from what V8 has made of its text already (scripts/bundle.mjs), which starts in two
// thirds of the time. Another version of V8 refuses the cache and compiles the text; another machine has none.
const { readFileSync } = require('node:fs');
const { Script } = require('node:vm');

const filename = `${__dirname}/NAME.cjs`;
const text = readFileSync(filename, 'latin1');

/** What works on files alone needs a third of the program; to take in all of it would make that slower. */
const FILES_ALONE = ['check', 'schema', 'template'];
const part = FILES_ALONE.includes(process.argv[2]) ? 'files' : 'all';

function cached() {
  try {
    return readFileSync(`${__dirname}/NAME-${process.arch}-${part}.cache`);
  } catch {
    return undefined;
  }
}

const script = new Script(text, { filename, cachedData: cached() });
script.runInThisContext()(exports, require, module);
/** For scripts/write-cache.mjs: what V8 has made by now. */
module.exports.cache = () => script.createCachedData();
