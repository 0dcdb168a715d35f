/** Templates are applied to one service, which then works on, in a machine to throw away. */
import {
  afterLife,
  type BoxedService,
  command,
  lifeOf,
  type Release,
  show,
  succeed,
  withService,
} from './in-box.js';
import { type Applied, type Outcome, outcomeOf } from './outcome.js';

/** Starter policies that are meant for any daemon. */
export const TEMPLATES: readonly string[] = ['hardened', 'no-exec', 'network-service'];

/**
 * Applies each template to a service at work, has it live with it, and takes it back.
 * @param name of a script
 * @param say is given each outcome
 * @param release one that has the service
 * @throws Error where the service doesn't work without a policy
 */
export const tryTemplates = (
  name: string,
  templates: readonly string[],
  say: (outcome: Outcome) => void,
  release?: Release,
): Promise<Outcome[]> =>
  withService(
    name,
    async (service) => {
      await succeed(service.box, 'systemctl', 'start', service.unit);
      await succeed(service.box, 'sh', '-c', service.verb('load'));
      const outcomes: Outcome[] = [];
      for (const template of templates) {
        const outcome = await tryTemplate(service, template);
        outcomes.push(outcome);
        say(outcome);
      }
      return outcomes;
    },
    release,
  );

async function tryTemplate(service: BoxedService, template: string): Promise<Outcome> {
  const { box, unit } = service;
  const before = await filesOf(service);
  await succeed(box, 'systemctl', 'reset-failed', unit);
  const words = ['apply', '--template', template, '--no-confirm', unit];
  const applied = await command<Applied>(service, ...words);
  const isApplied = applied.units?.[0]?.state === 'applied';
  const problems = isApplied ? await lived(service) : [];
  if (isApplied) await command(service, 'revert', unit);
  return outcomeOf({ template, applied, problems: [...problems, ...(await asBefore(service, before))] });
}

/** Has a confined service live. Returns what is wrong. */
export async function lived(service: BoxedService): Promise<string[]> {
  const { box, verb } = service;
  const before = await show(service, 'NRestarts');
  const work = [`STEP='confined' ${verb('load')}`, await lifeOf(service)].join('\n');
  const life = await box.exec(['sh', '-ec', work]);
  return [
    ...(life.status === 0 ? [] : [life.stderr || `status ${life.status}: ${life.stdout}`]),
    ...(await afterLife(service, before)),
  ];
}

/** What isn't as before after a template: files, and the service's work. */
export async function asBefore(service: BoxedService, before: string): Promise<string[]> {
  const { box, unit, verb } = service;
  await box.exec(['systemctl', 'reset-failed', unit]);
  const after = await filesOf(service);
  const load = await box.exec(['sh', '-c', `STEP='without the policy' ${verb('load')}`]);
  return [
    ...(after === before ? [] : [`its files are not as before: ${after}`]),
    ...(load.status === 0 ? [] : [load.stderr]),
  ];
}

/** Sums of all files where the command may write, and of the unit's own as systemd has them. */
export const filesOf = ({ box, unit }: BoxedService): Promise<string> =>
  succeed(
    box,
    ...[
      'sh',
      '-c',
      `for folder in /etc/systemd /run/systemd/system /usr/local /var/lib/sandbox-unit; do
        [ ! -d $folder ] || find $folder -type f ! -name node -exec sha256sum {} +
      done | sort; systemctl cat "$1"`,
    ],
    ...['sh', unit],
  );
