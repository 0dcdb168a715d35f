/**
 * Run in a box, `node read-back-in-box.js FILE`: reads units back as `apply` does. FILE is a JSON list of ReadBackCase;
 * prints, for each case, the directives that aren't in force and the hints.
 */
import { readFileSync } from 'node:fs';
import { Host } from '../../src/machine/host.js';
import type { PlannedDirective } from '../../src/plan/plan.js';
import { readBack } from '../../src/verify/manager/read-back.js';
import { planned, plannedDropIn } from './planned.js';

export interface ReadBackCase {
  readonly unit: string;
  readonly dropIn: string;
  readonly directives: readonly PlannedDirective[];
}

export interface ReadBackFinding {
  readonly message: string;
  readonly hint?: string;
}

const [, program, file] = process.argv;
if (program?.endsWith('read-back-in-box.js') && file !== undefined) {
  const cases = JSON.parse(readFileSync(file, 'utf8')) as ReadBackCase[];
  const host = new Host({ address: 'unix:path=/run/dbus/system_bus_socket', hint: '' });
  const empty = planned('');
  const findings: ReadBackFinding[][] = [];
  for (const { unit, dropIn, directives } of cases) {
    const held = plannedDropIn({ ...empty, unit, directives }, dropIn);
    findings.push(readBack(held, await host.unit(unit)));
  }
  await host.close();
  console.log(JSON.stringify(findings));
}
