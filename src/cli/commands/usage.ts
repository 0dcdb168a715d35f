import { failure, type UserError } from '../../diagnostic.js';

/** The error about a command line that a verb can't do. */
export const wrongUsage = (verb: string, message: string): UserError =>
  failure('usage', message, { hint: `see 'sandbox-unit ${verb} --help'` });

/** The one unit among the operands of `learn`. @throws UserError `usage` */
export function onlyUnit(operands: readonly string[]): string {
  if (operands.length === 1) return operands[0]!;
  throw wrongUsage('learn', 'one unit is expected');
}
