import type { Context } from '../../machine/context.js';
import { orElse } from '../../machine/state/failures.js';
import { namedDump } from '../../observe/named.js';
import { observedIn } from '../../observe/parse-dump.js';
import type { RecordedHost, Recording } from '../../observe/recording/recording.js';
import { programHashes, recordedHost } from '../../observe/recordings/host.js';
import { keepRecording } from '../../observe/recordings/store.js';
import { watchedOn } from '../../observe/watch-list.js';
import type { Machine } from '../../seccomp/syscalls/abi.js';
import { ROOTS } from '../../systemd/directives/values/mounts.js';
import type { WatchedService } from './watched-service.js';

/** A watch of a service so far. */
export interface WatchSoFar extends Pick<Recording, 'slice' | 'truncated'> {
  /** Milliseconds since 1970. */
  readonly begin: number;
  /** Seconds since then, by a clock that can't be set. */
  readonly seconds: number;
  readonly machine: Machine;
  /** The line that the observer has dumped: hostile text. */
  readonly dump: string;
}

/** The recording of one watch of a service on disk, where each save takes the place of the one before it. */
export class SavedRecording {
  readonly #context: Context;
  readonly #service: WatchedService;
  /** Each program is read once. */
  readonly #hashes = new Map<string, string>();
  #host: RecordedHost | undefined;
  #saved: { readonly recording: Recording; readonly path: string } | undefined;

  constructor(context: Context, service: WatchedService) {
    this.#context = context;
    this.#service = service;
  }

  /** The recording as it was saved last, and its path. */
  get saved() {
    return this.#saved;
  }

  /** @throws UserError where the observer's dump is none, or the recording can't be written */
  async save({ machine, dump, begin, seconds, slice, truncated }: WatchSoFar): Promise<void> {
    const observed = observedIn(dump);
    await this.#readPrograms(observed.programs.map(({ path }) => path));
    const { name: unit, events, lostEvents } = this.#service;
    const named = namedDump(observed, { machine, watched: argumentsOn(machine), hashes: this.#hashes });
    const recording: Recording = {
      version: 2,
      ...{ unit, scope: this.#context.placement.scope, host: this.#host!, slice, truncated },
      begin: new Date(begin).toISOString(),
      end: new Date(begin + seconds * 1000).toISOString(),
      events: events.toSorted((a, b) => a.at - b.at),
      ...named,
      lost: lostEvents > 0 ? { ...named.lost, events: lostEvents } : named.lost,
    };
    const { path } = await keepRecording(this.#context, recording, this.#saved?.path);
    this.#saved = { recording, path };
  }

  /** Reads programs as the service sees them. A file tree of its own can be seen while its main process runs. */
  async #readPrograms(paths: readonly string[]) {
    const { mainPid, properties } = this.#service.state;
    const hasOwnRoot = ROOTS.some((root) => !['', '/'].includes(String(properties.get(root) ?? '')));
    const from = hasOwnRoot && mainPid > 0 ? { process: mainPid } : undefined;
    if (!this.#host?.libc) {
      const links = await orElse(() => this.#context.system.links(`/proc/${mainPid}`), undefined);
      this.#host = await recordedHost(this.#context, links?.get('exe'), from);
    }
    if (hasOwnRoot && from === undefined) return;
    const unread = paths.filter((path) => path.startsWith('/') && !this.#hashes.has(path));
    for (const [path, hash] of await programHashes(this.#context, unread, from)) this.#hashes.set(path, hash);
  }
}

/** The arguments that the observer was asked for, in its order. */
const argumentsOn = (machine: Machine) =>
  watchedOn(machine).map(({ abi, watched: { call, arguments: places } }) => ({
    abi,
    name: call,
    arguments: places,
  }));
