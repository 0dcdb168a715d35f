import type { Directive } from './directive.js';

/** Values that leave a service as it would be without a directive. */
const OFF: ReadonlySet<unknown> = new Set([undefined, false, '', 'no', 'all', 'default']);

/** Whether a directive does something to a service. @param value of its property; undefined where there is none */
export function isOn({ kind }: Directive, value: unknown): boolean {
  if (value === undefined) return false;
  if (kind.isOff) return !kind.isOff(value);
  return Array.isArray(value) ? value.length > 0 : !OFF.has(value);
}
