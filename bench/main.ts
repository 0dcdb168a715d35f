/** Measures what the manual promises: `node build/bench/main.js [--json] [NAME…]`. */
import { cpus, release } from 'node:os';
import { boxAvailable } from '../test/support/box.js';
import { debianTree } from '../test/support/tree.js';
import { allowList } from './allow-list.js';
import { callCost } from './call-cost.js';
import { commandStart } from './command-start.js';
import { compileProve } from './compile-prove.js';
import { fleet } from './fleet.js';
import { launcherStart } from './launcher-start.js';
import { observerCost } from './observer-cost.js';
import { ready } from './ready.js';
import type { Bench, Row } from './row.js';
import { serviceStart } from './service-start.js';
import { tableOf } from './table.js';
import { transient } from './transient.js';
import { unitCommands } from './unit-commands.js';
import { watchRefusals } from './watch-refusals.js';
import { output } from './workshop.js';

const BENCHES: readonly Bench[] = [
  launcherStart,
  callCost,
  observerCost,
  watchRefusals,
  serviceStart,
  ready,
  commandStart,
  unitCommands,
  fleet,
  transient,
  compileProve,
  allowList,
];

interface Result {
  readonly bench: string;
  readonly rows: readonly Row[];
  readonly skipped?: string;
  readonly failed?: string;
}

/** What the numbers depend on. */
function machine() {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    processors: cpus().length,
    kernel: release(),
    node: process.version,
    systemd: systemdOfBoxes(),
    date: new Date().toISOString().slice(0, 10),
  };
}

function systemdOfBoxes(): string {
  const obstacle = boxAvailable();
  if (obstacle !== undefined) return `none: ${obstacle}`;
  const [, version] =
    /\((.*)\)/.exec(output(['chroot', debianTree('machine'), 'systemctl', '--version'])) ?? [];
  return version ?? 'unknown';
}

/** The others are measured, whether or not one fails. */
async function measure({ name, obstacle, run }: Bench): Promise<Result> {
  const skipped = obstacle();
  if (skipped !== undefined) return { bench: name, rows: [], skipped };
  try {
    return { bench: name, rows: await run() };
  } catch (error) {
    return { bench: name, rows: [], failed: (error as Error).message };
  }
}

function textOf({ bench, rows, skipped, failed }: Result): string {
  if (failed !== undefined) return `${bench}\nfailed: ${failed}\n`;
  return `${bench}\n${skipped === undefined ? tableOf(rows) : `skipped: ${skipped}`}\n`;
}

async function main(words: readonly string[]): Promise<void> {
  const json = words.includes('--json');
  const names = words.filter((word) => word !== '--json');
  const unknown = names.find((name) => !BENCHES.some((bench) => bench.name === name));
  if (unknown !== undefined) {
    throw new Error(`no bench '${unknown}': ${BENCHES.map(({ name }) => name).join(', ')}`);
  }
  const chosen = BENCHES.filter(({ name }) => names.length === 0 || names.includes(name));
  const facts = machine();
  const results: Result[] = [];
  if (!json)
    console.log(
      `${Object.entries(facts)
        .map((pair) => pair.join(': '))
        .join('\n')}\n`,
    );
  for (const bench of chosen) {
    const result = await measure(bench);
    results.push(result);
    if (!json) console.log(textOf(result));
  }
  if (json) console.log(JSON.stringify({ machine: facts, results }, undefined, 2));
  if (results.some(({ failed }) => failed !== undefined)) process.exitCode = 2;
}

await main(process.argv.slice(2)).catch((error: Error) => {
  console.error(`bench: ${error.message}`);
  process.exitCode = 2;
});
