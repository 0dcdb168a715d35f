import { UserError } from '../../diagnostic.js';
import type { RecordedHost, Recording } from '../../evidence/recording/recording.js';
import { sha256, sha256OfBytes } from '../../state/files-hash.js';
import type { Machine } from '../../syscalls/abi.js';
import type { Context } from '../../system/context.js';
import { namedUnit } from '../observer/named.js';
import { parseDump } from '../observer/parse-dump.js';
import { watchedOn } from '../observer/watch-list.js';
import type { Watched } from './course.js';

/** Largest program whose content is hashed, in bytes. */
const MAX_PROGRAM = 256 << 20;

/** Keeps the machine's ID itself out of recordings, as machine-id(5) asks. */
const SALT = 'sandbox-unit recording';

const textOf = async ({ system }: Context, path: string): Promise<string> =>
  new TextDecoder().decode((await system.read(path))?.bytes).trim();

/** The host as its recordings have it. */
export async function recordedHost(context: Context, machine: Machine): Promise<RecordedHost> {
  const { version } = await context.system.manager();
  return {
    name: await textOf(context, '/proc/sys/kernel/hostname'),
    id: await sha256([SALT, await textOf(context, '/etc/machine-id')]),
    kernel: await textOf(context, '/proc/sys/kernel/osrelease'),
    systemd: version,
    architecture: machine,
    libc: null,
  };
}

/** Hashes of programs, as far as they can be read from the root of the service or of the host. */
export class ProgramHashes {
  readonly #context: Context;
  readonly #known = new Map<string, string>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** Reads each program once. */
  async of(paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
    for (const path of paths.filter((one) => one.startsWith('/') && !this.#known.has(one))) {
      const file = await this.#context.system.read(path, { limit: MAX_PROGRAM }).catch(() => undefined);
      if (file) this.#known.set(path, await sha256OfBytes(file.bytes));
    }
    return this.#known;
  }
}

/** Makes recordings of what is watched; facts of the host are asked for once. */
export class Recorder {
  readonly #context: Context;
  readonly #hashes: ProgramHashes;
  readonly #latest = new Map<string, Recording>();
  #host: Promise<RecordedHost> | undefined;

  constructor(context: Context) {
    this.#context = context;
    this.#hashes = new ProgramHashes(context);
  }

  /** The last recording of each service. */
  latest(): Recording[] {
    return [...this.#latest.values()];
  }

  /**
   * The recording of a watched service.
   * @throws UserError where the observer's dump is none
   */
  async recordingOf({ machine, service, dump, begin, end, ...watched }: Watched): Promise<Recording> {
    const observed = parseDump(new TextEncoder().encode(dump));
    if ('severity' in observed) throw new UserError(observed);
    this.#host ??= recordedHost(this.#context, machine);
    const recording: Recording = {
      version: 1,
      unit: service.name,
      scope: this.#context.placement.scope,
      host: await this.#host,
      begin: new Date(begin).toISOString(),
      end: new Date(end).toISOString(),
      ...watched,
      ...namedUnit(observed, {
        machine,
        watched: watchedOn(machine).map(({ abi, watched: { call, arguments: places } }) => ({
          abi,
          name: call,
          arguments: places,
        })),
        hashes: await this.#hashes.of(observed.programs.map(({ path }) => path)),
      }),
    };
    this.#latest.set(recording.unit, recording);
    return recording;
  }
}
