import { type Diagnostic, EXIT, error, note, printable, UserError } from '../diagnostic.js';
import type { EmittedFile } from '../emit/files.js';
import type { Outcome } from '../outcome.js';
import type { Context } from '../system/context.js';
import { type Facts, MAX_FACTS, parseFacts } from '../system/recorded/facts-file.js';
import { Digests } from '../system/recorded/host-class.js';
import { contextOf } from '../system/recorded/read-facts.js';
import { Recorded } from '../system/recorded/recorded.js';

/** The files for a unit, or the diagnostics because of which there are none. */
export interface Made {
  readonly failed: boolean;
  readonly files: readonly EmittedFile[];
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: ReadonlyMap<string, string>;
}

/** Writes files below a folder of the machine that the program runs on, at their own paths. */
export async function writeBelow(
  { program }: Context,
  folder: string,
  files: readonly EmittedFile[],
): Promise<void> {
  for (const { path, content, mode } of files)
    await program.replace(`${folder}${path}`, content, { mode, foreign: true });
}

/** Machines for which one plan does. */
interface HostClass {
  /** Its name: digits of the digest of all answers that the plan has asked for. */
  readonly name: string;
  readonly digest: string;
  /** The questions of the plan, sorted. */
  readonly questions: readonly string[];
  readonly made: Made;
  readonly hosts: string[];
}

interface ForHosts {
  /** The folder with the facts of each machine, `HOST.facts`. */
  readonly hosts: string;
  /** The folder below which each class gets one of its own. */
  readonly output: string;
  readonly make: (context: Context) => Promise<Made>;
}

const SUFFIX = '.facts';

/** Digits of a digest in a class's name. */
const DIGITS = 16;

/**
 * Makes the files of a unit for many machines, once for all that answer a plan's questions alike.
 * @throws UserError `no-facts` for a folder without any
 */
export async function generateForHosts(
  context: Context,
  { hosts, output, make }: ForHosts,
): Promise<Outcome> {
  const { program } = context;
  const names = (await program.list(hosts)).filter((name) => name.endsWith(SUFFIX));
  if (names.length === 0) {
    const hint = `each machine's are in a file: HOST${SUFFIX}`;
    throw new UserError(
      error('no-facts', `there are no facts in ${printable(hosts)}`, { hint }),
      EXIT.failure,
    );
  }
  const classes: HostClass[] = [];
  const unread: Diagnostic[] = [];
  let done = 0;
  const planFor = async (name: string) => {
    const host = name.slice(0, -SUFFIX.length);
    try {
      const facts = await readHost(context, `${hosts}/${name}`);
      const digests = new Digests(facts);
      const known = classOf(digests, classes);
      if (known) known.hosts.push(host);
      else classes.push(await newClass(context, { facts, digests, host, make }));
    } catch (cause) {
      if (!(cause instanceof UserError)) throw cause;
      unread.push(...cause.diagnostics);
    }
    done += 1;
  };
  await context.caller.during(
    () => `planning for machines: ${done} of ${names.length}`,
    async () => {
      for (const name of names) await planFor(name);
    },
  );
  for (const { made, name } of classes) {
    if (!made.failed) await writeBelow(context, `${output}/${name}`, made.files);
  }
  return outcomeOf(classes, unread);
}

async function readHost({ program }: Context, path: string): Promise<Facts> {
  const file = await program.read(path, { limit: MAX_FACTS });
  return parseFacts(new Map([[path, new TextDecoder().decode(file?.bytes)]]));
}

/** The class of a machine among those that are known. */
function classOf(digests: Digests, classes: readonly HostClass[]): HostClass | undefined {
  return classes.find(({ questions, digest }) => digests.of(questions) === digest);
}

interface NewHost {
  readonly facts: Facts;
  readonly digests: Digests;
  readonly host: string;
}

async function newClass(
  context: Context,
  { facts, digests, host, make }: NewHost & Pick<ForHosts, 'make'>,
): Promise<HostClass> {
  const recorded = new Recorded(facts, context.program);
  const made = await madeOn(recorded, () => make(contextOf(context, recorded)));
  const questions = [...recorded.asked].sort();
  const digest = digests.of(questions);
  return { name: digest.slice(0, DIGITS), digest, questions, made, hosts: [host] };
}

/** The result of a plan; an error where the machine has to be asked more. */
async function madeOn(recorded: Recorded, make: () => Promise<Made>): Promise<Made> {
  const failed = (diagnostics: readonly Diagnostic[], sources: Made['sources'] = new Map()): Made => ({
    ...{ failed: true, files: [], diagnostics, sources },
  });
  let made: Made;
  try {
    made = await make();
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    made = failed(cause.diagnostics, cause.sources);
  }
  const { unanswered } = recorded;
  if (unanswered === undefined) return made;
  const { length } = unanswered.questions;
  const count = length === 1 ? 'a question of the plan has' : `${length} questions of the plan have`;
  const hint =
    "'sandbox-unit plan --facts' with the same policy prints the command that asks; what it prints goes to the end of each host's file";
  return failed([error('unanswered', `${count} no answer`, { hint })]);
}

/** The most hosts that a note names. */
const NAMED = 5;

function outcomeOf(classes: readonly HostClass[], unread: readonly Diagnostic[]): Outcome {
  const lines = classes.flatMap(({ name, made, hosts }) =>
    hosts.map((host) => `${printable(host)} ${made.failed ? '-' : name}\n`),
  );
  const isFine = unread.length === 0 && classes.every(({ made }) => !made.failed);
  return {
    exit: isFine ? EXIT.ok : EXIT.findings,
    json: {
      classes: classes.map(({ name, made, hosts }) => ({
        class: made.failed ? null : name,
        hosts,
        files: made.files.map(({ path }) => path),
      })),
    },
    text: lines.sort().join(''),
    diagnostics: [
      ...unread,
      ...classes.flatMap(({ made, hosts }) =>
        made.diagnostics.length === 0
          ? []
          : [...made.diagnostics, note('hosts', `this is of ${namesOf(hosts)}`)],
      ),
    ],
    sources: new Map(classes.flatMap(({ made }) => [...made.sources])),
  };
}

function namesOf(hosts: readonly string[]): string {
  const named = hosts
    .slice(0, NAMED)
    .map((host) => printable(host))
    .join(', ');
  return hosts.length > NAMED ? `${named} and ${hosts.length - NAMED} more` : named;
}
