import { run } from './run.js';
import { until } from './until.js';

/** Why the kernel's records can't be seen on this machine; undefined if they can. */
export const recordsObstacle = async (): Promise<string | undefined> =>
  (await run(['dmesg'])).status === 0 ? undefined : "the kernel's log can't be read here";

/** Of each record of a program the number of the call and what the filter answered: `syscall=63 code=0x7ffc0000`. */
export async function answersOf(name: string): Promise<string[]> {
  const { stdout } = await run(['dmesg']);
  const own = stdout.split('\n').filter((line) => line.includes(` comm="${name}" `));
  return own.map((line) => line.match(/syscall=\d+ |code=\w+/g)!.join(''));
}

/**
 * Runs a program until the kernel has one more record of it.
 * @param answer of the record: the kernel prints ten in five seconds, of all the machine
 */
export async function runUntilRecorded(
  name: string,
  answer: string,
  runOnce: () => Promise<void>,
): Promise<void> {
  const count = async () => (await answersOf(name)).filter((one) => one === answer).length;
  const known = await count();
  await until(`a record of ${name}: ${answer}`, async () => {
    await runOnce();
    return (await count()) > known;
  });
}
