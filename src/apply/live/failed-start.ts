/** A start that has failed since what runs could not be given the filter of `[ready]`. */

import { type Diagnostic, error, printable } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { failedPost, programsSaid } from '../../machine/state/failure.js';
import type { Prepared } from '../../prepare/prepare.js';
import { abiOf } from '../../seccomp/syscalls/abi.js';
import { nameOf } from '../../seccomp/syscalls/numbers.js';
import { withOwnSets } from '../../seccomp/syscalls/own-sets.js';
import { entriesByCall } from '../../seccomp/syscalls/resolve.js';

/** Lines of `tighten` (native-helper/tighten/report.c): their start, that of a thread which waits in a call, and the end. */
const NAME = 'tighten: ';
const WAITS = /^thread \d+ waits in call (\d{1,5}) \(arch=([0-9a-f]{1,8})\), /;
const END = /^nothing is changed: |^all processes are killed: /;

/**
 * Errors by which the filter of `[ready]` could not be loaded at a service's last start, in the words of the program that loads it;
 * none where the start didn't fail by that. A call that a thread waits in is named, at its line of the policy.
 */
export async function whyNotReady(
  { system, placement: { scope } }: Context,
  { plan, policy: { policy } }: Prepared,
  unit: string,
): Promise<Diagnostic[]> {
  const { ready } = policy;
  const state = await system.unit(unit);
  if (!ready || failedPost(state)?.path !== plan.target.injector) return [];
  const { machine, sets } = plan.target;
  const denied = entriesByCall(ready.deny, withOwnSets(sets));
  const lines = await programsSaid(system, unit, scope, state, MOST_LINES);
  const own = lines.filter((line) => line.startsWith(NAME)).map((line) => line.slice(NAME.length));
  const nameIn = (line: string): string | undefined => {
    const [, nr, arch] = WAITS.exec(line) ?? [];
    const id = nr === undefined ? undefined : abiOf(machine, parseInt(arch!, 16), Number(nr));
    return id && nameOf(id.abi, id.nr);
  };
  const calls = new Set(own.flatMap((line) => nameIn(line) ?? []));
  const others = new Set(own.filter((line) => nameIn(line) === undefined && !END.test(line)));
  const waits = (call: string) => {
    const message = `${unit}: a thread waits in ${call}, which the filter refuses`;
    return error('thread-stuck', message, { at: denied.get(call)?.at ?? ready.at, hint: HINT });
  };
  return [
    ...[...calls].map(waits),
    ...[...others].map((line) => error('not-tightened', `${unit}: ${printable(line)}`)),
  ];
}

const HINT =
  "if the thread waits there during normal work, leave the call out; otherwise raise 'settle' in [ready]";

/** The most lines that are looked at. */
const MOST_LINES = 20;
