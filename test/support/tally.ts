import { inspect } from 'node:util';

/** What of node:test's events (TestsStream) is counted here. */
export interface TestEvent {
  readonly type: string;
  readonly data: {
    readonly name?: string;
    readonly nesting?: number;
    readonly file?: string;
    readonly message?: string;
    readonly skip?: string | boolean;
    readonly details?: {
      readonly type?: string;
      readonly passed?: boolean;
      readonly error?: unknown;
      readonly duration_ms?: number;
    };
  };
}

interface Outcome {
  readonly name: string;
  readonly kind: 'passed' | 'failed' | 'skipped';
  /** The failure, or why it was skipped. */
  readonly detail: string;
}

export interface TallyOptions {
  /** A file's name as it is shown; tests may be reported under their source's name, the file under its own. */
  readonly shown: (file: string) => string;
  /** Skipped tests count as failed. */
  readonly strict: boolean;
  /** The files that are to have tests. */
  readonly files: readonly string[];
  /** Seconds of a processor that ended files have used, in all. */
  readonly used: () => number;
}

export interface Report {
  /** Failures in full, skipped tests with their reasons, the dearest files of many, and a last line that counts. */
  readonly text: string;
  readonly failed: number;
}

/** How many files a report names as the dearest. */
const DEAREST = 15;

/** Names of a file's tests, with those of the suites that they are in. */
export class Names {
  readonly #suites: string[] = [];

  /** Notes that a test or a suite begins. */
  begin({ name = '', nesting = 0 }: TestEvent['data']): void {
    this.#suites.length = nesting;
    this.#suites[nesting] = name;
  }

  of({ name = '', nesting = 0 }: TestEvent['data']): string {
    return [...this.#suites.slice(0, nesting), name].join(': ');
  }
}

/** What one test file said and did. */
class FileTally {
  readonly names = new Names();
  readonly outcomes: Outcome[] = [];
  output = '';
  /** Tests announced, less those that reported: a file that exits early leaves some. */
  readonly open = new Map<string, number>();

  announce(name: string, by: 1 | -1): void {
    this.open.set(name, (this.open.get(name) ?? 0) + by);
  }

  unreported(): string[] {
    return [...this.open].filter(([, count]) => count > 0).map(([name]) => name);
  }
}

/**
 * Counts the tests of a run. Suites aren't counted; a failing hook of one is. A file without tests has failed, and
 * so has a test that never reported.
 */
export class Tally {
  readonly #options: TallyOptions;
  readonly #files = new Map<string, FileTally>();
  /** What files took, in seconds of a processor and of a clock; those that share a process as one. */
  readonly #times = new Map<string, { readonly used: number; readonly lasted: number }>();
  readonly #usedBefore: number;
  #used: number;

  constructor(options: TallyOptions) {
    this.#options = options;
    this.#usedBefore = options.used();
    this.#used = this.#usedBefore;
  }

  add({ type, data }: TestEvent): void {
    if (data.file === undefined) return;
    const path = this.#options.shown(data.file);
    const file = this.#files.get(path) ?? new FileTally();
    this.#files.set(path, file);
    if (type === 'test:stdout' || type === 'test:stderr') file.output += data.message ?? '';
    // A run's outermost test is the file itself, named by its path; it reports only when it has none or fails.
    const itself = data.name === data.file;
    if (type === 'test:complete' && itself) this.#addTime(path, (data.details?.duration_ms ?? 0) / 1000);
    if (type === 'test:enqueue' && !itself) file.announce(data.name ?? '', 1);
    if (type === 'test:start') file.names.begin(data);
    if (type !== 'test:pass' && type !== 'test:fail') return;
    if (!itself) file.announce(data.name ?? '', -1);
    const outcome = itself ? ofFile(type, data) : ofTest(type, { ...data, name: file.names.of(data) });
    if (outcome) file.outcomes.push(outcome);
  }

  report(): Report {
    const lines: string[] = [];
    const count = { passed: 0, failed: 0, skipped: 0 };
    const silent = this.#options.files.map(this.#options.shown).filter((path) => !this.#files.has(path));
    for (const path of silent) this.#files.set(path, SILENT);
    for (const [path, file] of this.#files) {
      const outcomes = [...file.outcomes, ...file.unreported().map(lost)].map((o) => this.#judge(o));
      for (const { kind, name, detail } of outcomes) {
        count[kind] += 1;
        if (kind === 'failed') lines.push(`${kind}: ${path}: ${name}${indented(detail)}`);
      }
      lines.push(...skippedLines(path, outcomes));
      const failed = outcomes.some((o) => o.kind === 'failed');
      if (failed && file.output) lines.push(`output of ${path}:${indented(file.output)}`);
    }
    lines.push(...this.#dearest());
    lines.push(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
    return { text: `${lines.join('\n')}\n`, failed: count.failed };
  }

  /** A file's process has ended just before it is complete; two that end at once may share the sum as they like. */
  #addTime(path: string, lasted: number): void {
    const used = this.#options.used();
    this.#times.set(path, { used: used - this.#used, lasted });
    this.#used = used;
  }

  #dearest(): string[] {
    if (this.#times.size <= DEAREST) return [];
    const first = [...this.#times].sort(([, a], [, b]) => b.used - a.used).slice(0, DEAREST);
    const shown = first.map(
      ([path, { used, lasted }]) => `${path} ${Math.round(used)} s (in ${Math.round(lasted)} s)`,
    );
    return [`processor time: ${Math.round(this.#used - this.#usedBefore)} s; most: ${shown.join(', ')}`];
  }

  #judge(outcome: Outcome): Outcome {
    if (outcome.kind !== 'skipped' || !this.#options.strict) return outcome;
    return { ...outcome, kind: 'failed', detail: `skipped, which counts as failed here: ${outcome.detail}` };
  }
}

/** A file of a group that has reported nothing. */
const SILENT = new FileTally();
SILENT.outcomes.push(withoutTests());

/** A line for each reason, with the name of a test that is the only one. */
function skippedLines(path: string, outcomes: readonly Outcome[]): string[] {
  const names = new Map<string, string[]>();
  for (const { kind, name, detail } of outcomes) {
    if (kind === 'skipped') names.set(detail, [...(names.get(detail) ?? []), name]);
  }
  return [...names].map(([detail, tests]) => {
    const what = tests.length === 1 ? tests[0] : `${tests.length} tests`;
    return `skipped: ${path}: ${what}${indented(detail)}`;
  });
}

const lost = (name: string): Outcome => ({ name, kind: 'failed', detail: 'its file ended before it did' });

function withoutTests(): Outcome {
  return { name: '(file)', kind: 'failed', detail: 'it has no tests' };
}

function ofFile(type: string, { details }: TestEvent['data']): Outcome {
  if (type === 'test:pass') return withoutTests();
  return { name: '(file)', kind: 'failed', detail: shownError(details?.error) };
}

function ofTest(type: string, { name = '', skip, details }: TestEvent['data']): Outcome | undefined {
  const suite = details?.type === 'suite';
  if (skip !== undefined && skip !== false) {
    return {
      name,
      kind: 'skipped',
      detail: typeof skip === 'string' && skip !== '' ? skip : 'no reason given',
    };
  }
  if (type === 'test:pass') return suite ? undefined : { name, kind: 'passed', detail: '' };
  const failure = (details?.error as { failureType?: string } | undefined)?.failureType;
  if (suite && failure === 'subtestsFailed') return undefined;
  return { name, kind: 'failed', detail: shownError(details?.error) };
}

/** The stack begins with the message; an assertion's message has the difference. */
function shownError(error: unknown): string {
  const { cause, stack } = (error ?? {}) as { cause?: unknown; stack?: string };
  // node:test wraps what a test threw.
  if ((error as { code?: string }).code === 'ERR_TEST_FAILURE' && cause !== undefined)
    return shownError(cause);
  if (stack === undefined) return typeof error === 'string' ? error : inspect(error, { depth: 8 });
  return cause === undefined ? stack : `${stack}\ncaused by ${shownError(cause)}`;
}

const indented = (text: string): string =>
  text === '' ? '' : `\n${text.trimEnd().replace(/^(?=.)/gm, '    ')}`;
