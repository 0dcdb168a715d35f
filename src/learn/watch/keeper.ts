import { type Diagnostic, UserError } from '../../diagnostic.js';
import type { Recording } from '../../evidence/recording/recording.js';
import type { Context } from '../../system/context.js';
import { keepRecording } from '../recordings/store.js';
import type { Watched } from './keeping.js';
import { Recorder } from './record.js';

/** Keeps recordings on disk, each in the place of that of the watch's first part. */
export class Keeper {
  readonly #context: Context;
  readonly #recorder: Recorder;
  readonly #paths = new Map<string, string>();

  constructor(context: Context) {
    this.#context = context;
    this.#recorder = new Recorder(context);
  }

  /** The last recording of each service, and where it is. */
  latest(): { recording: Recording; path: string | undefined }[] {
    const paths = this.#paths;
    return this.#recorder.latest().map((recording) => ({ recording, path: paths.get(recording.unit) }));
  }

  /** @throws UserError with the errors of all services whose recording can't be kept; the others are kept */
  async keep(watched: readonly Watched[]): Promise<void> {
    const failures: UserError[] = [];
    for (const one of watched) {
      try {
        await this.#keepOne(one);
      } catch (cause) {
        if (!(cause instanceof UserError)) throw cause;
        failures.push(cause);
      }
    }
    const errors: Diagnostic[] = failures.flatMap(({ diagnostics }) => diagnostics);
    if (errors.length > 0) throw new UserError(errors, Math.max(...failures.map(({ exit }) => exit)));
  }

  async #keepOne(watched: Watched) {
    const { name } = watched.service;
    const recording = await this.#recorder.recordingOf(watched);
    const { path } = await keepRecording(this.#context, recording, this.#paths.get(name));
    this.#paths.set(name, path);
  }
}
