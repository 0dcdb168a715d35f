/** Actions as policies write them and as reports show them. */
import { type Action, ALLOW, errnoAction, errnoOf, KILL, LOG } from './action.js';
import { errnoName, errnoNames, errnoNumber } from './errno.js';

/**
 * Highest errno that a policy may name. The kernel knows 4095 too, but systemd's libseccomp refuses to load a filter
 * with it, and a line of a policy must work whoever enforces it.
 */
const MAX_POLICY_ERRNO = 4094;

/**
 * The action of a refused call: `kill`, `log`, an errno's name or its number, 1 to 4094, as text or as a number.
 * 0 is none: the kernel would skip the call and report success.
 * @returns undefined for anything else; "allow" too, which only argument rules have
 */
export function parseAction(text: string | number | bigint): Action | undefined {
  if (text === 'kill') return KILL;
  if (text === 'log') return LOG;
  const number = typeof text === 'string' ? (errnoNumber(text) ?? decimal(text)) : Number(text);
  const valid = number !== undefined && Number.isInteger(number) && number >= 1 && number <= MAX_POLICY_ERRNO;
  return valid ? errnoAction(number) : undefined;
}

const decimal = (text: string) => (/^[1-9]\d{0,3}$/.test(text) ? Number(text) : undefined);

/** The words that parseAction takes, for suggestions. */
export const actionWords = (): string[] => ['kill', 'log', ...errnoNames()];

/**
 * An action as text that parseAction reads back: `kill`, `log`, `EPERM`, `200` for an errno without a name;
 * also `allow`. What no policy can say (a filter of someone else's may) is shown as the kernel's value, `0x00030000`.
 */
export function formatAction(action: Action): string {
  if (action === ALLOW) return 'allow';
  if (action === LOG) return 'log';
  if (action === KILL) return 'kill';
  const errno = errnoOf(action);
  if (errno !== undefined) return errnoName(errno) ?? String(errno);
  return `0x${action.toString(16).padStart(8, '0')}`;
}
