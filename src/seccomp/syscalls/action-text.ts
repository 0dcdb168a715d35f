/** Actions as policies write them and as reports show them. */
import { type Action, ALLOW, errnoAction, errnoOf, KILL, LOG } from './action.js';
import { errnoName, errnoNames, errnoNumber } from './errno.js';

/**
 * Highest errno that a policy may name. The kernel knows 4095 too, but systemd's libseccomp refuses a filter with it,
 * and a policy must work with every enforcer.
 */
const MAX_POLICY_ERRNO = 4094;

/**
 * The action of a refused call: `kill`, `log`, an errno's name, or its number from 1 to 4094, as text or as a number.
 * The errno 0 is refused, since the kernel would skip the call and report success.
 * @returns undefined for any other text; also for `allow`, which only argument rules have
 */
export function parseAction(text: string | number | bigint): Action | undefined {
  if (text === 'kill') return KILL;
  if (text === 'log') return LOG;
  const number = typeof text === 'string' ? (errnoNumber(text) ?? decimal(text)) : Number(text);
  const valid = number !== undefined && Number.isInteger(number) && number >= 1 && number <= MAX_POLICY_ERRNO;
  return valid ? errnoAction(number) : undefined;
}

const decimal = (text: string) => (/^[1-9]\d{0,3}$/.test(text) ? Number(text) : undefined);

/** The words that parseAction() takes, for suggestions. */
export const actionWords = (): string[] => ['kill', 'log', ...errnoNames()];

/**
 * An action as text: `allow`, `kill`, `log`, `EPERM`, or `200` for an errno without a name. parseAction() reads all but
 * `allow` back, up to its highest errno. An action that no policy can name, as in another program's filter, is the
 * kernel's value: `0x00030000`.
 */
export function formatAction(action: Action): string {
  if (action === ALLOW) return 'allow';
  if (action === LOG) return 'log';
  if (action === KILL) return 'kill';
  const errno = errnoOf(action);
  if (errno !== undefined) return errnoName(errno) ?? String(errno);
  return `0x${action.toString(16).padStart(8, '0')}`;
}
