import type { Entries } from './entry.js';

/** Other hosts: facts, and files made for them. */
export const FACTS = {
  unanswered: {
    cause:
      'The plan asked the other machine something that its facts do not have. Or they are of other units: then the error names these.',
    wayOut:
      'See that the name of the unit is right. Run the command that is printed, and give what it prints as a further `--facts`. Two or three rounds are enough.',
  },
  'no-facts': {
    cause: 'The file or folder of facts is not there, or has no file of the name `HOST.facts`.',
    wayOut: 'Gather the facts on the host with `sandbox-unit facts --script`, and keep them under that name.',
  },
  'bad-facts': {
    cause:
      'The file of facts is damaged, or was not written by the script of `sandbox-unit facts`. Or the files are of several machines, which may have one name.',
    wayOut: 'Gather the facts anew. Nothing may be edited in them, nor printed among them.',
  },
  'facts-failed': {
    cause: 'The script that gathers facts failed. The message has its own words.',
    wayOut: 'Mend what it names, and gather the facts anew.',
  },
  hosts: {
    cause:
      'The note names the hosts that the other messages of one plan are about. All of them have the same answers.',
    wayOut: 'Nothing.',
  },
  'bad-path': {
    cause: 'A path has control characters, and the script for a host without Node takes a path a line.',
    wayOut: 'Rename the file on that host.',
  },
  'files-gone': {
    cause:
      'Files of earlier runs were for hosts whose answers have changed, or that are gone. No host has them any more.',
    wayOut: 'Nothing. They were removed, since nobody had changed them.',
  },
  'files-stay': {
    cause:
      'Not every host has a plan: its facts have an error, or are not enough. Files of earlier runs may still be for such a host.',
    wayOut: 'Mend what the other errors say, and run it again: then files that no host has any more go.',
  },
} as const satisfies Entries;
