import { type Diagnostic, error, printable } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { failureOf } from '../../machine/state/failures.js';
import type { Policy } from '../../policy/policy.js';
import { COMMAND_HINT, type CommandProbe } from '../../policy/probe.js';
import type { Located } from '../../seccomp/syscalls/section.js';
import { assertUser, PATH_OF_USERS } from './as-user.js';

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin';

/**
 * The first file that may be executed, as execvp(3) looks for it with the caller's environment; or the reason why there
 * is none.
 * @param name a path, or a name without a slash
 */
export function lookUpProgram(
  name: string,
  caller: Context['caller'],
): { readonly path: string } | { readonly why: string } {
  const places = name.includes('/')
    ? [name]
    : (caller.environment.PATH ?? DEFAULT_PATH)
        .split(':')
        .filter((directory) => directory.startsWith('/') && !directory.includes('\ufffd'))
        .map((directory) => `${directory}/${name}`);
  let why = 'no such file';
  for (const path of places) {
    const reason = caller.whyNotExecutable(path);
    if (reason === undefined) return { path };
    if (reason !== 'no such file') why = name === path ? reason : `${path}: ${reason}`;
  }
  return { why };
}

/** Errors about probes of a policy that can't be run, which would otherwise show only after the restart. */
export async function probeProblems(context: Context, policy: Policy): Promise<Diagnostic[]> {
  if (context.offline) return [];
  const { probe: probes = [], probeAs: user } = policy;
  const commands = probes.filter((probe) => 'argv' in probe);
  const path = user && user.value !== 'root' ? { PATH: PATH_OF_USERS } : context.caller.environment;
  const caller = { ...context.caller, environment: path };
  return [
    ...commands.flatMap((probe) => commandProblem(probe, caller)),
    ...(user && commands.length > 0 ? await userProblems(context, user) : []),
  ];
}

function commandProblem({ argv: [program], at }: CommandProbe, caller: Context['caller']): Diagnostic[] {
  const found = lookUpProgram(program, caller);
  if ('path' in found) return [];
  return [
    error('policy-value', `the probe '${printable(program)}' can't be run: ${found.why}`, {
      at,
      hint: COMMAND_HINT,
    }),
  ];
}

async function userProblems(context: Context, user: Located<string>): Promise<readonly Diagnostic[]> {
  const { system, superuser } = context;
  const { value, at } = user;
  if (!superuser)
    return [error('needs-root', "only root can run a probe as another user: 'probe-as'", { at })];
  const found = await failureOf(() => assertUser(system, value));
  return found.map((one) =>
    one.code === 'no-user'
      ? { ...one, at, hint: "set 'probe-as' in [apply] to a user of this machine" }
      : one,
  );
}
