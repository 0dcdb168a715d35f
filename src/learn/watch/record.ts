import { UserError } from '../../diagnostic.js';
import type { RecordedHost, Recording } from '../../evidence/recording/recording.js';
import { orElse } from '../../state/failures.js';
import type { Machine } from '../../syscalls/abi.js';
import type { Context } from '../../system/context.js';
import { namedDump } from '../observer/named.js';
import { parseDump } from '../observer/parse-dump.js';
import { watchedOn } from '../observer/watch-list.js';
import { programHashes, recordedHost } from '../recordings/host.js';
import { makeRecording } from '../recordings/make-recording.js';
import type { Watched } from './keeping.js';

/** Makes recordings of what is watched. The host is asked once, and each program is read once. */
export class Recorder {
  readonly #context: Context;
  readonly #hashes = new Map<string, string>();
  readonly #hosts = new Map<string, RecordedHost>();
  readonly #latest = new Map<string, Recording>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** The last recording of each service. */
  latest(): Recording[] {
    return [...this.#latest.values()];
  }

  /**
   * The recording of a watched service.
   * @throws UserError where the observer's dump is none
   */
  async recordingOf({
    machine,
    service,
    dump,
    begin,
    end,
    lostEvents,
    ...watched
  }: Watched): Promise<Recording> {
    const observed = parseDump(new TextEncoder().encode(dump));
    if ('severity' in observed) throw new UserError(observed);
    await this.#hash(observed.programs.map(({ path }) => path));
    const watch = {
      unit: service.name,
      scope: this.#context.placement.scope,
      host: await this.#hostOf(service.name),
      begin,
      seconds: (end - begin) / 1000,
      ...watched,
    };
    const seen = namedDump(observed, { machine, watched: namesOf(machine), hashes: this.#hashes });
    const lost = lostEvents > 0 ? { ...seen.lost, events: lostEvents } : seen.lost;
    const recording = makeRecording(watch, { ...seen, lost });
    this.#latest.set(recording.unit, recording);
    return recording;
  }

  async #hash(paths: readonly string[]) {
    const unread = paths.filter((path) => path.startsWith('/') && !this.#hashes.has(path));
    for (const [path, hash] of await programHashes(this.#context, unread)) this.#hashes.set(path, hash);
  }

  /** The host, with the C library of a service's main program; until it runs, of none. */
  async #hostOf(unit: string): Promise<RecordedHost> {
    const known = this.#hosts.get(unit);
    if (known?.libc) return known;
    const host = await recordedHost(this.#context, await this.#mainProgram(unit));
    this.#hosts.set(unit, host);
    return host;
  }

  async #mainProgram(unit: string): Promise<string | undefined> {
    const { system } = this.#context;
    const { mainPid } = await system.unit(unit);
    if (mainPid === 0) return undefined;
    return (await orElse(() => system.links(`/proc/${mainPid}`), undefined))?.get('exe');
  }
}

const namesOf = (machine: Machine) =>
  watchedOn(machine).map(({ abi, watched: { call, arguments: places } }) => ({
    abi,
    name: call,
    arguments: places,
  }));
