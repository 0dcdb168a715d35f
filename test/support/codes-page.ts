/** `docs/when-something-breaks.md`, made from the entries of all codes. */
import type { Entries } from '../../src/codes/entry.js';
import { SUBJECTS } from '../../src/codes/subjects.js';

const HEAD = `# When something breaks

A message names its code in brackets: \`error[no-unit]: …\`. Below is each code with its cause and the way out.
\`sandbox-unit help CODE\` prints one of them at the terminal. The message itself has the names, and mostly a hint with the
command that fits.

An error keeps the command from its work, or is a finding. A warning and a note do not. UNIT stands for the unit's name,
FILE for a policy's file. Units of a user's own take \`--user\`.
`;

/** The link to a heading, as GitHub and others make it. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^a-z -]/g, '')
    .replaceAll(' ', '-');

const partOf = ({ heading, entries }: { readonly heading: string; readonly entries: Entries }): string => {
  const each = Object.entries(entries).map(
    ([code, { cause, wayOut }]) => `### ${code}\n\n${cause}\n\n**Way out:** ${wayOut}\n`,
  );
  return [`## ${heading}\n`, ...each].join('\n');
};

/** The text of the page. */
export function codesPage(): string {
  const list = SUBJECTS.map(({ heading }) => `- [${heading}](#${anchorOf(heading)})\n`).join('');
  return [HEAD, list, ...SUBJECTS.map(partOf)].join('\n');
}
