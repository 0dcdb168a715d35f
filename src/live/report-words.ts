/** Words of the program `tighten` for people, as native-helper/tighten/report.c has them: a start has them in the journal. */

import { errnoNumber } from '../syscalls/errno.js';
import { type Finding, REASONS, type Reason } from './parse-report.js';

/** The words of each finding: those before its numbers, and those behind. */
export const WORDS: Readonly<Record<Reason, readonly [before: string, behind: string]>> = {
  waits: ['waits in call ', ', which the filter refuses'],
  traced: ['is traced by process ', ''],
  untraceable: ["can't be traced", ''],
  stuck: ["can't be stopped: it waits for the child of a vfork, or for a device", ''],
  privileges: ["can't load a filter: it has neither no_new_privs nor CAP_SYS_ADMIN", ''],
  strict: ["can't load a filter: it is in seccomp's strict mode", ''],
  foreign: ['', " threads are in a PID namespace that isn't seen from here"],
  unsettled: ['threads come faster than they can be stopped', ''],
  unlisted: ["can't list the threads of the control group", ''],
  empty: ['there is no thread to give the filter to', ''],
  elsewhere: ["the service's main process is in another control group: ", ''],
  'no-call': ['has no instruction that makes a call', ''],
  compat: ["runs 32-bit code, which isn't given filters on arm64", ''],
  dispatched: ['has its calls handed back to it, by prctl', ''],
  sequence: ['may be in a restartable sequence, which Linux shows from 5.13 on', ''],
  unmoving: ["doesn't run: its control group may be frozen", ''],
  refused: ["can't load the filter", ''],
  evaded: ['makes another call than it was made to: its memory is written to', ''],
  missing: ["doesn't have the filter that was loaded", ''],
  unreadable: ["can't be read", ''],
};

/** The start of each line. */
const NAME = 'tighten: ';

const RESTLESS = /^threads still came and went /;

/** Whether a line of the journal says that a service's threads came and went until the wait for them was over. */
export const isRestless = (line: string): boolean =>
  line.startsWith(NAME) && RESTLESS.test(line.slice(NAME.length));

/** Words of what is no finding: how a run ended, which its exit status says, too. */
const ENDINGS: readonly RegExp[] = [
  /^nothing is changed: /,
  /^all processes are killed: /,
  RESTLESS,
  /^the filter is loaded into /,
];

/** A run's words: findings, and the lines that are anything else, without the program's name. */
export interface Told {
  readonly findings: readonly Finding[];
  readonly others: readonly string[];
}

/** Parses lines of the journal, of which some are the program's. Anybody in the unit may have written them. */
export function parseWords(lines: readonly string[]): Told {
  const own = lines.filter((line) => line.startsWith(NAME)).map((line) => line.slice(NAME.length));
  const parsed = own.map((line) => ({ line, finding: parseFinding(line) }));
  const isOther = (line: string) => !ENDINGS.some((ending) => ending.test(line));
  return {
    findings: parsed.flatMap(({ finding }) => finding ?? []),
    others: parsed.flatMap(({ line, finding }) => (finding === undefined && isOther(line) ? [line] : [])),
  };
}

function parseFinding(line: string): Finding | undefined {
  const [, tid = '0', text = ''] = /^(?:thread (\d{1,10}) )?(.*)$/.exec(line) ?? [];
  for (const [reason, [before, behind]] of Object.entries(WORDS) as [Reason, readonly [string, string]][]) {
    if (!text.startsWith(before) || !text.endsWith(behind)) continue;
    const numbers = parseNumbers(text.slice(before.length, text.length - behind.length));
    if (numbers?.length === REASONS[reason]) return { tid: Number(tid), reason, numbers };
  }
  return undefined;
}

/** None, a count, a call with its AUDIT_ARCH, or an errno: `: EPERM (operation not permitted)`. */
function parseNumbers(text: string): readonly number[] | undefined {
  const [, count, arch, name, errno] =
    /^(?:(\d{1,10})(?: \(arch=([0-9a-f]{1,8})\))?|: (?:([A-Z0-9]+) \(.*\)|errno (\d{1,5})))$/.exec(text) ??
    [];
  if (text === '') return [];
  if (count !== undefined) return arch === undefined ? [Number(count)] : [Number(count), parseInt(arch, 16)];
  const number = name === undefined ? errno && Number(errno) : errnoNumber(name);
  return typeof number === 'number' ? [number] : undefined;
}
