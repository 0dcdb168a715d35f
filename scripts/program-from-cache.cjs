// dist/program.cjs: the program from what V8 has made of its text already (scripts/bundle.mjs), which starts in two
// thirds of the time. Another version of Node refuses the cache and compiles the text.
const { readFileSync } = require('node:fs');
const { Script } = require('node:vm');

const filename = `${__dirname}/program-text.cjs`;
const text = readFileSync(filename, 'latin1');

function cached() {
  try {
    return readFileSync(`${__dirname}/program.cache`);
  } catch {
    return undefined;
  }
}

const script = new Script(text, { filename, cachedData: cached() });
script.runInThisContext()(exports, require, module);
/** For scripts/bundle.mjs: what V8 has made by now. */
module.exports.cache = () => script.createCachedData();
