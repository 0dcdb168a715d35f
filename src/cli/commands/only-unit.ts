import { failure } from '../../diagnostic.js';

/** The one unit among the operands of `learn`. @throws UserError `usage` */
export function onlyUnit(operands: readonly string[]): string {
  if (operands.length === 1) return operands[0]!;
  throw failure('usage', 'one unit is expected', { hint: "see 'sandbox-unit learn --help'" });
}
