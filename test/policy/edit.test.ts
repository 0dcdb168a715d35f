import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { editPolicy, type TextEdit } from '../../src/policy/edit.js';
import { parsePolicy } from '../../src/policy/parse.js';
import type { CallEntry } from '../../src/seccomp/syscalls/section.js';

const FILE = 'p.toml';

/** Edits by the places that the parser gives. */
function edited(
  text: string,
  {
    add = [],
    out = [],
    more = () => [],
  }: { add?: string[]; out?: string[]; more?: (text: string) => TextEdit[] },
): string | undefined {
  const section = parsePolicy(text, FILE).policy.syscalls;
  const after = section?.allow?.at(-1)?.at;
  const gone = (name: string): CallEntry => section!.deny.find((one) => one.name === name)!;
  return editPolicy(text, [
    ...add.map((name) => ({ kind: 'add', list: 'allow', name, after }) as const),
    ...out.map((name) => ({ kind: 'take-out', entry: name, at: gone(name).at }) as const),
    ...more(text),
  ]);
}

/** Takes entries out of `log`. */
function withoutLog(text: string, ...names: string[]): string | undefined {
  const { log } = parsePolicy(text, FILE).policy.syscalls!;
  const out = log.filter(({ name }) => names.includes(name));
  return editPolicy(
    text,
    out.map(({ name, at }) => ({ kind: 'take-out', entry: name, at }) as const),
  );
}

const LOGGED: readonly [before: string, after: string][] = [
  [
    '[syscalls]\nallow = ["x"]\n# Within reach.\n# Not seen.\nlog = [\n  # Files\n  "a", "b",\n  # Others\n  "c", # why\n] # end\ndeny = []\n',
    '[syscalls]\nallow = ["x"]\ndeny = []\n',
  ],
  ['[syscalls]\n\n# Kept.\n\nlog = ["a", \'b\' , "c"]\n', '[syscalls]\n\n# Kept.\n\n'],
  ['[syscalls]\r\n# Files\r\nlog = [\r\n  "a",\r\n  "b", "c"\r\n]\r\n', '[syscalls]\r\n'],
  ['[syscalls]\nlog = ["a", "b", "c"]', '[syscalls]\n'],
  [
    '[syscalls]\n# Reach.\nlog = [\n  # Files\n  "a", "b", "c",\n  # More\n  "d",\n]\n',
    '[syscalls]\n# Reach.\nlog = [\n  # Files\n  # More\n  "d",\n]\n',
  ],
];

for (const [before, after] of LOGGED) {
  test(`removing entries of ${JSON.stringify(before)}`, () => {
    assert.equal(withoutLog(before, 'a', 'b', 'c'), after);
    parsePolicy(after, FILE);
  });
}

const HEADED: readonly [before: string, after: string][] = [
  [
    '[syscalls]\nallow = [\n  # A\n  "a",\n]\n',
    '[syscalls]\nallow = [\n  # A\n  "a",\n  # Why\n  "b", "c",\n]\n',
  ],
  ['[syscalls]\nallow = [\n\t"a"\n]\n', '[syscalls]\nallow = [\n\t"a",\n\t# Why\n\t"b", "c"\n]\n'],
  ['[syscalls]\nallow = ["a"]\n', '[syscalls]\nallow = ["a", "b", "c"]\n'],
];

for (const [before, after] of HEADED) {
  test(`an added entry has a comment if entries have lines: ${JSON.stringify(before)}`, () => {
    const at = parsePolicy(before, FILE).policy.syscalls!.allow!.at(-1)!.at;
    const add = ['b', 'c'].map(
      (name) => ({ kind: 'add', list: 'allow', name, after: at, heading: 'Why' }) as const,
    );
    assert.equal(editPolicy(before, add), after);
    parsePolicy(after, FILE);
  });
}

const RULES = '# x of old\n\n# first\n# x of late\n[[syscalls.rules]]\nsyscall = "a"\n# x';

test('a comment above a table is replaced', () => {
  const reworded = (text: string, line: number) =>
    editPolicy(RULES, [
      { kind: 'comment', like: /^# x(.*)$/m, text, above: { file: FILE, line, column: 1 } },
    ]);
  assert.equal(reworded('# y$1', 5), RULES.replace('# x of late', '# y of late'));
  assert.equal(reworded('# y', 3), RULES);
});

const MANY = Array.from({ length: 12 }, (_, i) => `a_long_name_${i}`);

const ADDED: readonly [before: string, add: string[], after: string | undefined][] = [
  ['[syscalls]\nallow = ["a"] # why\n', ['b', 'c'], '[syscalls]\nallow = ["a", "b", "c"] # why\n'],
  ["[syscalls]\nallow = ['a' , ]\n", ['b'], '[syscalls]\nallow = [\'a\', "b" , ]\n'],
  [
    '[syscalls]\nallow = [\n\t"a", # one\n\t"b",  # two, and ]\n\t# three\n]\nunknown = "kill"\n',
    ['c'],
    '[syscalls]\nallow = [\n\t"a", # one\n\t"b",  # two, and ]\n\t# three\n\t"c",\n]\nunknown = "kill"\n',
  ],
  [
    '[syscalls]\nallow = [\n    "a",\n    "b" # two\n  ]\n',
    ['c', 'd'],
    '[syscalls]\nallow = [\n    "a",\n    "b", # two\n    "c", "d"\n  ]\n',
  ],
  ['[syscalls]\nallow = ["a",\n]\n', ['b'], '[syscalls]\nallow = ["a",\n  "b",\n]\n'],
  ['[syscalls] # calls\ndeny = ["x"]\n', ['b'], '[syscalls] # calls\nallow = ["b"]\ndeny = ["x"]\n'],
  ['extends = ["base"]', ['b'], 'extends = ["base"]\n\n[syscalls]\nallow = ["b"]\n'],
  [
    '[syscalls]\r\nallow = [\r\n  "a",\r\n]\r\n',
    ['b'],
    '[syscalls]\r\nallow = [\r\n  "a",\r\n  "b",\r\n]\r\n',
  ],
  ['[syscalls]\r\nallow = ["a"]\n', ['b'], undefined],
  ['[syscalls]\nallow = ["a", """b"""]\n', ['c'], undefined],
  ['[syscalls]\nallow = ["a"\n, ]\n', ['c'], undefined],
];

for (const [before, add, after] of ADDED) {
  test(`adding ${JSON.stringify(add)} to ${JSON.stringify(before)}`, () => {
    assert.equal(edited(before, { add }), after);
    if (after === undefined) return;
    const names = parsePolicy(after, FILE).policy.syscalls!.allow!.map(({ name }) => name);
    const had = parsePolicy(before, FILE).policy.syscalls?.allow?.map(({ name }) => name) ?? [];
    assert.deepEqual(names, [...had, ...add]);
  });
}

test('many names give readable lines', () => {
  const one = edited('[syscalls]\nallow = ["a"]\n', { add: MANY })!;
  assert.match(one, /^\[syscalls\]\nallow = \["a",\n {2}"a_long_name_0", .*,\n(?: {2}".*,\n)+\]\n$/);
  const none = edited('[syscalls]\n', { add: MANY })!;
  assert.match(none, /^\[syscalls\]\nallow = \[\n(?: {2}".*,\n)+\]\n$/);
  for (const text of [one, none]) {
    assert.ok(text.split('\n').every((line) => line.length <= 100));
    assert.deepEqual(
      parsePolicy(text, FILE).policy.syscalls!.allow!.length,
      MANY.length + (text === one ? 1 : 0),
    );
  }
});

const TAKEN: readonly [before: string, out: string[], after: string][] = [
  ['[syscalls]\ndeny = ["a", "b", "c"]\n', ['b'], '[syscalls]\ndeny = ["a", "c"]\n'],
  ['[syscalls]\ndeny = ["a", "b"]\n', ['b'], '[syscalls]\ndeny = ["a"]\n'],
  ['[syscalls]\ndeny = ["a", "b"]\n', ['a', 'b'], '[syscalls]\ndeny = []\n'],
  ['[syscalls]\ndeny = [\n  "a", "b",\n  "c",\n]\n', ['a', 'b'], '[syscalls]\ndeny = [\n  "c",\n]\n'],
  ['[syscalls]\ndeny = [\n  "a", "b",\n  "c"\n]\n', ['b', 'c'], '[syscalls]\ndeny = [\n  "a",\n]\n'],
  ['[syscalls]\ndeny = [\n  "a", # why\n  "b:EPERM",\n]\n', ['a', 'b'], '[syscalls]\ndeny = [\n  # why\n]\n'],
];

for (const [before, out, after] of TAKEN) {
  test(`removing ${JSON.stringify(out)} from ${JSON.stringify(before)}`, () => {
    assert.equal(edited(before, { out }), after);
    parsePolicy(after, FILE);
  });
}

test('new tables precede the comment of the following one, or come last', () => {
  const text = '[syscalls]\n# sockets\n# of all kinds\n[[syscalls.rules]]\nsyscall = "socket"\n\n[apply]\n';
  const insert = (before: { line: number } | undefined, of = text) =>
    edited(of, {
      more: () => [
        { kind: 'insert', text: '[[new]]', before: before && { file: FILE, column: 1, ...before } },
      ],
    });
  assert.equal(insert({ line: 4 }), text.replace('# sockets', '[[new]]\n\n# sockets'));
  assert.equal(insert(undefined), `${text}\n[[new]]\n`);
  assert.equal(insert({ line: 5 }), undefined, 'a list of inline tables has no header');
  assert.equal(insert({ line: 99 }), undefined);
});

test('a string replaces another, and nothing else', () => {
  const text = '[[expect]]\naction = "kill" # for good\nsyscall = "a"\n';
  const replace = (column: number, length: number) =>
    editPolicy(text, [{ kind: 'replace', at: { file: FILE, line: 2, column, length }, text: '"allow"' }]);
  assert.equal(replace(10, 6), text.replace('kill', 'allow'));
  assert.equal(replace(9, 6), undefined);
  assert.equal(replace(10, 9), undefined);
});

test('two edits of one part are refused', () => {
  const at = { file: FILE, line: 1, column: 5, length: 3 };
  const edit = { kind: 'replace', at, text: '"c"' } as const;
  assert.equal(editPolicy('a = "b"\n', [edit]), 'a = "c"\n');
  assert.equal(editPolicy('a = "b"\n', [edit, edit]), undefined);
});

const gap = fc
  .array(fc.constantFrom(' ', '\n', '  ', '\t', '# a, "b" ] [\n', '\n# c\n'), { maxLength: 4 })
  .map((parts) => parts.join(''));
const list = fc.array(fc.tuple(gap, fc.constantFrom('"', "'"), gap), { minLength: 1, maxLength: 5 });
const comments = (text: string) => text.match(/#.*/g) ?? [];

test('entries come and go in any layout of a list, and comments stay', () => {
  fc.assert(
    fc.property(list, list, gap, gap, fc.boolean(), fc.nat(), (allow, deny, end, last, trailing, which) => {
      const written = (name: string, entries: typeof allow) => {
        const texts = entries.map(
          ([before, quote, after], i) => `${before}${quote}${name}${i}${quote}${after}`,
        );
        return `[${texts.join(',')}${trailing ? `,${end}` : ''}]`;
      };
      const text = `[syscalls]\nallow = ${written('a', allow)}\ndeny = ${written('d', deny)} # ${last.trim()}\n`;
      const out = deny.map((_, i) => `d${i}`).filter((_, i) => (which >> i) % 2 === 1);
      const after = edited(text, { add: ['x', 'y'], out });
      if (after === undefined) return;
      assert.deepEqual(comments(after), comments(text));
      let section: ReturnType<typeof parsePolicy>['policy']['syscalls'];
      try {
        section = parsePolicy(after, FILE).policy.syscalls!;
      } catch {
        // A comma in a line of its own is left without an element, which no caller takes.
        assert.ok(/^[ \t]*(?:#.*)?,|#.*\n[ \t]*,/m.test(text), after);
        return;
      }
      const names = section.allow!.map(({ name }) => name);
      assert.deepEqual(names, [...allow.map((_, i) => `a${i}`), 'x', 'y']);
      const found = section.deny.map(({ name }) => name);
      assert.deepEqual(
        found,
        deny.map((_, i) => `d${i}`).filter((name) => !out.includes(name)),
      );
    }),
    { numRuns: 2000 },
  );
});
