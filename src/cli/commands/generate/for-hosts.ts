import { shortList } from '../../../collections.js';
import { type Diagnostic, EXIT, error, failure, note, printable, UserError } from '../../../diagnostic.js';
import type { Context } from '../../../machine/context.js';
import { type Inventory, MAX_FACTS, parseFacts } from '../../../machine/recorded/facts-file.js';
import { Digests } from '../../../machine/recorded/host-class.js';
import { contextOf } from '../../../machine/recorded/read-facts.js';
import { Recorded } from '../../../machine/recorded/recorded.js';
import type { Outcome } from '../../../outcome.js';
import type { EmittedFile } from '../../../plan/emit/files.js';
import { ifNameIsRight, lacking } from '../../report/unanswered.js';
import { type RemovedFiles, writeClasses } from './class-folders.js';

/** The files for a unit, or the diagnostics because of which there are none. */
export interface GeneratedFiles {
  /** The status that the command ends with; there are no files unless it is `EXIT.ok`. */
  readonly exit: number;
  readonly files: readonly EmittedFile[];
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: ReadonlyMap<string, string>;
}

/** Machines for which one plan does. */
interface HostClass {
  /** Its name: digits of the digest of all answers that the plan has asked for. */
  readonly name: string;
  readonly digest: string;
  /** The questions of the plan, sorted. */
  readonly questions: readonly string[];
  readonly made: GeneratedFiles;
  readonly hosts: string[];
}

/** Machines of which nothing is known, since their facts can't be read. */
interface Unread {
  readonly hosts: readonly string[];
  readonly exit: number;
  readonly diagnostics: readonly Diagnostic[];
}

interface ForHosts {
  /** The unit's full name. */
  readonly unit: string;
  /** The folder with the facts of each machine, `HOST.facts`. */
  readonly hosts: string;
  /** The folder below which each class gets one of its own. */
  readonly output: string;
  readonly make: (context: Context) => Promise<GeneratedFiles>;
}

const SUFFIX = '.facts';

/** Digits of a digest in a class's name. */
const DIGITS = 16;

/**
 * Makes the files of a unit for many machines, once for all that answer a plan's questions alike. Where nothing fails,
 * files of classes that are no more are removed.
 * @throws UserError `bad-file` for a folder without any
 */
export async function generateForHosts(
  context: Context,
  { unit, hosts, output, make }: ForHosts,
): Promise<Outcome> {
  const { program } = context;
  const names = (await program.list(hosts)).filter((name) => name.endsWith(SUFFIX));
  if (names.length === 0) {
    const hint = `put the facts of each machine into a file HOST${SUFFIX}`;
    throw failure('bad-file', `there are no facts in ${printable(hosts)}`, { hint });
  }
  const classes: HostClass[] = [];
  const unread: Unread[] = [];
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
      unread.push({ hosts: [host], exit: cause.exit, diagnostics: cause.diagnostics });
    }
    done += 1;
  };
  await context.caller.during(
    () => `planning for machines: ${done} of ${names.length}`,
    async () => {
      for (const name of names) await planFor(name);
    },
  );
  const exit = Math.max(...unread.map((one) => one.exit), ...classes.map(({ made }) => made.exit));
  const fine = classes.filter(({ made }) => made.exit === EXIT.ok);
  const written = await writeClasses(context, {
    ...{ unit, hosts, output, isWhole: exit === EXIT.ok },
    classes: new Map(fine.map(({ name, made }) => [name, made.files])),
  });
  return { ...outcomeOf(classes, unread, written), exit };
}

async function readHost({ program }: Context, path: string): Promise<Inventory> {
  const file = await program.read(path, { limit: MAX_FACTS });
  return parseFacts(new Map([[path, new TextDecoder().decode(file?.bytes)]]));
}

/** The class of a machine among those that are known. */
function classOf(digests: Digests, classes: readonly HostClass[]): HostClass | undefined {
  return classes.find(({ questions, digest }) => digests.of(questions) === digest);
}

interface NewHost {
  readonly facts: Inventory;
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
async function madeOn(recorded: Recorded, make: () => Promise<GeneratedFiles>): Promise<GeneratedFiles> {
  let made: GeneratedFiles;
  try {
    made = await make();
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    made = { exit: cause.exit, files: [], diagnostics: cause.diagnostics, sources: cause.sources };
  }
  const { unanswered } = recorded;
  if (unanswered === undefined) return made;
  const asks =
    "'sandbox-unit plan --facts' with the same policy prints a command that asks a host; append the output of that command to the host's file";
  const hint = `${ifNameIsRight(unanswered)}${asks}`;
  const diagnostics = [error('unanswered', `the facts of these hosts ${lacking(unanswered)}`, { hint })];
  return { exit: EXIT.findings, files: [], diagnostics, sources: new Map() };
}

/** The most hosts that a note names. */
const MOST_HOSTS = 5;

const shownHost = (host: string): string => printable(host);

function outcomeOf(
  classes: readonly HostClass[],
  unread: readonly Unread[],
  { gone, diagnostics }: RemovedFiles,
): Omit<Outcome, 'exit'> {
  const all = [
    ...classes.map(({ name, made, hosts }) => ({
      ...{ class: made.exit === EXIT.ok ? name : null, hosts },
      files: made.files.map(({ path }) => path),
    })),
    ...unread.map(({ hosts }) => ({ class: null, hosts, files: [] })),
  ];
  const lines = all.flatMap((one) => one.hosts.map((host) => `${shownHost(host)} ${one.class ?? '-'}\n`));
  return {
    json: { classes: all, gone },
    text: lines.sort().join(''),
    diagnostics: [
      ...unread.flatMap((one) => one.diagnostics),
      ...classes.flatMap(({ made, hosts }) =>
        made.diagnostics.length === 0
          ? []
          : [
              ...made.diagnostics,
              note('hosts', `these messages are about ${shortList(hosts.map(shownHost), MOST_HOSTS)}`),
            ],
      ),
      ...diagnostics,
    ],
    sources: new Map(classes.flatMap(({ made }) => [...made.sources])),
  };
}
