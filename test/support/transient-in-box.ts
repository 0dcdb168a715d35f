/**
 * Run in a box, `node transient-in-box.js FILE`: gives each directive of a list of StartCase to a transient unit, and holds
 * what systemd has of it against what a unit file with the same lines gives. Prints what differs, for each case.
 */
import { readFileSync } from 'node:fs';
import { directiveProperties } from '../../src/emit/transient-values.js';
import { canonical } from '../../src/plan/bus-values/elements.js';
import { findTransient } from '../../src/plan/transient-unit.js';
import { Bus } from '../../src/system/bus.js';
import type { UnitProperties } from '../../src/system/system.js';

export interface StartCase {
  /** A unit that has these lines in its file. */
  readonly unit: string;
  readonly name: string;
  readonly values: readonly string[];
}

/** Why there was no start, or the properties that differ: from the file, from the transient unit. */
export type StartFinding = string | readonly (readonly [property: string, file: string, transient: string])[];

/** systemd keeps some lists as sets and says them in no order. */
const unordered = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(unordered).sort((a, b) => (canonical(a) < canonical(b) ? -1 : 1)) : value;

const COMMAND = {
  name: 'ExecStartEx',
  signature: 'a(sasas)',
  value: [['/bin/true', ['/bin/true'], ['no-env-expand']]],
};

async function start(bus: Bus, { unit, name, values }: StartCase, systemd: number): Promise<StartFinding> {
  const row = findTransient(name)!;
  const properties = directiveProperties(row, values, systemd);
  if ('severity' in properties) return properties.code;
  const transient = `x-${unit}`;
  try {
    await bus.startTransient(transient, [...properties, COMMAND], () => undefined);
  } catch (cause) {
    return (cause as Error).message;
  }
  const [filed, started] = (await Promise.all([bus.unit(unit), bus.unit(transient)])) as [
    UnitProperties,
    UnitProperties,
  ];
  return [row.bus, ...(row.more ?? [])]
    .map(({ property }): [string, string, string] => [
      property,
      canonical(unordered(filed.get(property))),
      canonical(unordered(started.get(property))),
    ])
    .filter(([, a, b]) => a !== b);
}

const [, program, file] = process.argv;
if (program?.endsWith('transient-in-box.js') && file !== undefined) {
  const cases = JSON.parse(readFileSync(file, 'utf8')) as StartCase[];
  const bus = await Bus.connect({ address: 'unix:path=/run/dbus/system_bus_socket', hint: '' });
  const systemd = Number.parseInt((await bus.manager()).version, 10);
  const findings: StartFinding[] = [];
  for (const one of cases) findings.push(await start(bus, one, systemd));
  bus.close();
  console.log(JSON.stringify(findings));
}
