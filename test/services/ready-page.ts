/** The numbers of docs/ready-on-services.md, made of results that runs keep in the repository. */
import { readFileSync, writeFileSync } from 'node:fs';
import { inRepository } from '../support/repository.js';
import { PHASED, type PhasedCalls, phaseTable, sumsOf } from './phase-calls.js';
import { READY, type ReadyService, readyTable, type TriedReady } from './ready-services.js';
import { RUNTIMES, type RuntimeService, runtimeTable, type TriedRuntime } from './runtimes.js';

/** What a run came to with a service. */
export interface Result
  extends Pick<PhasedCalls, 'counts'>,
    Pick<TriedRuntime, 'atWork'>,
    Pick<TriedReady, 'problems'> {
  /** The package of its main process, and the version; undefined where it did not get so far. */
  readonly package?: string | undefined;
}

/** Results by the table and the service. */
export type Results = Record<'daemons' | 'runtimes' | 'calls', Record<string, Result>>;

const FILE = inRepository('test/golden/ready-on-services.json');

export const readResults = (): Results => JSON.parse(readFileSync(FILE, 'utf8'));

/** Puts the result of a run in the place of the last one. */
export function keepResult(table: keyof Results, name: string, result: Result): void {
  const { counts, atWork, problems } = result;
  const all = readResults();
  all[table][name] = { package: result.package, counts, atWork, problems };
  writeFileSync(FILE, textOf(all));
}

/** The file of results: a line a service, sorted. */
export function textOf(results: Results): string {
  const tables = Object.entries(results).map(([table, rows]) => {
    const lines = Object.entries(rows).map(([name, result]) => `"${name}": ${JSON.stringify(result)}`);
    return `"${table}": {\n${lines.sort().join(',\n')}\n}`;
  });
  return `{\n${tables.join(',\n')}\n}\n`;
}

const SUMS = /Of \d+ critical calls \d+ stay where\nservices can be reloaded, and \d+ where they can't\./;

const MISSING: Result = { problems: ['it was not tried'] };

/** The page with these results in its tables, and in the sentence that has their sums. @throws Error where it lacks one */
export function pageWith(page: string, { daemons, runtimes, calls }: Results): string {
  const of = <Service extends ReadyService | RuntimeService>(
    all: readonly Service[],
    rows: Results['calls'],
  ) => all.map((service) => ({ service, ...(rows[service.name] ?? MISSING) }));
  const counted = PHASED.map((name) => ({ name, ...(calls[name] ?? MISSING) }));
  const [, , , start, serving, unreloaded] = sumsOf(counted);
  const sums = [
    `Of ${start} critical calls ${serving} stay where`,
    `services can be reloaded, and ${unreloaded} where they can't.`,
  ].join('\n');
  if (!SUMS.test(page)) throw new Error('the page lacks the sums');
  return [readyTable(of(READY, daemons)), runtimeTable(of(RUNTIMES, runtimes)), phaseTable(counted)].reduce(
    withTable,
    page.replace(SUMS, sums),
  );
}

/** Puts a table in the place of the one that has its head. */
function withTable(page: string, table: string): string {
  const from = page.indexOf(table.slice(0, table.indexOf('\n') + 1));
  if (from < 0) throw new Error(`the page lacks a table: ${table}`);
  return page.slice(0, from) + page.slice(from).replace(/^(?:\|.*\n)+/, () => table);
}
