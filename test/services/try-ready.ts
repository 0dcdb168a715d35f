/** A daemon loses `execve` once it serves, in a machine to throw away. */
import { installInjector } from '../support/injector.js';
import { policyPath } from '../support/service.js';
import { type BoxedService, command, packageOf, succeed, withService } from './in-box.js';
import { type Applied, outcomeOf } from './outcome.js';
import type { Result } from './ready-page.js';
import { policyOf, type ReadyService } from './ready-services.js';
import type { RuntimeService } from './runtimes.js';
import { tightenAtWork } from './tighten-at-work.js';
import { asBefore, filesOf, lived } from './try-templates.js';

type Daemon = Omit<ReadyService, 'starts'> | RuntimeService;

/**
 * Has a daemon start a program with the policy and without, and work meanwhile.
 * @throws Error where the daemon doesn't work without a policy
 */
export const tryReady = (daemon: Daemon): Promise<Result> =>
  withService(daemon.name, async (service) => {
    const { box, unit, verb } = service;
    await installInjector(box);
    await succeed(box, 'sh', '-c', verb('prepare-programs'));
    await succeed(box, 'systemctl', 'restart', unit);
    await succeed(box, 'sh', '-c', verb('load'));
    const before = await filesOf(service);
    const starts = await programs(service, 'without the policy', daemon.by ? /^started$/ : /^none$/);
    const { problems, ...tried } = await confined(service, daemon);
    const all = [
      ...starts,
      ...problems,
      ...(await asBefore(service, before)),
      ...(await programs(service, 'after the policy', daemon.by ? /^started$/ : /^none$/)),
    ];
    return { ...tried, package: await packageOf(service), problems: all };
  });

/** Applies the policy, has the daemon live with it, and takes it back. */
async function confined(service: BoxedService, daemon: Daemon): Promise<Result> {
  const { box, unit } = service;
  await box.writeFile(policyPath(unit), policyOf(daemon));
  const applied = await command<Applied>(service, 'apply', '--no-confirm', unit);
  const { kind, reasons } = outcomeOf({ template: daemon.name, applied, problems: [] });
  if (kind !== 'works') return { problems: [`apply: ${kind}`, ...reasons] };
  const refused = refusalOf(daemon);
  const problems = [
    ...(await programs(service, 'with the policy', refused)),
    // What the daemon is for is then refused, too.
    ...(daemon.needs ? [] : await lived(service)),
    ...(daemon.needs ? [] : await programs(service, 'with the policy, started anew', refused)),
  ];
  const tightened = 'asked' in daemon ? await tightenAtWork(service, daemon) : undefined;
  if (tightened) problems.push(...tightened.problems, ...(await programs(service, 'tightened', refused)));
  await command(service, 'revert', unit);
  await succeed(box, 'rm', policyPath(unit));
  return { ...tightened, problems };
}

/** What `start-program` says of a daemon with the policy. */
export const refusalOf = ({ by, silent }: Daemon): RegExp => {
  if (by === undefined) return /^none$/;
  return silent ? /^refused: no word$/ : /^refused: .*(?:Operation not permitted|EPERM)/i;
};

/** What each program came to that the daemon was to start. Returns what isn't as it should be. */
async function programs({ box, verb }: BoxedService, when: string, wanted: RegExp): Promise<string[]> {
  const said = await succeed(box, 'sh', '-c', `STEP='${when}' ${verb('start-program')}`);
  const lines = said.trimEnd().split('\n');
  return lines.filter((line) => !wanted.test(line)).map((line) => `${when}, a program: ${line}`);
}
