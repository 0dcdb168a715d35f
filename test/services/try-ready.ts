/** A daemon loses `execve` once it serves, in a machine to throw away. */
import { installInjector } from '../support/injector.js';
import { policyPath } from '../support/service.js';
import { type BoxedService, command, succeed, withService } from './in-box.js';
import { type Applied, outcomeOf } from './outcome.js';
import { policyOf, type ReadyService } from './ready-services.js';
import { asBefore, filesOf, lived } from './try-templates.js';

/**
 * Has a daemon start a program with the policy and without, and work meanwhile.
 * @returns what was wrong
 * @throws Error where the daemon doesn't work without a policy
 */
export const tryReady = (daemon: ReadyService): Promise<string[]> =>
  withService(daemon.name, async (service) => {
    const { box, unit, verb } = service;
    await installInjector(box);
    await succeed(box, 'sh', '-c', verb('prepare-programs'));
    await succeed(box, 'systemctl', 'restart', unit);
    await succeed(box, 'sh', '-c', verb('load'));
    const before = await filesOf(service);
    const starts = await programs(service, 'without the policy', daemon.by ? /^started$/ : /^none$/);
    const problems = await confined(service, daemon);
    return [
      ...starts,
      ...problems,
      ...(await asBefore(service, before)),
      ...(await programs(service, 'after the policy', daemon.by ? /^started$/ : /^none$/)),
    ];
  });

/** Applies the policy, has the daemon live with it, and takes it back. Returns what was wrong. */
async function confined(service: BoxedService, daemon: ReadyService): Promise<string[]> {
  const { box, unit } = service;
  await box.writeFile(policyPath(unit), policyOf(daemon));
  const applied = await command<Applied>(service, 'apply', '--no-confirm', unit);
  const { kind, reasons } = outcomeOf({ template: daemon.name, applied, problems: [] });
  if (kind !== 'works') return [`apply: ${kind}`, ...reasons];
  const refused = refusalOf(daemon);
  const problems = [
    ...(await programs(service, 'with the policy', refused)),
    // What the daemon is for is then refused, too.
    ...(daemon.needs ? [] : await lived(service)),
    ...(daemon.needs ? [] : await programs(service, 'with the policy, started anew', refused)),
  ];
  await command(service, 'revert', unit);
  await succeed(box, 'rm', policyPath(unit));
  return problems;
}

const refusalOf = ({ by, silent }: ReadyService): RegExp => {
  if (by === undefined) return /^none$/;
  return silent ? /^refused: no word$/ : /^refused: .*Operation not permitted/;
};

/** What each program came to that the daemon was to start. Returns what isn't as it should be. */
async function programs({ box, verb }: BoxedService, when: string, wanted: RegExp): Promise<string[]> {
  const said = await succeed(box, 'sh', '-c', `STEP='${when}' ${verb('start-program')}`);
  const lines = said.trimEnd().split('\n');
  return lines.filter((line) => !wanted.test(line)).map((line) => `${when}, a program: ${line}`);
}
