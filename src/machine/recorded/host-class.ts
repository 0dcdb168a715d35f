/** Machines of one class answer the questions of a plan alike, so that one plan does for all of them. */
import { createHash } from 'node:crypto';
import { MAX_MOUNTS, parseMountInfo } from '../../systemd/formats/mount-info.js';
import { MANAGER_PROPERTIES } from '../bus/answers.js';
import { FIELD_TYPES } from '../unit-state.js';
import { type BusVariant, busAnswer } from './bus-answer.js';
import type { Inventory, RecordedAnswer } from './facts-file.js';

/** Properties of one run of a unit, or of the manager: no plan depends on them. */
const PASSING =
  /Timestamp|PID$|^InvocationID$|^CPUUsage|Bytes$|^Memory|^NRestarts$|^Job$|^ExecMain|^ConditionResult$/;

/** Properties that change with a run. */
const OF_A_RUN: ReadonlySet<string> = new Set(['ActiveState', 'SubState', 'Result', 'ControlGroup']);

/** Lists of units, which the manager has in no order. */
const OF_UNITS: ReadonlySet<string> = new Set([
  ...['After', 'BindsTo', 'BoundBy', 'ConflictedBy', 'Conflicts', 'ConsistsOf', 'Names'],
  ...['OnFailure', 'OnSuccess', 'PartOf', 'PropagatesStopTo', 'RequiredBy', 'Requires', 'Requisite'],
  ...['RequisiteOf', 'StopPropagatedFrom', 'TriggeredBy', 'Triggers'],
]);

const LASTING: ReadonlySet<string> = new Set(
  [...FIELD_TYPES.keys(), ...MANAGER_PROPERTIES].filter((name) => !PASSING.test(name)),
);

/** Digests of what a machine answers, but for times and what passes with a run. */
export class Digests {
  readonly #answers: Inventory['answers'];
  /** Of single answers: plans of several classes ask for the same. */
  readonly #known = new Map<string, string>();

  constructor({ answers }: Inventory) {
    this.#answers = answers;
  }

  /**
   * The digest of the answers to some questions, in hex.
   * @param questions sorted
   * @throws UserError `bad-file`
   */
  of(questions: readonly string[]): string {
    const hash = createHash('sha256');
    for (const question of questions) hash.update(`${question}\0${this.#one(question)}\0`);
    return hash.digest('hex');
  }

  #one(question: string): string {
    const known = this.#known.get(question);
    if (known !== undefined) return known;
    const digest = createHash('sha256')
      .update(lastingOf(question, this.#answers.get(question)))
      .digest('hex');
    this.#known.set(question, digest);
    return digest;
  }
}

function lastingOf(question: string, answer: RecordedAnswer | undefined): string {
  if (answer === undefined) return 'none';
  if (answer.kind === 'absent') return answer.kind;
  if (answer.kind === 'failed') return `failed ${answer.reason}`;
  if (answer.kind === 'look') {
    const { mode, uid, link } = answer.facts;
    return `look ${mode} ${uid} ${link}`;
  }
  if (answer.kind === 'read') {
    const { mode, packed, data } = answer.facts;
    return question === MOUNTS ? mountsOf(decoded(data())) : `read ${mode} ${packed}`;
  }
  const isTable = question === 'manager' || question.startsWith('unit ');
  return isTable ? propertiesOf(decoded(answer.data())) : `data ${answer.status} ${answer.packed}`;
}

const decoded = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** The question about what is mounted. */
export const MOUNTS = `read 0 ${MAX_MOUNTS + 1} /proc/self/mountinfo`;

/** The places of mountinfo, their options and types. */
const mountsOf = (text: string): string =>
  JSON.stringify(parseMountInfo(text).map(({ path, options, type }) => [path, options, type]));

function propertiesOf(text: string): string {
  const [table = {}] = busAnswer(text);
  const entries = Object.entries(table as Readonly<Record<string, BusVariant>>);
  const lasting = entries
    .filter(([name]) => LASTING.has(name) && !OF_A_RUN.has(name))
    .map(([name, { signature, value }]) => [
      name,
      signature,
      OF_UNITS.has(name) && Array.isArray(value) ? value.toSorted() : value,
    ]);
  return JSON.stringify(lasting.sort(), (_, value) => (typeof value === 'bigint' ? `${value}` : value));
}
