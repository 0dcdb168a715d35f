/** A service is given filter after filter while its clients ask. */
import { askAlways } from '../support/asking.js';
import { COMMAND } from '../support/service.js';
import { type BoxedService, command, show, succeed } from './in-box.js';
import { FURTHER, type RuntimeService, type TightenedAtWork } from './runtimes.js';

/** The JSON of `tighten`. */
interface Said {
  readonly units: readonly { readonly state: string; readonly threads: number }[];
}

/** Threads of a service by how many filters they have. A filter is never taken away, and threads inherit all. */
const COUNT = `
  group=/sys/fs/cgroup$(systemctl show --value --property=ControlGroup "$1")
  for thread in $(find "$group" -name cgroup.threads -exec cat {} +); do
    sed -n 's/^Seccomp_filters:\\t//p' "/proc/$thread/status" 2>/dev/null || :
  done | sort | uniq -c`;

const threadsByFilters = async ({ box, unit }: BoxedService): Promise<ReadonlyMap<number, number>> => {
  const lines = (await succeed(box, 'sh', '-c', COUNT, 'sh', unit)).trim().split('\n');
  return new Map(lines.map((line) => line.trim().split(' ').map(Number).reverse() as [number, number]));
};

/**
 * Gives a service that has a policy of `[ready]` all of FURTHER, and has its runtime work then.
 * @returns what came of it, and what was wrong
 * @throws Error where the runtime doesn't work, or `verify` finds something
 */
export async function tightenAtWork(service: BoxedService, { asked }: RuntimeService) {
  const { box, unit, verb } = service;
  const run = () => show(service, 'MainPID', 'NRestarts', 'InvocationID');
  const before = await run();
  const [first] = (await threadsByFilters(service)).keys();
  const problems: string[] = [];
  const asking = await askAlways(box, asked);
  let threads = 0;
  for (const calls of FURTHER) {
    await asking.more();
    const { units } = await command<Said>(service, 'tighten', '--deny', calls, unit);
    if (units[0]?.state !== 'tightened') problems.push(`without ${calls}: ${JSON.stringify(units)}`);
    threads = Math.max(threads, units[0]?.threads ?? 0);
  }
  await asking.more();
  const filters = [...(await threadsByFilters(service)).keys()];
  await succeed(box, 'sh', '-c', `STEP='tightened' ${verb('collect')}`);
  await succeed(box, ...COMMAND, 'verify', unit);
  await asking.more();
  const { answers, failures } = await asking.end();
  if (filters.join() !== `${first! + FURTHER.length}`)
    problems.push(`threads have ${filters.join(', or ')} filters: there were ${first} at first`);
  if (JSON.stringify(await run()) !== JSON.stringify(before)) problems.push('it was started anew');
  if (failures.length > 0) problems.push(`${failures.length} requests failed: ${failures[0]}`);
  const atWork: TightenedAtWork = { threads, answers, failed: failures.length };
  return { atWork, problems };
}
