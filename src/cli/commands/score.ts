import { inBatches } from '../../collections.js';
import { type Diagnostic, EXIT, error, failure, hasErrors, ofUnit, UserError } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { counted } from '../../machine/state/counted.js';
import { ASKED_AT_ONCE, type Service } from '../../machine/state/service.js';
import type { Outcome } from '../../outcome.js';
import { type Exposure, exposureText } from '../../plan/score/exposure.js';
import { serviceNames } from '../../prepare/load/find-unit.js';
import { fullName, noUnit, serviceName } from '../../prepare/load/load-unit.js';
import { namedUnit } from '../../prepare/load/named-unit.js';
import { type MachineFacts, probeMachine } from '../../prepare/probe/target.js';
import { type ScoreResult, scoreLoaded, scoreOffline } from '../../prepare/score-unit.js';
import { ownCommand } from '../../systemd/command-lines.js';
import { isServiceName, isTemplate } from '../../systemd/unit/name.js';
import { withInjections } from '../../verify/drift/injected.js';
import { scoresJson, scoresText, type UnitScore } from '../report/score.js';

export interface ScoreOptions {
  /** The highest exposure that is no finding: `3.0`. */
  readonly max?: string;
}

/**
 * Scores services: how exposed they are, and what stays open to them. Without names all that are loaded and not of
 * Type=oneshot, as systemd-analyze has them. Exit 1 if a service is more exposed than `max`.
 * @throws UserError `usage`, `systemd-version`
 */
export async function score(
  context: Context,
  units: readonly string[],
  { max }: ScoreOptions,
): Promise<Outcome> {
  const most = max === undefined ? undefined : parseMax(max);
  const machine = await probeMachine(context);
  const isNamed = units.length > 0;
  const found = isNamed ? await scoreNamed(context, machine, units) : await scoreAll(context, machine);
  const all = [...new Map(found.map((one) => [one.unit, one])).values()];
  const diagnostics = [
    ...machine.diagnostics,
    ...all.flatMap((one) => [...one.diagnostics, ...tooExposed(context, one, most)]),
  ];
  const besides = await tightenedBesides(context, all);
  const failed = all.some(({ exit }) => exit === EXIT.failure);
  return {
    exit: failed ? EXIT.failure : hasErrors(diagnostics) ? EXIT.findings : EXIT.ok,
    json: { units: scoresJson(all) },
    text: scoresText(all, isNamed, context.caller.theme),
    diagnostics: [...diagnostics, ...besides],
    sources: new Map(),
  };
}

/** Notes on calls that `tighten` refuses to what runs: a score is of what a unit gets at each start. */
async function tightenedBesides(context: Context, all: readonly UnitScore[]): Promise<Diagnostic[]> {
  const units = all.flatMap(({ unit, scored }) => (scored ? [{ unit, diagnostics: [] }] : []));
  const told = await withInjections(context, units, false);
  return told
    .flatMap((one) => one.diagnostics)
    .map((one) => ({ ...one, message: `${one.message}; the score does not count that` }));
}

function parseMax(text: string): Exposure {
  if (/^(?:10(?:\.0)?|\d(?:\.\d)?)$/.test(text)) return Math.round(Number(text) * 10);
  const hint = 'a number from 0 to 10, with one decimal at most';
  throw failure('usage', `'${text}' is not a valid exposure`, { hint });
}

function tooExposed(
  { placement }: Context,
  { unit, scored }: UnitScore,
  most: Exposure | undefined,
): Diagnostic[] {
  if (!scored || most === undefined || scored.score.exposure <= most) return [];
  const message = `the exposure of ${unit} is ${exposureText(scored.score.exposure)}, above the limit of ${exposureText(most)}`;
  const hint = `'${ownCommand(placement.scope, 'score', unit)}' shows what stays open`;
  return [error('exposed', message, { hint })];
}

/** Services that are named; of a template its loaded instances. */
async function scoreNamed(
  context: Context,
  machine: MachineFacts,
  units: readonly string[],
): Promise<UnitScore[]> {
  const look = async (text: string): Promise<UnitScore[]> => {
    if (context.offline) return [await offline(context, machine, serviceName(text).full)];
    const { exists: isThere, services } = await namedUnit(context, text);
    if (!isThere) throw await noUnit(context, serviceName(text));
    if (services.length === 0) throw noInstance(text);
    return Promise.all(services.map((service) => loaded(context, machine, service)));
  };
  const found = await counted(context, SCORING, units, (text) => attempt(text, () => look(text)));
  return found.flat();
}

const SCORING = 'scoring services';

const noInstance = (text: string) =>
  failure('unit-template', `no instance of ${fullName(text)} is loaded`, { hint: 'name an instance' });

async function scoreAll(context: Context, machine: MachineFacts): Promise<UnitScore[]> {
  const { system } = context;
  if (context.offline) {
    const names = (await serviceNames(context)).filter(isServiceName).map(serviceName);
    const plain = names.filter((name) => !isTemplate(name)).map(({ full }) => full);
    return counted(context, SCORING, plain, (name) => offline(context, machine, name));
  }
  const ask = async (name: string): Promise<Service> => ({ name, state: await system.unit(name) });
  const services = await inBatches(await system.services(), ASKED_AT_ONCE, ask);
  const running = services.filter(({ state }) => state.loadState === 'loaded' && state.type !== 'oneshot');
  return counted(context, SCORING, running, (service) => loaded(context, machine, service));
}

async function loaded(context: Context, machine: MachineFacts, service: Service): Promise<UnitScore> {
  const { name, state } = service;
  if (state.loadState === 'loaded') return reportedAs(name, await scoreLoaded(context, machine, service));
  const message = `${name} is ${state.loadState === 'masked' ? 'masked' : 'not loaded'}: it can't run`;
  return { unit: name, diagnostics: [error('not-loaded', message)], exit: EXIT.failure };
}

const offline = async (context: Context, machine: MachineFacts, name: string): Promise<UnitScore> =>
  reportedAs(name, await scoreOffline(context, machine, serviceName(name)));

function reportedAs(unit: string, result: ScoreResult): UnitScore {
  if ('score' in result) return { unit, scored: result, diagnostics: [] };
  return { unit, diagnostics: [ofUnit(result, unit)], exit: EXIT.failure };
}

/** The score of a unit, or why it can't be told: that doesn't keep others from being looked at. */
async function attempt(text: string, look: () => Promise<UnitScore[]>): Promise<UnitScore[]> {
  try {
    return await look();
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    const unit = fullName(text);
    return [{ unit, diagnostics: cause.diagnostics.map((d) => ofUnit(d, unit)), exit: cause.exit }];
  }
}
