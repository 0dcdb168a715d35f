/** One service is learned at work, confined, and given other work, in a machine to throw away. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kindsIn } from '../../src/observe/recording/kinds.js';
import type { Recording } from '../../src/observe/recording/recording.js';
import { numbersOf } from '../../src/seccomp/syscalls/numbers.js';
import { newlyRefused, recordingsOf } from '../support/learned-in-box.js';
import { MACHINE } from '../support/native.js';
import { policyPath } from '../support/service.js';
import {
  afterLife,
  type BoxedService,
  command,
  type Diagnosed,
  lifeOf,
  show,
  succeed,
  withService,
} from './in-box.js';
import type { Learned, LearnedFacts } from './table.js';

export interface Options {
  /** How long a service works while it is watched first, in seconds. */
  readonly seconds: number;
  /** A folder for policies and recordings. */
  readonly keep?: string | undefined;
}

/**
 * Learns a service from its load, applies the policy, and gives it other work; then promotes the policy after all of this work,
 * applies it, and gives it that work again.
 * @param name of a script
 * @throws Error where it can't be learned or confined at all
 */
export const tryService = (name: string, { seconds, keep }: Options): Promise<Learned> =>
  withService(name, async (service) => {
    const { learned, seen, facts } = await learnAndApply(service, seconds);
    const first = [...learned, ...(await otherWork(service, seen, facts))];
    const isPromoted = await command(service, 'learn', '--promote', '--now', service.unit).then(
      () => true,
      ({ message }: Error) => {
        // Of processes that left its control group, as with logins, it is unknown which calls they made.
        if (!message.includes('"recording-incomplete"')) throw new Error(message);
        return false;
      },
    );
    if (isPromoted) await confine(service);
    const promoted = { ...facts, exposure: [...facts.exposure, await exposureOf(service)] };
    const second = await otherWork(service, seen, promoted);
    if (keep !== undefined) await keepFiles(service, keep);
    return { name, facts: promoted, problems: [...first, ...second.map((one) => `promoted: ${one}`)] };
  });

/** Keeps a service's policy, and its recordings as UNIT.N.json. */
async function keepFiles({ box, unit }: BoxedService, folder: string) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${unit}.toml`), await box.readFile(policyPath(unit)));
  for (const [i, recording] of (await recordingsOf(box, unit)).entries())
    writeFileSync(join(folder, `${unit}.${i + 1}.json`), JSON.stringify(recording, undefined, 1));
}

interface Said {
  readonly tiers: readonly { readonly name: string; readonly tier: string }[];
  readonly diagnostics: readonly Diagnosed[];
}

async function learnAndApply(service: BoxedService, seconds: number) {
  const { box, unit, verb } = service;
  await succeed(box, 'systemctl', 'start', unit);
  const before = await exposureOf(service);
  const path = policyPath(unit);
  const said = await command<Said>(
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
  await confine(service);
  const facts: LearnedFacts = {
    calls: countOf(said.tiers),
    exposure: [before, await exposureOf(service)],
    minutes: (Date.parse(seen!.end) - Date.parse(seen!.begin)) / 60_000,
  };
  return { learned: failuresIn(said), seen: seen!, facts };
}

/** @throws Error where the policy is not applied */
async function confine(service: BoxedService) {
  const failures = failuresIn(await command<Said>(service, 'apply', '--no-confirm', service.unit));
  if (failures.length > 0) throw new Error(`apply: ${failures.join('; ')}`);
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

async function exposureOf({ box, unit }: BoxedService): Promise<number> {
  const text = await succeed(box, 'systemd-analyze', 'security', '--no-pager', unit);
  return Number(/Overall exposure level for .*: ([\d.]+) /.exec(text)?.[1]);
}

/** Whether it stays known which calls a policy refused where a table has lost something. */
const isBesideCalls = (table: string): boolean => table === 'leavers' || !kindsIn(table).includes('refused');

/** Watches the confined service in a life with other work. Returns what is wrong. */
async function otherWork(
  service: BoxedService,
  seen: Recording,
  { exposure }: LearnedFacts,
): Promise<string[]> {
  const { box, unit } = service;
  const before = await show(service, 'NRestarts');
  const said = await command<Said>(service, 'learn', '--exercise', await lifeOf(service), unit);
  const confined = (await recordingsOf(box, unit)).at(-1)!;
  const refused = newlyRefused(seen, confined);
  const lost = [
    ...Object.keys(seen.lost).filter((table) => table !== 'leavers'),
    ...Object.keys(confined.lost).filter((table) => !isBesideCalls(table)),
  ];
  return [
    ...failuresIn(said),
    ...(refused.length > 0 ? [`the policy refuses ${refused.join(', ')}`] : []),
    ...(lost.length > 0 ? [`records were lost: ${lost.join(', ')}`] : []),
    ...(await afterLife(service, before)),
    ...(exposure.at(-1)! <= exposure[0]! ? [] : [`its exposure is worse`]),
  ];
}
