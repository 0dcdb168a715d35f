import { type Diagnostic, failure, printable, warning } from '../diagnostic.js';
import type { Context } from '../machine/context.js';
import { sha256OfBytes } from '../machine/digest.js';
import { type Activation, manifestText } from '../plan/emit/activation.js';
import { dropInFacts } from '../plan/emit/drop-in-facts.js';
import type { EmittedFile } from '../plan/emit/files.js';
import { type CommandProbe, DEFAULT_PROBE_TIMEOUT, DEFAULT_SETTLE, type Probe } from '../policy/probe.js';
import { shellWord } from '../systemd/command-lines.js';
import { dropInPath, hasNameOfDropIn } from '../systemd/paths/own-files.js';
import { MAX_UNIT_SIZE } from './load/unit-files.js';
import type { Prepared } from './prepare.js';

/** The most bytes of the script. */
const MAX_SCRIPT = 1 << 20;

/** The script `activate` and what it needs to know of a unit, at paths below the folder of the files. */
export interface ActivationFiles {
  readonly files: readonly EmittedFile[];
  readonly diagnostics: readonly Diagnostic[];
}

/** The text of the script `activate`. @throws UserError `no-helper` */
export async function activationScript({ home, program }: Context): Promise<Uint8Array> {
  const source = `${home}/host-scripts/activate`;
  const script = await program.read(source, { limit: MAX_SCRIPT });
  if (script === undefined) throw failure('no-helper', `there is no ${source}`);
  return script.bytes;
}

/** @throws UserError `no-helper`, `policy-value`, `bad-file` */
export async function activationFiles(context: Context, prepared: Prepared): Promise<ActivationFiles> {
  const script = await activationScript(context);
  const { unit, policy } = prepared;
  const probes = policy.policy.probe ?? [];
  const manifest = manifestText(await activationOf(context, prepared, probes.filter(isCommand)));
  return {
    files: [
      { path: '/activate', content: script, mode: 0o755 },
      { path: `/activate.d/${unit.name.full}`, content: new TextEncoder().encode(manifest), mode: 0o644 },
    ],
    diagnostics: probes.flatMap((probe) => (isCommand(probe) ? [] : [untried(probe.text, probe.at)])),
  };
}

const isCommand = (probe: Probe): probe is CommandProbe => 'argv' in probe;

const untried = (text: string, at: Probe['at']): Diagnostic =>
  warning('probe', `a host without Node can't try ${text}`, {
    at,
    hint: 'test it from another machine and use --confirm, or turn it into a command',
  });

async function activationOf(
  context: Context,
  { unit, policy: { policy }, files, changes }: Prepared,
  probes: readonly CommandProbe[],
): Promise<Activation> {
  const gone = changes.filter(({ kind }) => kind === 'remove').map(({ path }) => path);
  // systemd has read ours in the place of others of its name.
  const others = unit.files.filter(({ path }) => !hasNameOfDropIn(path));
  // A manifest has a path a line, and another machine may have told of these.
  const bad = [...gone, ...others.map(({ path }) => path)].find((path) => /\p{Cc}/u.test(path));
  if (bad !== undefined) throw failure('bad-file', `'${printable(bad)}' has control characters`);
  const dropIn = files.find(({ path }) => path === dropInPath(context.placement, unit.name.full));
  return {
    files: files.map(({ path, mode, content }) => ({ path, mode, hash: sha256OfBytes(content) })),
    gone,
    madeFor: await Promise.all(others.map(({ path }) => hashed(context, path))),
    settle: policy.settle?.value ?? DEFAULT_SETTLE,
    filtered: dropIn !== undefined && dropInFacts(dropIn.content).filtered,
    reload: policy.reload?.value ?? unit.state?.canReload ?? false,
    probes: probes.map(lineOf),
    probeAs: policy.probeAs?.value,
    probeTimeout: policy.probeTimeout?.value ?? DEFAULT_PROBE_TIMEOUT,
  };
}

async function hashed({ system }: Context, path: string) {
  const file = await system.read(path, { limit: MAX_UNIT_SIZE });
  if (file === undefined) throw failure('unit-changed', `${path} is gone`);
  return { path, hash: sha256OfBytes(file.bytes) };
}

function lineOf({ argv, at }: CommandProbe): string {
  const line = argv.map(shellWord).join(' ');
  if (!/[\n\r\0]/.test(line)) return line;
  const hint = 'put the command into a script, and run that';
  throw failure('policy-value', 'a probe on a host without Node must be one line', { at, hint });
}
