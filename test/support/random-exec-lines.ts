import fc from 'fast-check';

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: systemd's own notation
/** What the words of command lines are made of. */
const PARTS = [
  ...[
    '"',
    "'",
    '\\',
    ' ',
    '  ',
    '\t',
    ';',
    ' ; ',
    ' \\; ',
    ' ";" ',
    '\\x41',
    '\\x20',
    '\\x24',
    '\\s',
    '\\t',
    '\\q',
    '\\101',
  ],
  ...[
    '\\400',
    '\\u00e9',
    '\\\\',
    '\\"',
    "\\'",
    '$A',
    '${A}',
    '$$',
    '$',
    '%%',
    '%n',
    'x',
    'é',
    '=',
    '#',
    '[',
    '""',
    "''",
    '~',
  ],
];

// biome-ignore-end lint/suspicious/noTemplateCurlyInString: as above

/**
 * Command lines, most of them valid. None has bytes above 0x7f escaped, which the bus could not carry.
 * @param beginnings good first words
 */
export const execLines = (beginnings: readonly string[]): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.string({ unit: fc.constantFrom('-', '@', ':', '!', '+'), maxLength: 3 }),
      fc.oneof(
        { weight: 3, arbitrary: fc.constantFrom(...beginnings) },
        { weight: 1, arbitrary: fc.constantFrom(...PARTS) },
      ),
      fc.array(fc.constantFrom(...PARTS, ' ', ' ', ' x', ' y '), { maxLength: 12 }),
    )
    .map(([prefixes, path, rest]) => `${prefixes}${path}${rest.join('')}`);
