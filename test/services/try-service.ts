/** One service is learned at work, confined, and given other work, in a machine to throw away. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kindsIn } from '../../src/evidence/recording/kinds.js';
import type { Recording } from '../../src/evidence/recording/recording.js';
import { numbersOf } from '../../src/syscalls/numbers.js';
import { Box } from '../support/box.js';
import { newlyRefused, recordingsOf } from '../support/learned-in-box.js';
import { MACHINE } from '../support/native.js';
import { inRepository } from '../support/repository.js';
import { policyPath } from '../support/service.js';
import type { Learned, LearnedFacts } from './table.js';

/** Longest step, in milliseconds. */
const STEP = 600_000;

export interface Options {
  /** How long a service works while it is watched first, in seconds. */
  readonly seconds: number;
  /** A folder for policies and recordings. */
  readonly keep?: string | undefined;
}

/** A service in its box. */
interface Tried {
  readonly box: Box;
  readonly unit: string;
  /** A command line for sh(1) that runs a verb of its script. */
  readonly verb: (words: string) => string;
}

/**
 * Learns a service from its load, applies the policy, and gives it other work.
 * @param name of a script in loads/
 * @throws Error where it can't be learned or confined at all
 */
export async function tryService(name: string, { seconds, keep }: Options): Promise<Learned> {
  const box = await Box.boot({ name, tree: 'services' });
  try {
    const verb = (words: string) => `sh ${inRepository(`test/services/loads/${name}.sh`)} ${words}`;
    const unit = (await succeed(box, 'sh', '-c', verb('unit'))).trim();
    const service: Tried = { box, unit, verb };
    await succeed(box, 'sh', '-c', verb('prepare'));
    const { learned, seen, facts } = await learnAndApply(service, seconds);
    const problems = [...learned, ...(await otherWork(service, seen, facts))];
    if (keep !== undefined) await keepFiles(service, keep);
    return { name, facts, problems };
  } finally {
    await box.stop();
  }
}

/** Keeps a service's policy, and its recordings as UNIT.N.json. */
async function keepFiles({ box, unit }: Tried, folder: string) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${unit}.toml`), await box.readFile(policyPath(unit)));
  for (const [i, recording] of (await recordingsOf(box, unit)).entries())
    writeFileSync(join(folder, `${unit}.${i + 1}.json`), JSON.stringify(recording, undefined, 1));
}

const succeed = (box: Box, ...argv: string[]) => box.succeed(argv, { timeoutMs: STEP });

/** Runs the command, which may find something; its JSON. */
async function command({ box }: Tried, ...words: string[]): Promise<Said> {
  const argv = ['node', inRepository('dist/sandbox-unit.cjs'), ...words, '--json'];
  const { status, stdout, stderr } = await box.exec(argv, { timeoutMs: STEP });
  if (status === 0 || status === 1) return JSON.parse(stdout);
  throw new Error(`${words.join(' ')}: status ${status}: ${stdout}${stderr}`);
}

interface Said {
  readonly tiers: readonly { readonly name: string; readonly tier: string }[];
  readonly diagnostics: readonly {
    readonly severity: string;
    readonly code: string;
    readonly message: string;
  }[];
}

async function learnAndApply(service: Tried, seconds: number) {
  const { box, unit, verb } = service;
  await succeed(box, 'systemctl', 'start', unit);
  const before = await exposureOf(service);
  const path = policyPath(unit);
  const said = await command(
    service,
    'learn',
    '--restart',
    '--exercise',
    verb(`load ${seconds}`),
    unit,
    '--write',
    path,
  );
  const [seen] = await recordingsOf(box, unit);
  await command(service, 'apply', '--no-confirm', unit);
  const facts: LearnedFacts = {
    calls: countOf(said.tiers),
    exposure: [before, await exposureOf(service)],
    minutes: (Date.parse(seen!.end) - Date.parse(seen!.begin)) / 60_000,
  };
  return { learned: failuresIn(said), seen: seen!, facts };
}

function countOf(calls: Said['tiers']): LearnedFacts['calls'] {
  const count = (tier: string) => calls.filter((call) => call.tier === tier).length;
  const [allowed, logged] = [count('allow'), count('log')];
  return { allowed, logged, refused: numbersOf(MACHINE!).size - allowed - logged };
}

/** Errors, and the word of work that failed. */
const failuresIn = ({ diagnostics }: Said): string[] =>
  diagnostics
    .filter(({ severity, code }) => severity === 'error' || code === 'exercise-failed')
    .map(({ code, message }) => `${code}: ${message}`);

async function exposureOf({ box, unit }: Tried): Promise<number> {
  const text = await succeed(box, 'systemd-analyze', 'security', '--no-pager', unit);
  return Number(/Overall exposure level for .*: ([\d.]+) /.exec(text)?.[1]);
}

/** Work, then each step of a service's life with more work behind it. One that fails ends it. */
const lifeOf = ({ unit, verb }: Tried, canReload: boolean): string => {
  const steps = [
    ...(canReload ? [['reload', verb('reload')]] : []),
    ['log rotation', verb('rotate')],
    ['restart', `systemctl restart ${unit}`],
    ['stop and start', `systemctl stop ${unit}; systemctl start ${unit}`],
  ];
  const lines = steps.map(([name, step]) => `export STEP='${name}'; ${step}; ${verb('other-load')}`);
  return ['set -e', verb('other-load 5'), ...lines].join('\n');
};

/** Whether it stays known which calls a policy refused where a table has lost something. */
const isBesideCalls = (table: string): boolean => table === 'leavers' || !kindsIn(table).includes('refused');

/** Watches the confined service in a life with other work. Returns what is wrong. */
async function otherWork(service: Tried, seen: Recording, { exposure }: LearnedFacts): Promise<string[]> {
  const { box, unit } = service;
  const { CanReload, NRestarts } = await show(service, 'CanReload', 'NRestarts');
  const said = await command(service, 'learn', '--exercise', lifeOf(service, CanReload === 'yes'), unit);
  const confined = (await recordingsOf(box, unit)).at(-1)!;
  const refused = newlyRefused(seen, confined);
  const lost = [
    ...Object.keys(seen.lost).filter((table) => table !== 'leavers'),
    ...Object.keys(confined.lost).filter((table) => !isBesideCalls(table)),
  ];
  const now = await show(service, 'ActiveState', 'NRestarts');
  const verify = await box.exec(['node', inRepository('dist/sandbox-unit.cjs'), 'verify', unit]);
  return [
    ...failuresIn(said),
    ...(refused.length > 0 ? [`the policy refuses ${refused.join(', ')}`] : []),
    ...(lost.length > 0 ? [`records were lost: ${lost.join(', ')}`] : []),
    ...(now.ActiveState === 'active' && now.NRestarts === NRestarts
      ? []
      : [`it has failed: ${now.ActiveState}`]),
    ...(verify.status === 0 ? [] : [`verify: ${verify.stdout}${verify.stderr}`]),
    ...(exposure[1] <= exposure[0] ? [] : [`its exposure is worse`]),
  ];
}

async function show({ box, unit }: Tried, ...names: string[]): Promise<Readonly<Record<string, string>>> {
  const text = await succeed(box, 'systemctl', 'show', `--property=${names.join(',')}`, unit);
  return Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => line.split('=')),
  );
}
