/**
 * Gives services of Debian, and programs of several languages, work: `node build/test/services/main.js
 * [--seconds=N] [--keep=FOLDER] [NAME…]`. Standard output has the table of docs/learned-services.md, standard error the progress.
 */
import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { inRepository } from '../support/repository.js';
import { servicesObstacle } from '../support/service.js';
import { type Learned, rowOf, tableOf } from './table.js';
import { type Options, tryService } from './try-service.js';

/** Scripts of services, by the names of their files. */
const NAMES = readdirSync(inRepository('test/services/loads'))
  .map((file) => file.replace(/\.sh$/, ''))
  .filter((name) => name !== 'common')
  .sort();

/** Seconds of work in the watch that the policy is learned from; the restarts come on top. */
const SECONDS = 45;

const say = (text: string) => process.stderr.write(`${text}\n`);

async function tried(name: string, options: Options): Promise<Learned> {
  say(`${name} …`);
  const learned = await tryService(name, options).catch(
    (error: Error): Learned => ({ name, problems: [error.message] }),
  );
  for (const problem of learned.problems) say(`${name}: ${problem}`);
  say(rowOf(learned).trim());
  return learned;
}

async function main(words: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...words],
    options: { seconds: { type: 'string', default: `${SECONDS}` }, keep: { type: 'string' } },
    allowPositionals: true,
  });
  const unknown = positionals.find((name) => !NAMES.includes(name));
  if (unknown !== undefined) throw new Error(`no service '${unknown}': ${NAMES.join(', ')}`);
  const obstacle = servicesObstacle();
  if (obstacle !== undefined) throw new Error(obstacle);
  const all: Learned[] = [];
  for (const name of positionals.length > 0 ? positionals : NAMES) {
    all.push(await tried(name, { seconds: Number(values.seconds), keep: values.keep }));
  }
  process.stdout.write(tableOf(all));
  return all.some(({ problems }) => problems.length > 0) ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2)).catch((error: Error) => {
  say(error.message);
  return 2;
});
