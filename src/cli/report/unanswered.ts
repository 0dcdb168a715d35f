/** Outcomes of plans that ask more of a machine than its facts have. */
import { shortList } from '../../collections.js';
import { EXIT, error } from '../../diagnostic.js';
import type { Unanswered } from '../../machine/recorded/recorded.js';
import type { Outcome } from '../../outcome.js';

/** Names that ssh(1) and a shell take as they are; that in facts is what another machine says. */
const HOST_NAME = /^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/;

/** The most units that a message names. */
const MOST_UNITS = 3;

/** The command line that has asked. */
export interface Asking {
  readonly json?: boolean;
  readonly quiet?: boolean;
  /** The files of facts that were given. */
  readonly facts?: readonly string[];
}

/** The outcome where the machine that facts tell of has to be asked more: the command for it is the text. */
export function unansweredOutcome(open: Unanswered, { json, quiet, facts = [] }: Asking): Outcome {
  const { host, questions, words } = open;
  const where = json
    ? "run the facts script with the 'words' of this object as arguments"
    : quiet
      ? 'run this without --quiet, then run the printed command'
      : 'run the printed command, with the address of that machine';
  const hint = words
    ? `${ifNameIsRight(open)}${where}; pass its output with another --facts`
    : 'plan it on that machine: the script takes no names with control characters';
  const to = HOST_NAME.test(host) ? host : 'HOST';
  // A file of an earlier round must stay.
  const file = `${to}.more${facts.length > 1 ? facts.length : ''}`;
  const text = words
    ? `sandbox-unit facts --script | ssh root@${to} sh -s -- ${words.join(' ')} >${file}\n`
    : '';
  const message = `the facts of ${host || 'the machine'} ${lacking(open)}`;
  return {
    ...{ exit: EXIT.findings, json: { questions, words: words ?? [] }, text },
    ...{ diagnostics: [error('unanswered', message, { hint })], sources: new Map() },
  };
}

/** The end of a sentence that names what a machine has not told. */
export function lacking({ questions, unknown, known }: Unanswered): string {
  if (unknown !== undefined) {
    const others = known.length > 0 ? `, only ${shortList(known, MOST_UNITS)}` : '';
    return `do not include ${unknown}${others}`;
  }
  return `lack the answers to ${questions.length === 1 ? 'a question' : `${questions.length} questions`} of the plan`;
}

/** The begin of a hint: a unit of which nothing is told may be misspelt. */
export const ifNameIsRight = ({ unknown }: Unanswered): string =>
  unknown === undefined ? '' : 'if the name is right, ';
