/** The call table of the native helper, from the rows of numbersTable. */

/** @param source what the numbers are from @param rows a line of headings, then one line a call */
export function nativeCallsText({ source, rows }) {
  const [heading, ...calls] = rows.map((row) => row.split(' '));
  const columns = ['x86-64', 'arm64'].map((abi) => heading.indexOf(abi));
  const lines = calls.map((row) => {
    const numbers = columns.map((column) => (row[column] === '-' ? 'CALL_ABSENT' : row[column]));
    return `CALL(${[row[0], ...numbers].join(', ')})`;
  });
  return `/* Written by scripts/generate-tables.mjs: change that, not this. */
/* Source = '${source}': CALL(name, number on x86-64, number on arm64) */
${lines.join('\n')}
`;
}
