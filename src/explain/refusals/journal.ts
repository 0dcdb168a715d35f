/** Events of `watch` as entries of the journal: one for each, those that repeat now and then with their count. */

import { printable } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { fileName } from '../../systemd/unit/path.js';
import { refusalKey } from './differences.js';
import type { Event } from './watch.js';

/** The message IDs of the catalogue: one for refusals, one for those with which an intrusion may begin. */
export const REFUSED_ID = '74abc7b36f594f93af0f4c2fcb810470';
export const ALARM_ID = 'dca294de0d5447a6a7bacb79a29e85f6';

/** syslog(3). */
const WARNING = 4;
const NOTICE = 5;

/** Milliseconds until a repetition is reported again; the pause doubles up to the second. */
const FIRST_PAUSE = 60_000;
const LONGEST_PAUSE = 3_600_000;

interface Reported {
  due: number;
  pause: number;
  /** Not reported yet. */
  count: number;
  event: Event;
}

/** Decides which events are due for a report, and keeps the count of the others. */
export class Repetitions {
  readonly #reported = new Map<string, Reported>();

  /** @returns the events to report at a time in milliseconds, each with how often it came since its last report */
  due(events: readonly Event[], now: number): Event[] {
    for (const event of events) {
      const key = `${event.unit} ${refusalKey(event.refusal)}`;
      const known = this.#reported.get(key);
      if (known) {
        known.count += event.refusal.count;
        known.event = event;
      } else {
        this.#reported.set(key, { due: now, pause: FIRST_PAUSE, count: event.refusal.count, event });
      }
    }
    return [...this.#reported.values()].flatMap((one) =>
      one.count > 0 && one.due <= now ? [taken(one, now)] : [],
    );
  }
}

function taken(one: Reported, now: number): Event {
  const { event, count, pause } = one;
  one.count = 0;
  one.due = now + pause;
  one.pause = Math.min(pause * 2, LONGEST_PAUSE);
  return { ...event, refusal: { ...event.refusal, count } };
}

const placeText = ({ at }: Event): string => (at ? `${at.file}:${at.line}` : '');

/** An event in one line. */
export function eventText(event: Event): string {
  const { unit, says, cause, certain, refusal } = event;
  const [program] = refusal.programs;
  const who = program === undefined ? '' : `${fileName(program)} `;
  const where = placeText(event);
  const times = refusal.count > 1 ? `, ${refusal.count} times` : '';
  return printable(
    `${unit}: ${who}${says}${times}: ${certain ? '' : 'perhaps '}${cause}${where && ` (${where})`}`,
    2000,
  );
}

/** The fields of an event's entry: systemd.journal-fields(7). Values have one line each. */
export function journalFields(event: Event): string[] {
  const { refusal, unit, isAlarm, cause, certain } = event;
  const fields: Record<string, string | undefined> = {
    MESSAGE: eventText(event),
    MESSAGE_ID: isAlarm ? ALARM_ID : REFUSED_ID,
    PRIORITY: String(isAlarm ? WARNING : NOTICE),
    SYSLOG_IDENTIFIER: 'sandbox-unit',
    UNIT: unit,
    SANDBOX_UNIT_KIND: refusal.kind,
    SANDBOX_UNIT_CAUSE: `${certain ? '' : 'perhaps '}${cause}`,
    SANDBOX_UNIT_POLICY_LINE: placeText(event),
    SANDBOX_UNIT_COUNT: String(refusal.count),
    SANDBOX_UNIT_CALL: refusal.kind === 'call' ? refusal.call : undefined,
    SANDBOX_UNIT_PATH: refusal.kind === 'path' ? refusal.path : undefined,
    SANDBOX_UNIT_CAPABILITY: refusal.kind === 'capability' ? refusal.capability : undefined,
    SANDBOX_UNIT_ADDRESS: refusal.kind === 'address' ? refusal.address : undefined,
    SANDBOX_UNIT_ERRNO: 'errno' in refusal ? String(refusal.errno) : undefined,
    SANDBOX_UNIT_PROGRAM: refusal.programs[0],
  };
  return Object.entries(fields).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [`${name}=${printable(value, 4096)}`],
  );
}

/** Writes an entry of its own, by logger(1): only so it has fields. */
export async function writeEntry({ system }: Context, event: Event): Promise<void> {
  const logger = await system.lineChild(['logger', '--journald']);
  for (const field of journalFields(event)) logger.send(field);
  await logger.end();
}
