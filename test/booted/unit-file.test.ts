import assert from 'node:assert/strict';
import fc from 'fast-check';
import { effectiveUnit } from '../../src/systemd/unit/effective.js';
import { nextWord, wordText } from '../../src/systemd/unit/exec/word.js';
import { parseUnitFile } from '../../src/systemd/unit/unit-file.js';
import { changeFiles, unitProperties } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { seed } from '../support/seed.js';
import { inputs } from '../support/thorough.js';

const { box, test } = machine('unit-file', { launcher: false });

const MIB = 1024 * 1024;
const bytes = (...parts: (string | number)[]) =>
  Uint8Array.from(
    parts.flatMap((part) => (typeof part === 'string' ? [...new TextEncoder().encode(part)] : [part])),
  );

/** Things that files are made of; `§` becomes a number of its own, so that order and loss can be seen. */
const GOOD = [
  'Environment=A§=x\n',
  'Environment = B§=y\r\n',
  ' Environment=C§=z \\\n',
  '\\\nEnvironment=D§=v\r',
  '[Service]\n',
];
const ENDS = ['\n', '\r\n', '\r', '\0', '\n\r', '\n\0', '\\\n', '\\\\\n', ' \\\r\n', '\\ \n'];
const ODD = [
  ...[
    'Environment=E§=x',
    'Environment=\n',
    '[Unit]\n',
    '[X-a]\n',
    '[]\n',
    ' [Service] \n',
    '# ',
    '; ',
    '#\n',
    '#\\\n',
    '  ;\\\n',
  ],
  ...['\t', ' ', '=', '\\', 'X-Y=1\n', 'Foo=1\n', 'é', '\u00a0', '\ufeff', '\ue000'],
];
const FATAL = ['[Servic', '[a"b]\n', '[a\tb]\n', '[\n', 0xff, 0xc3, '\ufdd0', '\u{1fffe}', 0xc0];

const file = fc
  .array(
    fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom(...GOOD) },
      { weight: 10, arbitrary: fc.constantFrom(...ENDS) },
      { weight: 10, arbitrary: fc.constantFrom(...ODD) },
      { weight: 1, arbitrary: fc.constantFrom(...FATAL) },
    ),
    { maxLength: 40, size: 'max' },
  )
  .map((parts) => {
    let count = 0;
    const numbered = parts.map((p) => (typeof p === 'string' ? p.replaceAll('§', () => `${count++}`) : p));
    return bytes('[Service]\n', ...numbered);
  });

const long = (length: number, text: string) => `${text}${'x'.repeat(length - text.length)}`;
const files: Uint8Array[] = [
  bytes(0xef, 0xbb, 0xbf, '[Service]\nEnvironment=A=1\n'),
  bytes(`[Service]\n${long(MIB, '#')}\nEnvironment=A=1\n`),
  bytes(`[Service]\n${long(MIB - 1, '#')}\nEnvironment=A=1\n`),
  bytes(`[Service]\n${long(MIB / 2, 'X-A=')}\\\n${long(MIB / 2 - 1, '')}\nEnvironment=A=1\n`),
  bytes(`[Service]\n${long(MIB / 2, 'X-A=')}\\\n${long(MIB / 2, '')}\nEnvironment=A=1\n`),
  bytes('[Service]\nEnvironment=A=1\\'),
  ...fc.sample(file, { ...inputs(500), seed }),
];

/** The property Environment of a unit with a file as its only drop-in, by our own reading. */
function environment(content: Uint8Array): string[] {
  const found = new Map<string, string>();
  for (const { value } of effectiveUnit([parseUnitFile('x.conf', content)]).list('Service', 'Environment')) {
    for (let at = 0; ; ) {
      const word = nextWord(value, at, { quotes: true, escapes: 'c' });
      if (word === undefined || word === 'malformed') break;
      const text = wordText(word.pieces);
      const name = /^[A-Za-z_]\w*(?==)/.exec(text)?.[0];
      if (name !== undefined) found.set(name, text);
      at = word.next;
    }
  }
  return [...found.values()];
}

test('unit files are read as systemd reads them', async () => {
  const units = files.map((_, i) => `file${i}.service`);
  await changeFiles(
    box,
    Object.fromEntries(
      units.flatMap((unit, i) => [
        [`/etc/systemd/system/${unit}`, '[Service]\nExecStart=/bin/true\n'],
        [`/etc/systemd/system/${unit}.d/x.conf`, files[i]],
      ]),
    ),
  );
  const found = await unitProperties(box, units, ['Service.Environment']);
  for (const [i, content] of files.entries()) {
    const text = JSON.stringify(Buffer.from(content).toString('latin1')).slice(0, 2000);
    assert.deepEqual(found[i]![0], environment(content), `seed ${seed}, bytes ${text}`);
  }
  assert.ok(
    found.filter(([list]) => (list as string[]).length > 1).length > 50,
    'too few files say anything',
  );
});
