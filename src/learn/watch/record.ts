import { UserError } from '../../diagnostic.js';
import { ROOTS } from '../../directives/values/mounts.js';
import type { RecordedHost, Recording } from '../../evidence/recording/recording.js';
import { namedDump } from '../../observer/named.js';
import { parseDump } from '../../observer/parse-dump.js';
import { watchedOn } from '../../observer/watch-list.js';
import { orElse } from '../../state/failures.js';
import type { Service } from '../../state/service.js';
import type { Machine } from '../../syscalls/abi.js';
import type { Context } from '../../system/context.js';
import type { NamespaceOf } from '../../unit/view.js';
import { programHashes, recordedHost } from '../recordings/host.js';
import { makeRecording } from '../recordings/make-recording.js';
import type { Watched } from './keeping.js';

/** A file tree: the host's, or one of a service, which can be seen while its main process runs. */
interface Files {
  /** The service; empty for the host's. */
  readonly of: string;
  readonly isSeen: boolean;
  readonly from?: NamespaceOf;
}

/** Makes recordings of what is watched. The host is asked once, and each program is read once. */
export class Recorder {
  readonly #context: Context;
  /** By the service for one with files of its own, else for all under no name. */
  readonly #hashes = new Map<string, Map<string, string>>();
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
    const files = await this.#filesOf(service);
    const paths = observed.programs.map(({ path }) => path);
    const watch = {
      unit: service.name,
      scope: this.#context.placement.scope,
      host: await this.#hostOf(service.name, files),
      begin,
      seconds: (end - begin) / 1000,
      ...watched,
    };
    const seen = namedDump(observed, {
      machine,
      watched: namesOf(machine),
      hashes: await this.#hashed(paths, files),
    });
    const lost = lostEvents > 0 ? { ...seen.lost, events: lostEvents } : seen.lost;
    const recording = makeRecording(watch, { ...seen, lost });
    this.#latest.set(recording.unit, recording);
    return recording;
  }

  /** The files that a service sees. */
  async #filesOf({ name, state: { properties } }: Service): Promise<Files> {
    const isOwn = ROOTS.some((root) => !['', '/'].includes(String(properties.get(root) ?? '')));
    if (!isOwn) return { of: '', isSeen: true };
    const process = (await this.#context.system.unit(name)).mainPid;
    return process === 0 ? { of: name, isSeen: false } : { of: name, isSeen: true, from: { process } };
  }

  async #hashed(paths: readonly string[], { of, isSeen, from }: Files): Promise<ReadonlyMap<string, string>> {
    const known = this.#hashes.get(of) ?? new Map<string, string>();
    this.#hashes.set(of, known);
    const unread = isSeen ? paths.filter((path) => path.startsWith('/') && !known.has(path)) : [];
    for (const [path, hash] of await programHashes(this.#context, unread, from)) known.set(path, hash);
    return known;
  }

  /** The host, with the C library of a service's main program; until it runs, of none. */
  async #hostOf(unit: string, { from }: Files): Promise<RecordedHost> {
    const known = this.#hosts.get(unit);
    if (known?.libc) return known;
    const host = await recordedHost(this.#context, await this.#mainProgram(unit), from);
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
