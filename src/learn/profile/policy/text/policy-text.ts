/** A learned policy as TOML. */
import { shortList } from '../../../../collections.js';
import { printable } from '../../../../diagnostic.js';
import {
  assignment,
  comment,
  type Group,
  groupedList,
  quoted,
  tomlValue,
  wrapped,
} from '../../../../policy/toml-text.js';
import { waitingComment } from '../../../../policy/waiting-lines.js';
import { numbersOf } from '../../../../seccomp/syscalls/numbers.js';
import { type Awaited, awaitedText, type ChecklistItem, type ChecklistKind } from '../../checklist.js';
import { grouped } from '../calls/groups.js';
import { abisSeen, dangerousSeen, type SortedCall, type Tier } from '../calls/tiers.js';
import type { LearnedDirectives, ProvedDirective, UnprovedDirective } from '../directives/directives.js';
import { whyIncomplete, whyStartUnknown } from '../incomplete.js';
import type { PolicyRequest } from '../input.js';
import type { LearnedPolicy } from '../learned.js';
import type { LearnedRule, RuleCondition, RuledCall } from '../rules/rule.js';
import { readyLines } from './ready-text.js';
import { counted, span } from './spans.js';

/** The answer to refused calls where nothing else is asked for. */
const DEFAULT_ACTION = 'EPERM';

/** The begin of the last line of a file as it was written, which has a hash of all above. */
export const SEAL = '# SHA-256 of the lines above: ';

/** The file's text. Its parts are in the order of sandbox-unit.toml(5). */
export function policyText(learned: LearnedPolicy, request: PolicyRequest): string {
  const parts = [
    headLines(request),
    callLines(learned, request),
    ...learned.rules.map((ruled) => ruleLines(ruled, actionOf(request))),
    readyLines(learned.ready, (names) => groupsOf(names, request)),
    serviceLines(learned.directives, request.awaited),
    startPreLines(learned.directives),
  ];
  return `${parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

const actionOf = ({ options }: PolicyRequest): string => options?.action ?? DEFAULT_ACTION;

function headLines({ profile, checklist = [] }: PolicyRequest): string[] {
  const { unit, seconds, recordings, hosts } = profile;
  const watched = `${span(seconds)}, ${counted(recordings, 'recording')} on ${counted(hosts, 'host')}`;
  return [
    assignment('description', `${unit}, learned from its work: ${watched}`),
    ...checklistLines(checklist),
  ];
}

function callLines(learned: LearnedPolicy, request: PolicyRequest): string[] {
  const { architectures, rules } = learned;
  return [
    '[syscalls]',
    ...(architectures.length > 0 ? [assignment('architectures', ['native', ...architectures])] : []),
    assignment('action', actionOf(request)),
    'implicit = false',
    ...warnings(learned, request),
    ...groupedList('allow', allowed(learned, request)),
    ...logged(learned, request),
    ...groupedList('deny', denied(learned.calls, rules)),
  ];
}

function warnings(
  { calls, architectures, script }: LearnedPolicy,
  { profile, reachable, target }: PolicyRequest,
): string[] {
  const lost = whyStartUnknown(profile) === undefined ? whyIncomplete(profile, 'calls') : undefined;
  const refused = reachable === 'unknown' ? [] : namesOf(calls, 'refuse');
  const wanted = dangerousSeen(calls, target.sets);
  return [
    ...(architectures.length > 0
      ? [
          `Calls of ${architectures.join(', ')} were seen. Remove an architecture if no program of the service is built for it.`,
        ]
      : []),
    ...(wanted.length > 0
      ? [`Dangerous calls, allowed because they were seen: ${shortList(wanted, 12)}.`]
      : []),
    ...(script ? [`${script.daemon} keeps the calls of its start script: ${script.why}.`] : []),
    ...(lost === undefined ? [] : [`Calls may be missing here: ${lost}.`]),
    ...(profile.nameless.length > 0
      ? [`Calls whose names are unknown get ENOSYS: ${shortList(profile.nameless, 5)}.`]
      : []),
    ...(refused.length > 0
      ? [`Dangerous calls, refused because they were not seen: ${shortList(refused, 12)}.`]
      : []),
  ].map(comment);
}

const namesOf = (calls: readonly SortedCall[], tier: Tier): string[] =>
  calls.filter((call) => call.tier === tier).map(({ name }) => name);

function allowed({ calls, rules }: LearnedPolicy, request: PolicyRequest): Group[] {
  const decided = new Set(rules.filter(({ decides }) => decides).map(({ call }) => call));
  const listed = calls.filter(({ tier }) => tier === 'allow');
  const because = (...reasons: readonly string[]) =>
    listed
      .filter(({ name, reason }) => reasons.includes(reason) && !decided.has(name))
      .map(({ name }) => name);
  const seen = listed.filter(({ reason }) => reason === 'seen').map(({ name }) => name);
  return [
    ...groupsOf(seen, request).map(({ title, words }) => ({
      title,
      words: words.filter((name) => !decided.has(name)),
    })),
    { title: 'Not seen, but starting programs is the work of this unit', words: because('work') },
    {
      title: 'Not seen, but the program or its libraries can make these, which give an attacker nothing',
      words: because('harmless'),
    },
    {
      title: 'Not seen, but other libraries or loads use these instead of calls above',
      words: because('family'),
    },
    {
      title: 'Not seen, but made by the kernel, or when the vDSO or a lock needs it',
      words: because('kernel', 'vdso'),
    },
  ];
}

function groupsOf(names: Iterable<string>, { profile, target }: PolicyRequest): Group[] {
  const abis = abisSeen(profile.architecture, profile.calls);
  return grouped(names, target.sets, (call) => abis.some((abi) => numbersOf(abi).has(call)));
}

function logged({ calls }: LearnedPolicy, request: PolicyRequest): string[] {
  const names = namesOf(calls, 'log');
  if (names.length === 0) return [];
  const { reachable, reachUnknown } = request;
  const why =
    reachable === 'unknown'
      ? `Not seen: let through and logged, as it is unknown which calls the program can make${reachUnknown ? `: ${reachUnknown}` : ''}.`
      : `Not seen, but the program or its libraries can make them: let through and logged${reachUnknown ? ` (${reachUnknown})` : ''}.`;
  return [comment(why), ...groupedList('log', groupsOf(names, request))];
}

const denied = (calls: readonly SortedCall[], rules: readonly RuledCall[]): Group[] => [
  {
    title: 'Libraries and programs can do without these, as on an older kernel',
    words: namesOf(calls, 'fallback').map((name) => `${name}:ENOSYS`),
  },
  {
    title: 'The answer if no rule below allows the call',
    words: rules.flatMap(({ call, otherwise }) => (otherwise === undefined ? [] : [`${call}:${otherwise}`])),
  },
];

const ruleLines = ({ comment: text, rules }: RuledCall, action: string): string[] => [
  comment(text),
  ...rules.flatMap((rule, i) => [...(i > 0 ? [''] : []), ...ruleText(rule, action)]),
];

function ruleText({ syscall, when, action }: LearnedRule, refusal: string): string[] {
  const conditions = when.map(conditionText);
  const line = `when = [${conditions.join(', ')}]${when.every(alwaysHolds) ? ' # any other value' : ''}`;
  return [
    '[[syscalls.rules]]',
    assignment('syscall', syscall),
    ...(line.length <= 110 && !line.includes('\n')
      ? [line]
      : ['when = [', ...conditions.map((text) => `  ${text},`), ']']),
    assignment('action', action === 'refuse' ? refusal : action),
  ];
}

const alwaysHolds = ({ op, operands }: RuleCondition): boolean =>
  op === 'ge' && operands.every((operand) => operand === '0');

/** Numbers have no quotes. */
const operandText = (operand: string): string =>
  /^(?:0x[\da-f]+|\d+)$/.test(operand) ? operand : quoted(operand);

function conditionText({ arg, op, operands }: RuleCondition): string {
  const texts = operands.map(operandText);
  const list = `[${texts.join(', ')}]`;
  // An inline table may have a line break only within a list.
  const broken = `[\n${wrapped(texts, '    ').join('\n')}\n  ]`;
  return `{ arg = ${arg}, ${op} = ${op === 'in' ? (list.length > 80 ? broken : list) : texts[0]} }`;
}

/** A file that is left from an earlier start is a mount by now, and can't be removed, as install(1) does. */
export const startPreLines = ({ beforehand }: Pick<LearnedDirectives, 'beforehand'>): string[] =>
  beforehand.length === 0
    ? []
    : [
        '[exec]',
        comment("The service can't create or remove files in /run: these are created before it starts."),
        comment(
          "The commands have the service's mounts, so they reach the host's /run through /proc/1/root.",
        ),
        assignment(
          'start-pre',
          beforehand.map((path) => `/usr/bin/truncate --size=0 /proc/1/root${path}`),
        ),
      ];

/** The section `[service]`: a comment and a line a directive, then those that aren't stated. */
export function serviceLines(
  {
    proved,
    waiting = [],
    unproved,
  }: Pick<LearnedDirectives, 'proved' | 'unproved'> & Partial<LearnedDirectives>,
  awaited: readonly Awaited[] = [],
): string[] {
  if (proved.length === 0 && waiting.length === 0 && unproved.length === 0) return [];
  return [
    ...(proved.length > 0 || waiting.length > 0 ? ['[service]', ...proved.flatMap(provedLines)] : []),
    ...(waiting.length > 0 ? ['', ...waitingComment(waiting, awaitedText(awaited))] : []),
    ...(unproved.length > 0
      ? ['', comment('Left out, because the recordings contradict them or are incomplete:')]
      : []),
    ...unproved.map(unprovedLine),
  ];
}

const provedLines = ({ name, value, why }: ProvedDirective): string[] => [
  comment(why),
  assignment(name, value),
];

/** A wanted value in words is in the place of one that recordings would have given. */
function unprovedLine({ name, wanted, reason }: UnprovedDirective): string {
  const isWords = typeof wanted === 'string' && wanted.includes(' ');
  return comment(isWords ? `${name}: ${reason}.` : `${name} = ${tomlValue(wanted)}: ${reason}.`);
}

const NAMES: Readonly<Partial<Record<ChecklistKind, string>>> = {
  'log-rotation': 'log rotation',
  day: 'a whole day',
  week: 'a whole week',
};

/** A rotation leaves no trace where a service opens its log for each line, or where the log is copied. */
const UNSEEN: ReadonlyMap<ChecklistKind, string> = new Map([
  ['log-rotation', 'log rotation (unless it left no trace)'],
]);

/** Characters of a command, and the number of commands. */
const WIDTH = 60;
const MOST_COMMANDS = 3;

/** Comments about the phases and events that were seen, and those that weren't. */
export function checklistLines(checklist: readonly ChecklistItem[]): string[] {
  const nameOf = ({ what }: ChecklistItem) => NAMES[what] ?? what;
  const events = checklist.filter(({ what }) => what !== 'command');
  const seen = events.filter((one) => one.seen === 'yes').map(nameOf);
  const unseen = events.filter((one) => one.seen === 'no');
  const commands = checklist.filter((one) => one.what === 'command' && one.seen === 'no');
  const missing = [
    ...unseen.map((one) => UNSEEN.get(one.what) ?? nameOf(one)),
    ...(commands.length > 0 ? [commandsText(commands)] : []),
  ];
  return [
    ...(seen.length > 0 ? [comment(`Seen: ${seen.join(', ')}.`)] : []),
    ...(missing.length > 0 ? [comment(`Not seen, so these may fail: ${missing.join(', ')}.`)] : []),
  ];
}

const commandsText = (commands: readonly ChecklistItem[]): string =>
  shortList(
    commands.map(({ line = '' }) => printable(line, WIDTH)),
    MOST_COMMANDS,
  );
