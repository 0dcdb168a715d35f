/** Bytes or tasks, or a share of the machine's. */

import type { ValueKind, ValueReading, WriteDirective } from '../../directive.js';
import { natural, parsePercent, parseSize, shareOf } from '../../values/amounts.js';
import { INFINITY } from '../../values/bus.js';
import { scalarKind } from '../../values/scalar.js';
import { reject, scalar } from '../../values/text.js';

interface Size {
  /** 0 is a limit too. */
  readonly zero?: boolean;
  readonly infinity?: boolean;
  /** The word `off` is the default. */
  readonly off?: boolean;
}

export const size = (kind: Size): ValueKind => {
  const plain = scalarKind({
    type: 'size',
    signature: kind.off ? '(tus)' : 't',
    format: (reading, value) => formatSize(reading, value, kind),
    expected: (text) => amountOf(text, kind),
  });
  return { ...plain, write: orShare(plain.write) };
};

function formatSize(reading: ValueReading, value: unknown, kind: Size): string[] | undefined {
  const word = kind.infinity ? ", a percentage or 'infinity'" : ", a percentage or 'off'";
  const expected = `a size such as '512M'${word}`;
  const text = scalar(reading, value, expected);
  if (text === undefined) return undefined;
  if ((kind.infinity && text === 'infinity') || (kind.off && text === 'off')) return [text];
  const amount = text.endsWith('%') ? parsePercent(text, 100) : parseSize(text, 1024);
  if (amount === undefined) return reject(reading, expected, text);
  return amount > 0 || kind.zero ? [text] : reject(reading, `${expected} above zero`, text);
}

/** The manager keeps a share as an amount of what the machine has, so that it is unknown here. */
function amountOf(text: string, { off }: Size): unknown {
  if (text === 'infinity' && !off) return INFINITY;
  const amount = parseSize(text, 1024);
  return off && amount !== undefined ? [amount, 0xffffffff, 'yes'] : amount;
}

const plainTasks = scalarKind({
  type: 'tasks',
  signature: 't',
  format: (reading, value) => {
    const expected = "a number of tasks, a percentage or 'infinity'";
    const text = scalar(reading, value, expected);
    if (text === undefined || text === 'infinity') return text && [text];
    const amount = text.endsWith('%') ? parsePercent(text, 100) : natural(text);
    return amount ? [text] : reject(reading, `${expected}, above zero`, text);
  },
  expected: (text) => (text === 'infinity' ? INFINITY : text.endsWith('%') ? undefined : Number(text)),
});

/** A share has a property of its own. */
function orShare(amount: WriteDirective): WriteDirective {
  return (row, values, systemd) => {
    const text = values.at(-1)!;
    if (text === 'off') return [];
    const part = text.endsWith('%') ? parsePercent(text, 10_000) : undefined;
    if (part === undefined) return amount(row, values, systemd);
    return [{ name: `${row.bus.property}Scale`, signature: 'u', value: Number(shareOf(part)) }];
  };
}

export const TASKS: ValueKind = { ...plainTasks, write: orShare(plainTasks.write) };
