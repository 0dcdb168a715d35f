/** Refusals of a unit, each with the line that decided, in words. */

import type { Location } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import type { UnitState } from '../../machine/unit-state.js';
import { ERRNO, type Refusal, type RefusedCallEvent, type RefusedPath } from '../../observe/refusals.js';
import type { Prepared } from '../../prepare/prepare.js';
import { ABIS, type Abi, kernelNumber } from '../../seccomp/syscalls/abi.js';
import { errnoName } from '../../seccomp/syscalls/errno.js';
import { folderOf } from '../../systemd/unit/path.js';
import { explainKnown } from '../explain-unit.js';
import { changeLines } from '../explanation.js';
import { type NumberedCall, refusedCall } from '../records/observed.js';
import { directiveCause, type ServiceChange } from './by-directive.js';

/** A refusal that the unit's policy, or its own lines, decided. */
export interface FoundRefusal {
  readonly refusal: Refusal;
  /** `may not write /srv/a (EROFS)`. */
  readonly says: string;
  /** The line in short: `ProtectSystem=strict`, `deny execve`. */
  readonly cause: string;
  /** The line of the policy; undefined for the unit's own lines. */
  readonly at: Location | undefined;
  /** False where something else may have refused it. */
  readonly certain: boolean;
  /** The smallest change that would allow it; undefined where none is known. */
  readonly change: string | undefined;
  /** The change of `[service]`; undefined where the change is of calls, or none is known. */
  readonly allowing: ServiceChange | undefined;
  /** Whether an intruder's first steps look so: a program executed, a process traced, a file system mounted. */
  readonly isAlarm: boolean;
}

/** Finds the refusals that the unit's lines decided. What files' modes refused is left out. */
export async function foundRefusals(
  context: Context,
  prepared: Prepared,
  state: UnitState,
  refusals: readonly Refusal[],
): Promise<FoundRefusal[]> {
  const unit = {
    get: (name: string) => state.properties.get(name),
    policy: prepared.policy.policy,
  };
  const found: FoundRefusal[] = [];
  for (const refusal of refusals) {
    const one =
      refusal.kind === 'call' && refusal.byFilter
        ? byFilter(prepared, state, refusal)
        : await byDirective(refusal);
    if (one && (await isReal(context, refusal))) found.push(one);
  }
  return found;

  async function byDirective(refusal: Refusal): Promise<FoundRefusal | undefined> {
    const cause = directiveCause(refusal, unit);
    if (cause === undefined) return undefined;
    const allowing = await ofExisting(context, cause.change);
    return {
      ...{ refusal, says: refusalText(refusal), cause: cause.what, at: cause.at, certain: cause.certain },
      ...{ change: changeText(allowing), allowing, isAlarm: isAlarm(refusal) },
    };
  }
}

/** A change that opens a path; where it isn't there yet, the folder that is: no service starts with a path that isn't there. */
async function ofExisting({ system }: Context, change: ServiceChange): Promise<ServiceChange> {
  if (change.does !== 'add' || change.name !== 'ReadWritePaths') return change;
  let { word } = change;
  while (word !== '' && (await system.walk(word)).real === undefined) word = folderOf(word);
  return word === '' ? change : { ...change, word };
}

function byFilter(prepared: Prepared, state: UnitState, refusal: RefusedCallEvent): FoundRefusal | undefined {
  const numbered = numberedCall(refusal);
  if (numbered === undefined) return undefined;
  const { count, programs, call } = refusal;
  const made = refusedCall(numbered, { count, programs, time: 0, from: 0 });
  const { explanations } = explainKnown(prepared, state, [made]);
  const [explanation] = explanations;
  if (explanation === undefined) return undefined;
  const { cause } = explanation;
  const lines = changeLines(explanation);
  return {
    ...{ refusal, says: refusalText(refusal), cause: cause.what, at: cause.at },
    ...{ certain: cause.kind !== 'elsewhere', isAlarm: isAlarm(refusal) && call !== '', allowing: undefined },
    change: lines.length > 0 ? lines.join(' ').replace(/^to allow it: /, '') : undefined,
  };
}

/** The call that a filter refused, by its number; undefined for other refusals, and for a convention that isn't known. */
export function numberedCall(refusal: Refusal): NumberedCall | undefined {
  if (refusal.kind !== 'call' || !refusal.byFilter || !Object.hasOwn(ABIS, refusal.abi)) return undefined;
  const abi = refusal.abi as Abi;
  return { arch: ABIS[abi].arch, nr: kernelNumber(abi, refusal.number), errno: refusal.errno };
}

/** Whether a path that wasn't found is there for the host: else looking for it is no more than a question. */
async function isReal({ system }: Context, refusal: Refusal): Promise<boolean> {
  if (refusal.kind !== 'path' || ![ERRNO.ENOENT, ERRNO.ENXIO].some((one) => one === refusal.errno))
    return true;
  return (await system.walk(refusal.path)).real !== undefined;
}

/** Calls with which an intruder begins. */
const ALARMS = new Set([
  ...[
    'execve',
    'execveat',
    'ptrace',
    'process_vm_readv',
    'process_vm_writev',
    'mount',
    'umount2',
    'pivot_root',
  ],
  ...['move_mount', 'open_tree', 'fsopen', 'fsmount', 'mount_setattr', 'init_module', 'finit_module', 'bpf'],
]);

const isAlarm = (refusal: Refusal): boolean =>
  refusal.kind === 'call' ? ALARMS.has(refusal.call) : refusal.kind === 'path' && refusal.wish === 'execute';

const endText = (errno: number): string => (errno === 0 ? '' : ` (${errnoName(errno) ?? errno})`);

/** A refusal as the end of a sentence about a program. */
export function refusalText(refusal: Refusal): string {
  switch (refusal.kind) {
    case 'path':
      return `may not ${wishText(refusal)}${endText(refusal.errno)}`;
    case 'address': {
      const port = refusal.port === null ? '' : ` port ${refusal.port}`;
      const verb = refusal.use === 'bind' ? 'bind to' : refusal.use === 'connect' ? 'connect to' : 'send to';
      return `may not ${verb} ${refusal.address}${port}${endText(refusal.errno)}`;
    }
    case 'capability':
      return `lacks ${refusal.capability} for ${refusal.calls.join(', ')}`;
    default: {
      const which = valueText(refusal);
      return refusal.errno === 0
        ? `was killed for ${refusal.call}${which}`
        : `may not call ${refusal.call}${which}${endText(refusal.errno)}`;
    }
  }
}

function wishText({ wish, path, errno }: RefusedPath): string {
  if (wish === 'make or remove') return `make or remove files in ${path}`;
  const hidden =
    errno === ERRNO.ENOENT || errno === ERRNO.ENXIO || errno === 0 ? ', which is hidden from it' : '';
  return `${wish} ${path}${hidden}`;
}

const FAMILIES: ReadonlyMap<number, string> = new Map([
  ...([
    [1, 'AF_UNIX'],
    [2, 'AF_INET'],
    [10, 'AF_INET6'],
    [16, 'AF_NETLINK'],
    [17, 'AF_PACKET'],
  ] as const),
  ...([
    [31, 'AF_BLUETOOTH'],
    [38, 'AF_ALG'],
    [40, 'AF_VSOCK'],
  ] as const),
]);

/** The arguments that decide, of calls for which few values are possible. */
function valueText({ call, values }: RefusedCallEvent): string {
  if (call !== 'socket' || values.length === 0) return '';
  return `(${values.map((value) => FAMILIES.get(value) ?? value).join(', ')})`;
}

/** A change of `[service]` as an instruction. */
export function changeText(change: ServiceChange): string {
  if (change.does === 'add') return `add "${change.word}" to ${change.name} in [service]`;
  if (change.does === 'set') return `write ${change.name} = "${change.value}" in [service]`;
  return `leave ${change.name} out of [service]`;
}
