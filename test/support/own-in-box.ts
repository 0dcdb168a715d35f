/**
 * Run in a box, `node own-in-box.js FILE`: starts a unit for each directive of a list of OwnCase, as `run` does and by
 * systemd-run, and holds all properties of the one against those of the other. Prints what differs, for each case.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { transientDirectives, type UnitSetting } from '../../src/cli/run/unit.js';
import { serviceOf } from '../../src/machine/bus/answers.js';
import { Bus } from '../../src/machine/bus/bus.js';
import type { UnitProperties } from '../../src/machine/unit-state.js';
import { findTransient } from '../../src/systemd/directives/rows/transient.js';
import { directiveProperties } from '../../src/systemd/directives/transient.js';
import { canonical } from '../../src/systemd/directives/values/bus.js';
import type { UnitProperty } from '../../src/systemd/unit/unit-property.js';

export interface OwnCase {
  readonly name: string;
  readonly text: string;
}

/** Why there was no start, or the properties that differ: of ours, of systemd-run's. */
export type OwnFinding = string | readonly (readonly [property: string, ours: string, theirs: string])[];

const COMMAND = ['/bin/sleep', '1000'];
const COMMON: readonly UnitProperty[] = [
  { name: 'Description', signature: 's', value: 'x' },
  { name: 'ExecStart', signature: 'a(sasb)', value: [[COMMAND[0], COMMAND, false]] },
];

/** What two units can't have the same of: names, moments, processes, what the kernel counts. */
const VOLATILE =
  /^(Id|Names|FragmentPath|InvocationID|ControlGroup.*|MainPID|ControlPID|ExecMain.*|Job|ActiveState|SubState|StatusText|Result|StatusErrno|.*Timestamp.*|(?:CPUUsage|Memory|Tasks|IO|IP|Effective)\w+|StateChange.*|ExecStart|ExecStartEx|NeedDaemonReload|Refs|ActivationDetails|NRestarts|FreezerState|NFileDescriptorStore|OOMKills|ManagedOOMKills|StateDirectoryUsage.*|Can\w+|(?:Condition|Assert)Result)$/;

/** Commands and conditions say when they ran, too, and what came of it. */
const SETTLED: ReadonlyMap<string, number> = new Map([
  ['Conditions', 4],
  ['Asserts', 4],
]);

function comparable(name: string, value: unknown): string {
  const fields = /^Exec[A-Z]/.test(name) ? 3 : SETTLED.get(name);
  const settled = fields === undefined ? value : (value as unknown[][]).map((one) => one.slice(0, fields));
  return canonical(Array.isArray(settled) ? [...settled].map(canonical).sort() : settled);
}

function differences(ours: UnitProperties, theirs: UnitProperties): OwnFinding {
  const names = [...new Set([...ours.keys(), ...theirs.keys()])].filter((name) => !VOLATILE.test(name));
  return names
    .map((name): [string, string, string] => [
      name,
      comparable(name, ours.get(name) ?? []),
      comparable(name, theirs.get(name) ?? []),
    ])
    .filter(([, a, b]) => otherName(a) !== b);
}

/** Two services can't have one name on the bus. */
const otherName = (text: string) => text.replace('org.example.', 'net.example.');

function propertiesOf(settings: readonly UnitSetting[], systemd: number): readonly UnitProperty[] | string {
  const target = { systemd, scope: 'system', abilities: { lacks: new Map() } } as const;
  const { directives, diagnostics } = transientDirectives(settings, target as never);
  if (diagnostics[0]) return diagnostics[0].message;
  const found: UnitProperty[] = [];
  for (const { name, values } of directives) {
    const properties = directiveProperties(findTransient(name)!, values, systemd);
    if ('severity' in properties) return properties.message;
    found.push(...properties);
  }
  return found;
}

async function compare(bus: Bus, { name, text }: OwnCase, i: number, systemd: number): Promise<OwnFinding> {
  const needed = text === 'dbus' ? [{ name: 'BusName', text: 'org.example.Dbus' }] : [];
  const settings = [{ name, text }, ...needed];
  const properties = propertiesOf(settings, systemd);
  if (typeof properties === 'string') return properties;
  try {
    await bus.startTransient(
      { unit: `own-o${i}.service`, properties: [...COMMON, ...properties] },
      () => undefined,
    );
  } catch (cause) {
    return `ours: ${(cause as Error).message}`;
  }
  const assignments = settings.map((one) => `${one.name}=${otherName(one.text.replaceAll('%%', '%'))}`);
  const options = ['--quiet', '--no-block', `--unit=own-t${i}`, '--description=x'];
  const words = [...options, ...assignments.flatMap((one) => ['-p', one]), ...COMMAND];
  const { status, stderr } = spawnSync('systemd-run', words, { encoding: 'utf8' });
  if (status !== 0) return `systemd-run: ${stderr.trim()}`;
  const both = [`own-o${i}.service`, `own-t${i}.service`];
  const [ours, theirs] = await Promise.all(both.map(async (unit) => serviceOf(await bus.table(unit))));
  return differences(ours!.properties, theirs!.properties);
}

const [, program, file] = process.argv;
if (program?.endsWith('own-in-box.js') && file !== undefined) {
  const cases = JSON.parse(readFileSync(file, 'utf8')) as OwnCase[];
  const bus = await Bus.connect({ address: 'unix:path=/run/dbus/system_bus_socket', hint: '' });
  const systemd = Number.parseInt((await bus.manager()).version, 10);
  const findings: OwnFinding[] = [];
  for (const [i, one] of cases.entries()) findings.push(await compare(bus, one, i, systemd));
  bus.close();
  console.log(JSON.stringify(findings));
}
