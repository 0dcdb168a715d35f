/**
 * Gives services of Debian, and programs of several languages, work: `node build/test/services/main.js
 * [--seconds=N] [--keep=FOLDER] [NAME…]`. Standard output has the table of docs/learned-services.md, standard error the
 * progress. With `--templates`, or `--template=NAME,…`, it has that of docs/templates-on-services.md. With
 * `--own-templates [TEMPLATE…]` it has that of docs/templates.md, and with `--ready` the first two of docs/ready-on-services.md. With
 * `--ready-calls` it has the third. What came of these two is kept: see ready-page.ts.
 */
import { parseArgs } from 'node:util';
import { servicesObstacle } from '../support/service.js';
import { ALL, LEARNED, type Release } from './in-box.js';
import { cellOf, type Outcome, type TriedTemplates, templateTable } from './outcome.js';
import { OWN_TEMPLATES, type OwnTemplate, ownTable } from './own-templates.js';
import { PHASED, type PhasedCalls, phaseTable } from './phase-calls.js';
import { keepResult, type Result } from './ready-page.js';
import { READY, type ReadyService, readyTable } from './ready-services.js';
import { RUNTIMES, type RuntimeService, runtimeTable } from './runtimes.js';
import { type Learned, rowOf, tableOf } from './table.js';
import { tryPhases } from './try-phases.js';
import { tryReady } from './try-ready.js';
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

const triedTemplates = async (
  name: string,
  templates: readonly string[],
  release?: Release,
): Promise<TriedTemplates> => {
  const sayIt = ({ template, kind, reasons }: Outcome) =>
    say([`${name}, ${template}: ${kind}`, ...reasons].join('\n  '));
  try {
    return { name, outcomes: await tryTemplates(name, templates, sayIt, release) };
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

/** What came of a template on a service of each release. */
async function triedOwn({ template, service, older }: OwnTemplate): Promise<readonly Outcome[]> {
  const releases: readonly Release[] = older ? ['trixie', 'bookworm'] : ['trixie'];
  const all: Outcome[] = [];
  for (const release of releases) {
    say(`${service} of ${release} …`);
    all.push(...(await triedTemplates(service, [template], release)).outcomes);
  }
  return all;
}

/** Whether all work; the table goes to standard output. */
async function tryOwnTemplates(templates: readonly string[]): Promise<boolean> {
  const tried: [OwnTemplate, readonly Outcome[]][] = [];
  for (const one of OWN_TEMPLATES) {
    if (templates.length === 0 || templates.includes(one.template)) tried.push([one, await triedOwn(one)]);
  }
  process.stdout.write(
    await ownTable(tried.map(([one, [newer, older]]) => [one, [cellOf(newer), cellOf(older)]])),
  );
  return tried.every(([, outcomes]) => outcomes.every(({ kind }) => kind === 'works'));
}

/** Whether all was as it should be; the tables go to standard output. */
async function tryAllReady(names: readonly string[]): Promise<boolean> {
  const of = async <Service extends ReadyService | RuntimeService>(
    table: 'daemons' | 'runtimes',
    services: readonly Service[],
  ) => {
    const all: (Result & { service: Service })[] = [];
    for (const service of services.filter(({ name }) => names.length === 0 || names.includes(name))) {
      say(`${service.name} …`);
      const tried = await tryReady(service).catch(({ message }: Error): Result => ({ problems: [message] }));
      keepResult(table, service.name, tried);
      for (const problem of tried.problems) say(`${service.name}: ${problem}`);
      all.push({ service, ...tried });
    }
    return all;
  };
  const [daemons, runtimes] = [await of('daemons', READY), await of('runtimes', RUNTIMES)];
  process.stdout.write(`${readyTable(daemons)}\n${runtimeTable(runtimes)}`);
  return [...daemons, ...runtimes].every(({ problems }) => problems.length === 0);
}

/** Whether all work with what was learned; the table goes to standard output. */
async function countPhases(names: readonly string[], seconds: number): Promise<boolean> {
  const all: PhasedCalls[] = [];
  for (const name of names) {
    say(`${name} …`);
    const counted = await tryPhases(name, seconds).catch(
      ({ message }: Error): Result => ({ problems: [message] }),
    );
    keepResult('calls', name, counted);
    for (const problem of counted.problems) say(`${name}: ${problem}`);
    say(JSON.stringify(counted));
    all.push({ name, ...counted });
  }
  process.stdout.write(phaseTable(all));
  return all.every(({ problems }) => problems.length === 0);
}

/** What a command line of this mode may name. */
function knownNames({ own, ready, readyCalls }: Record<'own' | 'ready' | 'readyCalls', boolean>) {
  if (own) return OWN_TEMPLATES.map(({ template }) => template);
  if (ready) return [...READY, ...RUNTIMES].map(({ name }) => name);
  return readyCalls ? PHASED : [...new Set([...LEARNED, ...ALL])];
}

async function main(words: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...words],
    options: {
      seconds: { type: 'string', default: `${SECONDS}` },
      keep: { type: 'string' },
      template: { type: 'string' },
      templates: { type: 'boolean' },
      'own-templates': { type: 'boolean', default: false },
      ready: { type: 'boolean', default: false },
      'ready-calls': { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const own = values['own-templates'];
  const known = knownNames({ own, ready: values.ready, readyCalls: values['ready-calls'] });
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new Error(`no ${own ? 'template' : 'service'} '${unknown}': ${[...new Set(known)].join(', ')}`);
  const obstacle = servicesObstacle();
  if (obstacle !== undefined) throw new Error(obstacle);
  if (values.ready) return (await tryAllReady(positionals)) ? 0 : 1;
  if (own) return (await tryOwnTemplates(positionals)) ? 0 : 1;
  const templates = values.template?.split(',') ?? (values.templates ? TEMPLATES : undefined);
  const named = (all: readonly string[]) => (positionals.length > 0 ? positionals : all);
  if (values['ready-calls']) return (await countPhases(named(PHASED), Number(values.seconds))) ? 0 : 1;
  const isWell = templates
    ? await tryAllTemplates(named(ALL), templates)
    : await learnAll(named(LEARNED), { seconds: Number(values.seconds), keep: values.keep });
  return isWell ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2)).catch((error: Error) => {
  say(error.message);
  return 2;
});
