import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import fc from 'fast-check';
import type { Instruction } from '../../../src/seccomp/filter/bpf.js';
import { compile } from '../../../src/seccomp/filter/compile/compile.js';
import { archesToTry, numbersToTry, registersToTry } from '../../../src/seccomp/filter/samples.js';
import { simulate } from '../../../src/seccomp/filter/simulate.js';
import { type Abi, abiOf, abisOf, MACHINES, type Machine } from '../../../src/seccomp/syscalls/abi.js';
import { errnoAction, KILL } from '../../../src/seccomp/syscalls/action.js';
import { callNames, numbersOf } from '../../../src/seccomp/syscalls/numbers.js';
import type { SeccompData, SyscallPolicy } from '../../../src/seccomp/syscalls/policy.js';
import { layerAvailable } from '../../support/layer.js';
import {
  compiledByLibseccomp,
  isAmbiguous,
  knownToLibseccomp,
  type NamedPolicy,
  namedPolicy,
  toPolicy,
} from './libseccomp.js';

const ZEROS: readonly bigint[] = new Array<bigint>(6).fill(0n);

/**
 * Where only the policy has an opinion: 512 to 547 are x32 calls without their bit, and -1 belongs to x86-64, which
 * libseccomp doesn't refuse where x32 alone is open.
 */
const isOurs = (policy: SyscallPolicy, nr: number, abi: Abi | undefined) =>
  abi === 'x86-64' && ((nr >= 512 && nr <= 547) || (nr === 0xffffffff && !policy.abis.has('x86-64')));

/** Calls on which both are to agree. */
function* callsFor(policy: SyscallPolicy): Generator<SeccompData> {
  for (const arch of archesToTry()) {
    for (const nr of numbersToTry(policy, arch)) {
      const id = abiOf(policy.machine, arch, nr);
      if (isOurs(policy, nr, id?.abi)) continue;
      const verdict = id && policy.abis.get(id.abi)?.verdicts.get(id.nr);
      for (const args of verdict?.rules.length ? registersToTry(verdict, 64) : [ZEROS])
        yield { arch, nr, args };
    }
  }
}

function assertAgree(policy: SyscallPolicy, theirs: readonly Instruction[]): void {
  const ours = compile(policy);
  for (const call of callsFor(policy)) {
    const [we, they] = [ours, theirs].map((program) => simulate(program, call).action);
    if (we !== they) assert.deepEqual({ call, action: we }, { call, action: they });
  }
}

/** A policy that gives each call of a table an errno of its own. */
function everyCallOf(machine: Machine, known: ReadonlySet<string>): NamedPolicy {
  const callsOf = (abi: Abi) =>
    [...numbersOf(abi).keys()].filter((call) => known.has(call) && !isAmbiguous(abi, call));
  const table = (abi: Abi) =>
    new Map(callsOf(abi).map((call, at) => [call, [{ when: [], action: errnoAction(1 + at) }]]));
  return { machine, otherwise: KILL, abis: new Map(abisOf(machine).map((abi) => [abi, table(abi)])) };
}

describe('libseccomp, given the same policy,', { skip: layerAvailable() }, () => {
  let known: Set<string>;
  before(async () => {
    known = await knownToLibseccomp([...callNames()]);
    assert.ok(known.size > 400);
  });

  test('answers every call of every table the same, and all other numbers', async () => {
    const policies = MACHINES.map((machine) => everyCallOf(machine, known));
    const programs = await compiledByLibseccomp(policies);
    for (const [at, policy] of policies.entries()) assertAgree(toPolicy(policy), programs[at]!);
  });

  test('answers random calls the same', async () => {
    const policies = fc.sample(namedPolicy(known), { numRuns: 400, seed: 5 });
    const programs = await compiledByLibseccomp(policies);
    assert.equal(programs.length, policies.length);
    for (const [at, policy] of policies.entries()) assertAgree(toPolicy(policy), programs[at]!);
  });
});
