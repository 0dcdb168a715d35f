import { failure } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { type Outcome, printed } from '../../outcome.js';
import { serviceName } from '../../prepare/load/load-unit.js';

export interface FactsOptions {
  /** Whether the script itself is printed. */
  readonly script?: boolean;
  /** Further questions, in base64. */
  readonly ask?: readonly string[];
}

/** The most bytes of the script, and of what it prints. */
const MAX_SCRIPT = 1 << 20;
const MAX_OUTPUT = 64 << 20;

/** Longest run of the script, in milliseconds. */
const TIMEOUT = 120_000;

/**
 * Answers to all that plans ask of this machine and of some units, as JSON Lines; or the script that gathers them where
 * there is no Node.
 * @throws UserError `no-helper`, `needs-root`, `bad-file`
 */
export async function facts(
  context: Context,
  units: readonly string[],
  { script = false, ask = [] }: FactsOptions,
): Promise<Outcome> {
  const { program, home, superuser } = context;
  const path = `${home}/host-scripts/facts`;
  const file = await program.read(path, { limit: MAX_SCRIPT });
  if (file === undefined) throw failure('no-helper', `there is no ${path}`);
  if (script) return printed(new TextDecoder().decode(file.bytes));
  if (!superuser) throw failure('needs-root', 'only root can gather the facts of a machine');
  const names = units.map((unit) => serviceName(unit).full);
  const argv = ['sh', path, ...ask.flatMap((one) => ['--ask', one]), '--', ...names];
  const { status, stdout, stderr } = await program.run(argv, { limit: MAX_OUTPUT, timeout: TIMEOUT });
  if (status !== 0) throw failure('bad-file', `${path} ended with status ${status}: ${stderr.trim()}`);
  return printed(stdout);
}
