/** `docs/when-something-breaks.md`, made from the entries of all codes. */
import type { Entries } from '../../src/codes/entry.js';
import { SUBJECTS } from '../../src/codes/subjects.js';

const HEAD = `# When something breaks

A message names its code in brackets: \`error[no-unit]: …\`. \`sandbox-unit help CODE\` prints the entry of this page for a code.
The message itself has the names, and usually a hint with the command to run.

An error stops the command or is a finding; warnings and notes are neither. UNIT stands for the name of a unit, FILE for a
policy file. Add \`--user\` for units of your own.
`;

/** The link to a heading, as GitHub and others make it. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^a-z -]/g, '')
    .replaceAll(' ', '-');

const partOf = ({ heading, entries }: { readonly heading: string; readonly entries: Entries }): string => {
  const all = Object.entries(entries);
  const short = all.flatMap(([code, entry]) =>
    typeof entry === 'string' ? [`- \`${code}\`: ${entry}\n`] : [],
  );
  const long = all.flatMap(([code, entry]) =>
    typeof entry === 'string' ? [] : [`### ${code}\n\n${entry.cause}\n\n**Way out:** ${entry.wayOut}\n`],
  );
  return [`## ${heading}\n`, ...(short.length > 0 ? [short.join('')] : []), ...long].join('\n');
};

/** The text of the page. */
export function codesPage(): string {
  const list = SUBJECTS.map(({ heading }) => `- [${heading}](#${anchorOf(heading)})\n`).join('');
  return [HEAD, list, ...SUBJECTS.map(partOf)].join('\n');
}
