/** `docs/when-something-breaks.md`, made from the entries of all codes. */
import type { Entries } from '../../src/codes/entry.js';
import { SUBJECTS } from '../../src/codes/subjects.js';

const HEAD = `# When something breaks

## A confined service can't do something

\`sandbox-unit explain UNIT\` names the line of the policy that refused it. \`explain --write\` changes that line, and
\`apply\` puts the change into force. The service \`sandbox-unit-watch.service\` keeps what is refused, also that which leaves no record.

These ten are the most common:

| What fails | Usually refused by | A line that allows it |
| --- | --- | --- |
| A file can't be written: \`Read-only file system\` | \`ProtectSystem\` | \`ReadWritePaths = ["/srv/uploads"]\` |
| A file of a home directory isn't there, or can't be read | \`ProtectHome\` | \`ProtectHome = "read-only"\` |
| A socket or file in \`/tmp\` isn't there, though others see it | \`PrivateTmp\` | remove the line |
| \`chown\`, \`setuid\` or the like: \`Operation not permitted\` | \`CapabilityBoundingSet\` | add \`"CAP_CHOWN"\` |
| A device isn't there, or can't be opened | \`PrivateDevices\`, \`DevicePolicy\` | \`DeviceAllow = ["/dev/ttyS0 rw"]\` |
| A socket: \`Address family not supported\` | \`RestrictAddressFamilies\` | add \`"AF_NETLINK"\` |
| A port can't be bound: \`Operation not permitted\` | \`SocketBindDeny\` | \`SocketBindAllow = ["tcp:8080"]\` |
| A just-in-time compiler: memory can't be made executable | \`MemoryDenyWriteExecute\` | remove the line |
| A sandbox of the service itself: \`unshare\` or \`clone\` fails | \`RestrictNamespaces\` | \`RestrictNamespaces = ["user"]\` |
| A program can't be started | \`[syscalls]\` | \`execve\` in \`allow\`: see [Exec where it is needed](exec-where-needed.md) |

## Messages

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
