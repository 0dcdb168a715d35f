/** Signals and exit statuses. */

import { signalNumber, statusNumber } from '../../../unit/exit-status.js';
import type { ValueKind } from '../../directive.js';
import { property } from '../../values/bus.js';
import { quotedWordsKind, quotedWordsOf } from '../../values/quoted-words.js';
import { oneText } from '../../values/text.js';

export const SIGNAL: ValueKind = {
  type: 'signal',
  signature: 'i',
  format: oneText("a signal such as 'SIGTERM'", (text) => signalNumber(text) !== undefined),
  write: ({ bus }, values) => [property(bus, signalNumber(values.at(-1)!))],
};

/** A number that could be either is a status. */
export const EXIT_STATUSES: ValueKind = quotedWordsKind({
  type: 'exit-statuses',
  signature: '(aiai)',
  expected: "exit statuses and signals such as '1 TEMPFAIL SIGKILL'",
  isGood: (word) =>
    statusNumber(word) !== undefined || (!/^\d/.test(word) && signalNumber(word) !== undefined),
  write: ({ bus }, values) => {
    const words = quotedWordsOf(values);
    const signals = words.filter((word) => statusNumber(word) === undefined);
    const statuses = words.filter((word) => statusNumber(word) !== undefined);
    return [property(bus, [statuses.map(statusNumber), signals.map(signalNumber)])];
  },
});
