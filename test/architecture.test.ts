import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  bare,
  circles,
  linesOf,
  ROOMS,
  roomImports,
  roomLines,
  roomOf,
  SHARED,
  sharedFiles,
  violations,
} from './support/architecture.js';
import { holdsLogic, unmirrored } from './support/mirror.js';
import { assertNoHeavier } from './support/ratchet.js';
import { inRepository } from './support/repository.js';

function readSources(folder: string, wanted = /\.ts$/): Map<string, string> {
  const directory = inRepository(folder);
  const paths = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((path) =>
    wanted.test(path),
  );
  return new Map(paths.sort().map((path) => [path, readFileSync(join(directory, path), 'utf8')]));
}

const sources = readSources('src');

test('the sources keep the invariants, and verbs import only the shared files of each other', () => {
  assert.ok(sources.size > 50);
  assert.deepEqual(violations(sources), []);
  assert.deepEqual([...SHARED].sort(), [...sharedFiles(sources)].sort());
});

test('no file imports itself through others, types included', () => {
  assert.deepEqual(circles(sources), []);
  const three: [string, string][] = [
    ['plan/a.ts', "import type { B } from './b.js';"],
    ['plan/b.ts', "export * from '../unit/c.js';"],
    ['unit/c.ts', "import {\n  a,\n} from '../plan/a.js';"],
    ['unit/d.ts', "import { a } from '../plan/a.js';"],
  ];
  assert.deepEqual(circles(new Map(three)), ['plan/a.ts → plan/b.ts → unit/c.ts → plan/a.ts']);
  assert.deepEqual(circles(new Map(three.slice(1))), []);
});

test('the folders of src/ are the rooms, in the order of the table in ARCHITECTURE.md', () => {
  const folders = [...sources.keys()].filter((path) => roomOf(path) === 'ground' && path.includes('/'));
  assert.ok(folders.every((path) => path.startsWith('codes/')));
  const rows = readFileSync(inRepository('ARCHITECTURE.md'), 'utf8').matchAll(/^\| `src\/([^`/]+)\/` \|/gm);
  const found = [...rows].map(([, name]) => name);
  assert.deepEqual(found, ROOMS);
});

/** Lines of all files of a folder that have a name like these. */
const linesBelow = (folder: string, wanted: RegExp): number =>
  [...readSources(folder, wanted).values()].reduce((sum, text) => sum + linesOf(text), 0);

test('the lines of each room, of the native helper and of the tests only become fewer', () => {
  const rooms = [...roomLines(sources)].map(([room, lines]) => [`src/${room}`, lines]);
  assertNoHeavier('lines', {
    ...Object.fromEntries(rooms),
    'native-helper': linesBelow('native-helper', /^(?!build\/).*\.[ch]$/),
    test: linesBelow('test', /^(?!golden\/).*\.(?:ts|c|h|sh|service)$/),
  });
});

test('the imports from one room to another only become fewer', () => {
  const imports = roomImports(sources);
  assert.ok(imports.has('cli → apply') && !imports.has('plan → plan'));
  assertNoHeavier('imports', { 'src/': imports.size });
});

/** One file with one fault each, and what is said of it. */
const FAULTS: readonly [path: string, text: string, says: string][] = [
  ['plan/x.ts', "import { join } from 'node:path';", '1: node: modules are for machine/ and cli/main.ts'],
  ['plan/x.ts', "const fs = await import('node:fs');", '1: node: modules are for'],
  ['cli/commands/x.ts', '\n  console.log(1);', '2: only cli/main.ts prints and exits'],
  ['machine/x.ts', 'console.error(1);', '1: only cli/main.ts prints and exits'],
  ['machine/x.ts', 'process.exit(1);', '1: only cli/main.ts prints and exits'],
  ['apply/x.ts', 'process.kill(1);', "1: 'process' is for machine/ and cli/main.ts"],
  ['observe/x.ts', `const home = \`\${process.env.HOME}/x\`;`, "1: 'process' is for machine/ and cli"],
  ['seccomp/filter/x.ts', 'const now = Date.now();', '1: no clock'],
  ['policy/x.ts', 'setTimeout(f, 1);', '1: no clock'],
  ['cli/commands/x.ts', 'await fetch(url);', '1: no network'],
  ['systemd/unit/x.ts', 'export default 1;', '1: named exports only'],
  ['plan/x.ts', '/** What is left. */', '1: a comment begins with a named thing'],
  ['plan/x.ts', '/**\n * The same of others.\n */', '2: a comment begins with a named thing'],
  ['plan/x.ts', '  // That it is there.', '1: a comment begins with a named thing'],
  ['learn/x.ts', "const line = { enforcedBy: 'systemd' };", '1: who enforces a line is decided in plan/'],
  ['cli/commands/x.ts', "line.enforcedBy = 'nobody';", '1: who enforces a line'],
  [
    'apply/x.ts',
    "const path = '/run/sandbox-unit/lock';",
    '1: every path that is written comes from systemd/',
  ],
  ['plan/x.ts', "import { y } from '../cli/y.js';", '1: plan is below cli, and may not import cli/y.ts'],
  ['verify/x.ts', "import type { y } from '../apply/lock.js';", '1: verify is below apply'],
  ['plan/x.ts', "import {\n  y,\n} from '../machine/host.js';", '3: plan is below machine'],
  ['codes/x.ts', "import { y } from '../plan/y.js';", '1: ground is below plan'],
  ['apply/x.ts', "const { y } = await import('../verify/y.js');", "1: verify/y.ts is verify's own"],
  ['learn/profile/x.ts', "import { y } from '../../machine/y.js';", '1: learn/profile/x.ts is pure'],
  ['cli/commands/x.ts', "export { y } from '../../machine/host.js';", '1: cli knows the machine by'],
  ['plan/x.ts', "import '../../test/y.js';", "1: '../../test/y.js' is not in src/"],
  ['plan/x.ts', "import { y } from './missing.js';", "1: './missing.js' is not in src/"],
  ['apply/x.ts', "const dbus = await import('dbus-next');", "1: 'dbus-next' is for machine"],
  ['plan/x.ts', "import { parse } from '@iarna/toml/parse-string.js';", "1: '@iarna/toml' is for policy"],
  ['plan/x.ts', "import { x } from 'left-pad';", "1: 'left-pad' is not among the packages"],
  ['plan/x.ts', '\n'.repeat(601), '601: 601 lines; 600 are the most'],
];

const OTHERS = new Map(
  'cli/y apply/lock verify/y plan/y machine/y machine/host diagnostic'
    .split(' ')
    .map((name) => [`${name}.ts`, '']),
);

for (const [path, text, says] of FAULTS) {
  test(`a fault in src/${path} is found: ${says.replace(/^\d+: /, '')}`, () => {
    const found = violations(new Map([...OTHERS, [path, text]]));
    assert.equal(found.length, 1);
    assert.ok(found[0]!.startsWith(`src/${path}:${says}`), found[0]);
  });
}

test('text in comments and strings is no fault', () => {
  const text = [
    '/** No `console`, no process.env. */',
    ' * fetch, Date.now()',
    "const hint = 'see console.log'; // process.exit() is elsewhere",
    `const other = \`the process.argv \${name}\`;`,
    "  text: 'take it from' 'left-pad',",
    "import { error } from '../diagnostic.js';",
    '  readonly enforcedBy: Enforcer;',
  ];
  assert.deepEqual(violations(new Map([...OTHERS, ['plan/x.ts', text.join('\n')]])), []);
});

test('a line is stripped to its code', () => {
  assert.equal(bare(`  f('it\\'s', "x", \`a \${b} c\`); // d`), `  f('', '', \${b}); `);
  assert.equal(bare(' * text'), '');
});

const FUNCTION = 'export const f = () => 1;\n';

/** A source file and the tests beside it; what is wrong. */
const MIRRORS: readonly [says: string, files: Readonly<Record<string, string>>, wrong: readonly string[]][] =
  [
    ['a test of its name', { 'test/a/x.test.ts': "import { f } from '../../src/a/x.js';" }, []],
    [
      'a test of its folder that names it',
      { 'test/a/all.test.ts': "/** Tests of a/x.ts: all of it. */\nimport { f } from '../../src/a/x.js';" },
      [],
    ],
    [
      'a test for the folder that names the whole of it, over several lines',
      {
        'test/a.test.ts':
          "/**\n * Tests of b/y.ts and\n * all of a/: more.\n */\nimport { f } from '../src/a/x.js';",
        'src/b/y.ts': 'export type Y = () => void;',
      },
      ['test/a.test.ts: src/b/y.ts is tested in test/b/'],
    ],
    [
      'a test that reaches it by what the tests share',
      {
        'test/a/x.test.ts': "import { g } from '../support/g.js';",
        'test/support/g.ts': "import type { T } from './t.js';\nexport * from './h.js';",
        'test/support/h.ts': "const { f } = await import('../../src/a/x.js');",
      },
      [],
    ],
    ['no test', {}, ['src/a/x.ts: no test of its name, and none of its folder names it']],
    [
      'a test of another folder',
      { 'test/b/x.test.ts': "/** Tests of a/x.ts: x. */\nimport { f } from '../../src/a/x.js';" },
      ['test/b/x.test.ts: src/a/x.ts is tested in test/a/'],
    ],
    [
      'a test of its name that never imports it',
      {
        'test/a/x.test.ts':
          "import type { F } from '../../src/a/x.js';\n// import { f } from '../../src/a/x.js';",
      },
      ['test/a/x.test.ts: src/a/x.ts is never imported'],
    ],
    [
      'a test that names what is gone',
      {
        'test/a/x.test.ts':
          "/** Tests of a/x.ts, a/gone.ts and all of c/: x. */\nimport { f } from '../../src/a/x.js';",
      },
      ["test/a/x.test.ts: src/a/gone.ts isn't there", "test/a/x.test.ts: src/c/ isn't there"],
    ],
  ];

for (const [says, files, wrong] of MIRRORS) {
  test(`a file with ${says} ${wrong.length > 0 ? 'breaks the mirror' : 'is tested'}`, () => {
    assert.deepEqual(unmirrored(new Map([['src/a/x.ts', FUNCTION], ...Object.entries(files)])), wrong);
  });
}

test('a file holds logic if a function is left without its types and comments', () => {
  const types = 'export interface A {\n  readonly f: () => void;\n}\nexport type B = (a: A) => void;\n';
  assert.ok(!holdsLogic('src/a.ts', `// x => y\n/** A class. */\n${types}export const LIST = ['a', 'b'];\n`));
  assert.ok(!holdsLogic('src/a.d.ts', 'export declare function f(): void;'));
  for (const text of [FUNCTION, 'function f() {}', 'export class A {}', 'const a = { f: (x) => x };']) {
    assert.ok(holdsLogic('src/a.ts', types + text), text);
  }
});

test('test/ mirrors src/', () => {
  const files = ['src', 'test'].flatMap((folder) =>
    [...readSources(folder)].map(([path, text]): [string, string] => [`${folder}/${path}`, text]),
  );
  assert.deepEqual(unmirrored(new Map(files)), []);
});
