import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { UserError } from '../../../src/diagnostic.js';
import { parseUnitFile } from '../../../src/systemd/unit/unit-file.js';
import { type NewSection, writeUnitFile } from '../../../src/systemd/unit/write-unit-file.js';

test('sections, entries and comments are written in order', () => {
  const text = writeUnitFile(
    [
      { section: 'Unit', entries: [{ key: 'After', value: 'a' }] },
      {
        section: 'Service',
        entries: [
          { key: 'ExecStart', value: '' },
          { key: 'User', value: 'true', comment: 'service.User' },
          { key: 'ExecStart', value: '/usr/bin/env A=b ; "c # d"' },
        ],
      },
      { section: 'Empty', entries: [] },
      { section: 'Unit', entries: [{ key: 'X-a', value: 'v0' }] },
    ],
    ['made by hand', ''],
  );
  assert.equal(
    text,
    `# made by hand
#

[Unit]
After=a

[Service]
ExecStart=
# service.User
User=true
ExecStart=/usr/bin/env A=b ; "c # d"

[Unit]
X-a=v0
`,
  );
});

test('comments stay comments, whatever they contain', () => {
  const text = writeUnitFile(
    [{ section: 'S', entries: [{ key: 'A', value: '1', comment: 'x\nUser=root\r\0\\' }] }],
    ['a\n[Service]', 'back\\slashes\\\\\\', '\u2028x'],
  );
  assert.equal(
    text,
    '# a\\x0a[Service]\n# back\\slashes///\n# \\u2028x\n\n[S]\n# x\\x0aUser=root\\x0d\\x00/\nA=1\n',
  );
});

const refused: [string, string, string, string][] = [
  ['a line break', 'S', 'A', 'x\nUser=root'],
  ['a carriage return', 'S', 'A', 'x\ry'],
  ['NUL', 'S', 'A', 'x\0y'],
  ['a trailing backslash', 'S', 'A', 'x\\'],
  ['three trailing backslashes', 'S', 'A', 'x\\\\\\'],
  ['white space in front', 'S', 'A', ' x'],
  ['white space behind', 'S', 'A', 'x\t'],
  ['half a surrogate pair', 'S', 'A', 'x\ud800'],
  ['a noncharacter', 'S', 'A', '\uffff'],
  ['a line of 1 MiB', 'S', 'A', 'x'.repeat(1024 * 1024 - 2)],
  ['a key with a space', 'S', 'A B', 'x'],
  ['a key with a line break', 'S', 'A\nB', 'x'],
  ['an empty key', 'S', '', 'x'],
  ['a key that starts a comment', 'S', '#A', 'x'],
  ['a section with a bracket', 'S]', 'A', 'x'],
  ['a section with a line break', 'S\n', 'A', 'x'],
];

for (const [name, section, key, value] of refused) {
  test(`${name} is not written`, () => {
    assert.throws(
      () => writeUnitFile([{ section, entries: [{ key, value }] }], []),
      (e) => e instanceof UserError && e.diagnostics[0]?.code === 'policy-value',
    );
  });
}

/** What was read of a file, as something to write. */
function asSections(text: string): NewSection[] {
  return parseUnitFile('x', text).assignments.map(({ section, key, value }) => ({
    section,
    entries: [{ key, value }],
  }));
}

const readable = (text: string) =>
  parseUnitFile('x', text).assignments.map((a) => [a.section, a.key, a.value]);

const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,8}$/);
const value = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.string({
      unit: fc.constantFrom('\\', '"', ' ', ';', '#', '=', '[', ']', 'v0', 'k1', '%', '$'),
      maxLength: 20,
    }),
  )
  .map((text) => text.replace(/[\n\r\0\p{Surrogate}\p{Noncharacter_Code_Point}]/gu, ''))
  .map((text) => text.replace(/^[ \t]+|[ \t\\]+$/g, ''));

test('any written file reads back', () => {
  const entry = fc.record({ key: name, value }, { requiredKeys: ['key', 'value'] });
  const sections = fc.array(fc.record({ section: name, entries: fc.array(entry, { maxLength: 5 }) }), {
    maxLength: 5,
  });
  fc.assert(
    fc.property(sections, fc.array(fc.string({ unit: 'binary' })), (list, header) => {
      const text = writeUnitFile(list, header);
      const expected = list.flatMap(({ section, entries }) => entries.map((e) => [section, e.key, e.value]));
      assert.deepEqual(readable(text), expected);
      assert.deepEqual(parseUnitFile('x', text).diagnostics, []);
    }),
    { numRuns: 1000 },
  );
});

const SERVICES = '/usr/lib/systemd/system';
const services = readdirSync(SERVICES, { withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.service'))
  .map((entry) => entry.name);

test('every service of this machine reads back after it was written', {
  skip: services.length === 0 && 'no services here',
}, () => {
  for (const service of services) {
    const text = readFileSync(`${SERVICES}/${service}`, 'utf8');
    assert.deepEqual(readable(writeUnitFile(asSections(text), [])), readable(text), service);
  }
});
