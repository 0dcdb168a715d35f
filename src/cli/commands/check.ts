import { type Diagnostic, EXIT, hasErrors, UserError } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import type { Outcome } from '../../outcome.js';
import { checkReadyAlone } from '../../plan/ready/checks.js';
import { checkService } from '../../plan/service.js';
import { checkSyscalls, takenFromAll } from '../../policy/check.js';
import { checkExpectations, checkReadyExpectations, type ResolvedFilter } from '../../policy/expect.js';
import { hasNameOfDefaults } from '../../prepare/load/find-defaults.js';
import type { PolicyPlace } from '../../prepare/load/find-template.js';
import { INPUT, inputPolicy } from '../../prepare/load/input-policy.js';
import { type LoadedPolicy, loadPolicy } from '../../prepare/load/load-policy.js';
import { MACHINES } from '../../seccomp/syscalls/abi.js';
import { withOwnSets } from '../../seccomp/syscalls/own-sets.js';
import { readyCalls } from '../../seccomp/syscalls/ready.js';
import { resolve, resolveCalls } from '../../seccomp/syscalls/resolve.js';
import type { SyscallsSection } from '../../seccomp/syscalls/section.js';
import { bundledSets, type SyscallSets } from '../../seccomp/syscalls/sets.js';

/** Checks policy files by themselves: names, values, expectations. Filters are proven when they are made. */
export async function check(context: Context, files: readonly string[]): Promise<Outcome> {
  const sources = new Map<string, string>();
  const results: { file: string; exit: number; diagnostics: readonly Diagnostic[] }[] = [];
  for (const file of files) {
    const { exit, diagnostics, texts } = await checkFile(context, file);
    results.push({ file, exit, diagnostics });
    for (const [name, text] of texts) sources.set(name, text);
  }
  const diagnostics = results.flatMap((result) => result.diagnostics);
  const good = results.filter((result) => !hasErrors(result.diagnostics));
  return {
    exit: Math.max(...results.map((result) => result.exit)),
    json: { files: results.map((result) => ({ file: result.file, ok: !hasErrors(result.diagnostics) })) },
    text: good.map(({ file }) => `${file}: ok\n`).join(''),
    diagnostics,
    sources,
  };
}

/** A file of the name is taken for defaults, in the host's folder or in one where its policies are prepared. */
const placeOf = async (context: Context, path: string): Promise<PolicyPlace> =>
  path === INPUT
    ? inputPolicy(context)
    : { system: context.program, path, ...(hasNameOfDefaults(path) ? { isDefaults: true } : {}) };

async function checkFile(context: Context, file: string) {
  try {
    const place = await placeOf(context, file);
    const loaded = await loadPolicy(context, place, { trusted: false });
    const diagnostics = checkLoaded(loaded);
    return { exit: hasErrors(diagnostics) ? EXIT.findings : EXIT.ok, diagnostics, texts: loaded.sources };
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    return { exit: cause.exit, diagnostics: cause.diagnostics, texts: cause.sources };
  }
}

function checkLoaded({ policy, complete, diagnostics: found }: LoadedPolicy): Diagnostic[] {
  const sets = bundledSets();
  const diagnostics = [
    ...found,
    ...checkSyscalls(policy, sets, MACHINES, complete),
    ...checkService(policy),
    ...(policy.ready && complete ? checkReadyAlone(policy, policy.ready, sets, MACHINES) : []),
  ];
  if (hasErrors(diagnostics)) return diagnostics;
  if (complete) diagnostics.push(...takenFromAll(policy, sets, MACHINES));
  if (policy.expect.length === 0) return diagnostics;
  const { syscalls, ready } = policy;
  const before = syscalls && meaningOf(syscalls, sets);
  const architectures = syscalls && before!.named.architectures;
  const serving = ready && meaningOf(readyCalls(ready, architectures), withOwnSets(sets));
  return [
    ...diagnostics,
    ...(before ? checkExpectations(policy, before) : []),
    ...(serving ? checkReadyExpectations(policy, before, serving) : []),
  ];
}

function meaningOf(section: SyscallsSection, sets: SyscallSets): ResolvedFilter {
  const named = resolveCalls(section, sets);
  return { section, sets, named, machines: MACHINES.map((machine) => resolve(named, machine)) };
}
