/**
 * Another machine, by answers that were written down on it (host-scripts/facts), each with the question as a text. The code above
 * doesn't know the difference, so that a plan from afar is the one that the machine would make. A question without an answer is
 * kept, and gets nothing: a command with such a question has no other outcome than `unanswered`, whatever was planned. The answers
 * are a stranger's text: sizes, counts and depths have limits, and names are validated as those of the bus are.
 */

import { EXIT, error, printable, UserError } from '../../diagnostic.js';
import { instancesOf, type UnitName } from '../../systemd/unit/name.js';
import type { NamespaceOf, RootView, Walked } from '../../systemd/unit/view.js';
import { MANAGER_PROPERTIES, managerOf, serviceOf, unitOf, unitsIn } from '../bus/answers.js';
import { fileError } from '../files/error.js';
import { S_IFCHR, S_IFMT, S_IFREG, walkTree } from '../files/follow.js';
import { assertTrusted } from '../files/trust.js';
import { NotRunning } from '../not-running.js';
import type { FileContent, ManagerFacts, ProcessResult, ReadOptions, System } from '../system.js';
import type { UnitState } from '../unit-state.js';
import { busAnswer } from './bus-answer.js';
import type { Inventory, ReadFacts, RecordedAnswer } from './facts-file.js';
import { RecordedAnswers, RecordedTree } from './tree.js';

const DEFAULT_LIMIT = 1 << 20;

/** Questions that a machine has yet to answer. */
export interface Unanswered {
  readonly host: string;
  readonly questions: readonly string[];
  /** The script's command line for them, or for the first ones; undefined if the script can't be asked one. */
  readonly words: readonly string[] | undefined;
  /** The service that is planned, where its own answers are missing: it may be misspelt. */
  readonly unknown: string | undefined;
  /** The services that the machine has answers about. */
  readonly known: readonly string[];
}

/** The most bytes of questions on one command line: a word of it has up to 128 KiB in base64 (MAX_ARG_STRLEN). */
const MAX_QUESTIONS = 60_000;

/** The script reads a question a line. */
const UNASKABLE = /\p{Cc}/u;

/** Interfaces beside that of all units, by types of units that aren't services (org.freedesktop.systemd1(5)). */
const OWN: ReadonlyMap<string, string> = new Map([
  ['scope', 'Scope'],
  ['slice', 'Slice'],
  ['socket', 'Socket'],
]);

const ownOf = (unit: string): string[] => {
  const own = OWN.get(unit.slice(unit.lastIndexOf('.') + 1));
  return own === undefined ? [] : [own];
};

/** Programs that the script runs, by their words, and the questions about them. */
const PROGRAMS: ReadonlyMap<string, string> = new Map([
  ['env SYSTEMD_COLORS=0 systemd-analyze syscall-filter', 'run sets'],
  ['systemd-analyze --version', 'run version'],
]);

const NOT_RUN: ProcessResult = { status: 127, unstartable: true, stdout: '', stderr: 'not run' };

/**
 * Another machine, by the answers that it has given to the script `facts`. A question that it hasn't answered counts as
 * answered by nothing, and is kept: the result is worth nothing then.
 */
export class Recorded extends NotRunning implements System {
  readonly remove = this.refuse;
  readonly replace = this.refuse;
  readonly #host: string;
  readonly #answers: RecordedAnswers;
  /** Pieces of each file, by its path. */
  readonly #pieces = new Map<string, FileSlice[]>();
  readonly #tree: RecordedTree;
  readonly #clock: Pick<System, 'now'>;

  /** @param clock the machine that the program runs on */
  constructor({ host, answers }: Inventory, clock: Pick<System, 'now'>) {
    super('run it on the machine itself, without --facts');
    this.#host = host;
    this.#answers = new RecordedAnswers(answers);
    this.#clock = clock;
    this.#tree = new RecordedTree(this.#answers);
    for (const [question, answer] of answers) this.#keepPiece(question, answer);
  }

  /** The questions that were asked and have no answer, if there are any. */
  get unanswered(): Unanswered | undefined {
    const questions = [...this.#answers.open];
    if (questions.length === 0) return undefined;
    const words = questions.some((one) => UNASKABLE.test(one)) ? undefined : ['--ask', packed(questions)];
    // A plan asks of its own unit before it asks of others.
    const planned = [...this.#answers.asked].find((one) => serviceIn(one) !== undefined) ?? '';
    const unknown = this.#answers.open.has(planned) ? serviceIn(planned) : undefined;
    const known = [...this.#answers.all.keys()]
      .flatMap((one) => serviceIn(one) ?? [])
      .map((name) => printable(name));
    return { host: this.#host, questions, words, unknown, known };
  }

  /** All questions that were asked. */
  get asked(): readonly string[] {
    return [...this.#answers.asked];
  }

  async read(path: string, options: ReadOptions = {}): Promise<FileContent | undefined> {
    const { limit = DEFAULT_LIMIT, head = false, from = 0, trusted = false } = options;
    // A byte more than is wanted shows whether the file goes on.
    const size = head ? Math.max(limit, 1) : limit + 1;
    const piece = this.#pieces.get(path)?.find((one) => covers(one, from, size));
    if (piece) this.#answers.asked.add(piece.question);
    const answer = piece?.answer ?? this.#ask(`read ${from} ${size} ${path}`);
    if (answer.kind === 'failed') throw fileError('unreadable', `can't read ${path}: ${answer.reason}`);
    if (answer.kind !== 'read') return undefined;
    const { mode, modified, data } = answer.facts;
    if (![S_IFREG, S_IFCHR].includes(mode & S_IFMT)) {
      throw fileError('bad-file', `${path} is not a regular file`);
    }
    const start = from - (piece?.from ?? from);
    const bytes = data().subarray(start, start + size);
    if (bytes.length > limit && !head) throw fileError('too-large', `${path} is larger than ${limit} bytes`);
    if (trusted && (mode & S_IFMT) === S_IFREG) this.#assertTrusted(path);
    return { bytes: bytes.subarray(0, limit), mode: mode & 0o7777, modified };
  }

  #assertTrusted(path: string): void {
    const walked = this.#tree.walk(path);
    const facts = walked.real === undefined ? undefined : this.#tree.look(walked.real);
    if (typeof facts === 'object') assertTrusted(path, { real: walked.real!, facts, walked });
  }

  async list(directory: string): Promise<string[]> {
    return this.#tree
      .list(directory)
      .map(({ name }) => name)
      .sort();
  }

  async links(directory: string): Promise<ReadonlyMap<string, string>> {
    const links = this.#tree.list(directory).filter(({ type }) => type === 'l');
    return new Map(links.map(({ name, link }) => [name, link]));
  }

  async walk(path: string, from?: RootView | NamespaceOf): Promise<Walked> {
    if (from && 'process' in from) return this.refuse();
    return from ? walkTree(this.#tree, path, from) : this.#tree.walk(path);
  }

  now(): number {
    return this.#clock.now();
  }

  async run(argv: readonly string[]): Promise<ProcessResult> {
    const question = PROGRAMS.get(argv.join(' '));
    return question === undefined ? NOT_RUN : this.#result(question);
  }

  #result(question: string): ProcessResult {
    const answer = this.#ask(question);
    if (answer.kind !== 'data' || answer.status === 127) return NOT_RUN;
    return { status: answer.status, stdout: new TextDecoder().decode(answer.data()), stderr: '' };
  }

  async manager(): Promise<ManagerFacts> {
    const [table = {}] = this.#bus('manager');
    return managerOf(MANAGER_PROPERTIES.map((name) => (table as Readonly<Record<string, unknown>>)[name]));
  }

  async unit(name: string): Promise<UnitState> {
    return serviceOf(this.#table(name, ['Unit', 'Service']));
  }

  async anyUnit(name: string): Promise<UnitState> {
    return unitOf(this.#table(name, ['Unit', ...ownOf(name)]));
  }

  /** The properties of all interfaces. All are asked before one that is missing ends the work. */
  #table(name: string, interfaces: readonly string[]): unknown {
    const questions = interfaces.map((one) => `unit ${name} ${one}`);
    for (const question of questions) this.#answers.ask(question);
    return Object.assign({}, ...questions.map((question) => this.#bus(question)[0]));
  }

  async instances(template: UnitName): Promise<string[]> {
    return unitsIn(this.#bus(`units ${instancesOf(template)}`));
  }

  async services(): Promise<string[]> {
    return unitsIn(this.#bus('units *.service'));
  }

  /** The values of a reply of the manager. Without one nothing can be planned. */
  #bus(question: string): readonly unknown[] {
    const answer = this.#ask(question);
    if (answer.kind === 'data') return busAnswer(new TextDecoder().decode(answer.data()));
    const message = answer.kind === 'failed' ? answer.reason : `no answer to '${question}'`;
    throw new UserError(error('manager-refused', message), EXIT.failure);
  }

  #ask(question: string): RecordedAnswer {
    return this.#answers.ask(question) ?? { kind: 'absent' };
  }

  #keepPiece(question: string, answer: RecordedAnswer): void {
    const [, from, size, path] = /^read (\d{1,15}) (\d{1,15}) (\/.*)$/.exec(question) ?? [];
    if (path === undefined) return;
    const piece = { question, from: Number(from), size: Number(size), answer };
    this.#pieces.set(path, [...(this.#pieces.get(path) ?? []), piece]);
  }
}

/** The service whose properties are asked. */
const serviceIn = (question: string): string | undefined =>
  /^unit (\S+\.service) Service$/.exec(question)?.[1];

/** Questions in base64, a line each, as many as a command line takes. */
function packed(questions: readonly string[]): string {
  let text = '';
  for (const question of questions) {
    if (text !== '' && text.length + question.length > MAX_QUESTIONS) break;
    text += `${question}\n`;
  }
  return Buffer.from(text).toString('base64');
}

/** The answer to a question about the bytes of a file. */
interface FileSlice {
  readonly question: string;
  readonly from: number;
  readonly size: number;
  readonly answer: RecordedAnswer;
}

/** Whether a piece has bytes that are asked for, as far as the file goes. */
function covers({ from, size, answer }: FileSlice, wanted: number, bytes: number): boolean {
  if (answer.kind !== 'read') return true;
  const isAll = wanted + bytes <= from + size || endsEarly(answer.facts, size);
  return from <= wanted && isAll;
}

const endsEarly = ({ data }: ReadFacts, size: number): boolean => data().length < size;
