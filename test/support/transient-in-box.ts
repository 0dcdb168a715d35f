/**
 * Run in a box, `node transient-in-box.js FILE`: gives each directive of a list of StartCase to a transient unit, and holds
 * what systemd has of it against what a unit file with the same lines gives. Prints what differs, for each case.
 */
import { readFileSync } from 'node:fs';
import { serviceOf } from '../../src/machine/bus/answers.js';
import { Bus } from '../../src/machine/bus/bus.js';
import type { BusProperty } from '../../src/systemd/directives/directive.js';
import { findTransient } from '../../src/systemd/directives/rows/transient.js';
import { directiveProperties } from '../../src/systemd/directives/transient.js';
import { canonical } from '../../src/systemd/directives/values/bus.js';

export interface StartCase {
  /** A unit that has these lines in its file. */
  readonly unit: string;
  readonly section: string;
  readonly name: string;
  readonly values: readonly string[];
}

/** Why there was no start, or the properties that differ: from the file, from the transient unit. */
export type StartFinding = string | readonly (readonly [property: string, file: string, transient: string])[];

/** Of commands and conditions the rest is when they ran, and what came of it. */
const SETTLED: ReadonlyMap<string, number> = new Map([
  ['a(sasasttttuii)', 3],
  ['a(sbbsi)', 4],
]);

const settled = (value: unknown, { signature }: BusProperty): unknown =>
  SETTLED.has(signature) && Array.isArray(value)
    ? value.map((one: unknown[]) => one.slice(0, SETTLED.get(signature)))
    : value;

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
    await bus.startTransient({ unit: transient, properties: [...properties, COMMAND] }, () => undefined);
  } catch (cause) {
    return (cause as Error).message;
  }
  const [filed, started] = [serviceOf(await bus.table(unit)), serviceOf(await bus.table(transient))];
  return [row.bus, ...(row.more ?? [])]
    .map((bus): [string, string, string] => [
      bus.property,
      canonical(unordered(settled(filed.properties.get(bus.property), bus))),
      canonical(unordered(settled(started.properties.get(bus.property), bus))),
    ])
    .filter(([, a, b]) => a !== b);
}

/** As many as a connection of an older manager can listen to the one that refers to them: 512 match rules at most. */
const MOST_UNITS = 200;

const [, program, file] = process.argv;
if (program?.endsWith('transient-in-box.js') && file !== undefined) {
  const cases = JSON.parse(readFileSync(file, 'utf8')) as StartCase[];
  const findings: StartFinding[] = [];
  for (let at = 0; at < cases.length; at += MOST_UNITS) {
    const bus = await Bus.connect({ address: 'unix:path=/run/dbus/system_bus_socket', hint: '' });
    const systemd = Number.parseInt((await bus.manager()).version, 10);
    for (const one of cases.slice(at, at + MOST_UNITS)) findings.push(await start(bus, one, systemd));
    bus.close();
  }
  console.log(JSON.stringify(findings));
}
