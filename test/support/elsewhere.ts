/** Command lines of documents that no test runs as they are written, and what is tried in their place. */
import type { Document } from './document.js';

/** Of a document, by its path: what its command lines begin with, and why none of them is run. */
type Row = readonly [document: RegExp, commands: RegExp, why: string];

export const ELSEWHERE: readonly Row[] = [
  [
    /^(?:README\.md|docs\/)/,
    /^npm (?:run|test)\b/,
    'it runs in the sources, and builds or boots: it is the tests, the benchmarks or the demonstration, which test/booted/readme.test.ts shows',
  ],
  [
    /^(?:README|docs\/(?:first-service|install))\.md$/,
    /^npm (?:pack|install|uninstall)\b/,
    'it asks a registry: test/package.test.ts makes that package and installs it without one',
  ],
  [
    /^(?:README\.md|docs\/)/,
    /^apt-get install /,
    'it asks Debian for packages, which the machine of the pages has, or takes built ones: test/booted/packages.test.ts installs those',
  ],
  [
    /^docs\/install\.md$/,
    /^(?:systemctl enable --now |cp \/usr\/share\/doc\/)/,
    'it takes a .deb: test/booted/packages.test.ts runs it where one is installed',
  ],
  [
    /^integrations\/ansible\/README\.md$/,
    /^ansible-galaxy /,
    'it takes Ansible: test/integrations/ builds the collection and installs it',
  ],
];

/** Why no test runs this command line of a document; undefined for one that is to be run. */
export const whyElsewhere = (document: string, command: string): string | undefined =>
  ELSEWHERE.find(([documents, commands]) => documents.test(document) && commands.test(command))?.[2];

/** The command lines of a document that are to be run, with its path. */
export const commandsToRun = ({ path, steps }: Document): string[] =>
  steps.flatMap((step) =>
    step.kind === 'command' && whyElsewhere(path, step.command) === undefined
      ? `${path}: ${step.command}`
      : [],
  );
