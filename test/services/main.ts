/**
 * Gives services of Debian, and programs of several languages, work: `node build/test/services/main.js
 * [--seconds=N] [--keep=FOLDER] [NAME…]`. Standard output has the table of docs/learned-services.md, standard error the
 * progress. With `--templates`, or `--template=NAME,…`, it has that of docs/templates-on-services.md.
 */
import { parseArgs } from 'node:util';
import { servicesObstacle } from '../support/service.js';
import { ALL, LEARNED } from './in-box.js';
import { type Outcome, type TriedTemplates, templateTable } from './outcome.js';
import { type Learned, rowOf, tableOf } from './table.js';
import { type Options, tryService } from './try-service.js';
import { TEMPLATES, tryTemplates } from './try-templates.js';

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

/** Whether all went well; the table goes to standard output. */
async function learnAll(names: readonly string[], options: Options): Promise<boolean> {
  const all: Learned[] = [];
  for (const name of names) all.push(await tried(name, options));
  process.stdout.write(tableOf(all));
  return all.every(({ problems }) => problems.length === 0);
}

const triedTemplates = async (name: string, templates: readonly string[]): Promise<TriedTemplates> => {
  const sayIt = ({ template, kind, reasons }: Outcome) =>
    say([`${name}, ${template}: ${kind}`, ...reasons].join('\n  '));
  try {
    return { name, outcomes: await tryTemplates(name, templates, sayIt) };
  } catch (error) {
    const reasons = [(error as Error).message];
    const outcomes = templates.map((template): Outcome => ({ kind: 'BROKEN', template, codes: [], reasons }));
    sayIt(outcomes[0]!);
    return { name, outcomes };
  }
};

/** Whether nothing was broken; the table goes to standard output. */
async function tryAllTemplates(names: readonly string[], templates: readonly string[]): Promise<boolean> {
  const all: TriedTemplates[] = [];
  for (const name of names) all.push(await triedTemplates(name, templates));
  process.stdout.write(templateTable(templates, all));
  return all.every(({ outcomes }) => outcomes.every(({ kind }) => kind !== 'BROKEN'));
}

async function main(words: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...words],
    options: {
      seconds: { type: 'string', default: `${SECONDS}` },
      keep: { type: 'string' },
      template: { type: 'string' },
      templates: { type: 'boolean' },
    },
    allowPositionals: true,
  });
  const unknown = positionals.find((name) => !ALL.includes(name));
  if (unknown !== undefined) throw new Error(`no service '${unknown}': ${ALL.join(', ')}`);
  const obstacle = servicesObstacle();
  if (obstacle !== undefined) throw new Error(obstacle);
  const templates = values.template?.split(',') ?? (values.templates ? TEMPLATES : undefined);
  const named = (all: readonly string[]) => (positionals.length > 0 ? positionals : all);
  const isWell = templates
    ? await tryAllTemplates(named(ALL), templates)
    : await learnAll(named(LEARNED), { seconds: Number(values.seconds), keep: values.keep });
  return isWell ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2)).catch((error: Error) => {
  say(error.message);
  return 2;
});
