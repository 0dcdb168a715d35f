/** Clients in a box that ask a server all the time, while something is done to it. */
import type { Box } from './box.js';
import { inRepository } from './repository.js';

/** What came of requests. */
export interface Asked {
  readonly answers: number;
  /** What went wrong, a line a request. */
  readonly failures: readonly string[];
}

export interface Asking {
  /** Waits for more answers than there were. */
  readonly more: () => Promise<void>;
  /** Waits for the last answers. */
  readonly end: () => Promise<Asked>;
}

const UNIT = 'asking.service';
const SAID = '/run/asked';

/** Begins to ask for pages, in turns, over connections that stay and new ones. */
export async function askAlways(box: Box, urls: readonly string[]): Promise<Asking> {
  const script = inRepository('build/test/support/ask-always.js');
  const options = [
    '--quiet',
    '--collect',
    '--property=Type=exec',
    '--property=TimeoutStopSec=infinity',
    `--unit=${UNIT}`,
    `--property=StandardOutput=truncate:${SAID}`,
  ];
  await box.succeed(['systemd-run', ...options, 'node', script, ...urls]);
  const said = async (): Promise<Asked> =>
    JSON.parse((await box.succeed(['tail', '-n', '1', SAID])) || '{ "answers": 0, "failures": [] }');
  return {
    more: async () => {
      const { answers } = await said();
      await box.waitFor('more answers', async () => (await said()).answers > answers);
    },
    end: async () => {
      await box.succeed(['systemctl', 'stop', UNIT]);
      return said();
    },
  };
}
