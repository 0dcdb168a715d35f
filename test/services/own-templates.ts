/** The templates that are made for services, and what they leave open: the table of docs/templates.md. */
import { readFileSync } from 'node:fs';
import { hasErrors } from '../../src/diagnostic.js';
import { exposureText } from '../../src/plan/score/exposure.js';
import { exposureOfPlan, scoreOfPlan } from '../../src/plan/score/of-plan.js';
import { prepare } from '../../src/prepare/prepare.js';
import { permits } from '../../src/seccomp/syscalls/action.js';
import type { SyscallPolicy } from '../../src/seccomp/syscalls/policy.js';
import { elf } from '../support/elf.js';
import { fakeContext, HOME, machineWith, program } from '../support/fake-system.js';
import { inRepository, templateFiles } from '../support/repository.js';
import { policyPath } from '../support/service.js';

/** A template, and a service that it is tried on. */
export interface OwnTemplate {
  readonly template: string;
  /** Of a script of work. */
  readonly service: string;
  /** The unit. Its file in test/services/units/ has the settings of the package or script that it is from. */
  readonly unit: string;
  /** Whether Debian 12 has the service, too. */
  readonly older?: true;
}

const own = (template: string, service: string, unit: string, older?: true): OwnTemplate => ({
  ...{ template, service, unit: `${unit}.service` },
  ...(older ? { older } : {}),
});

/** In the order of the table. */
export const OWN_TEMPLATES: readonly OwnTemplate[] = [
  own('nginx', 'nginx', 'nginx', true),
  own('apache2', 'apache2', 'apache2', true),
  own('php-fpm', 'php-fpm', 'php8.4-fpm', true),
  own('haproxy', 'haproxy', 'haproxy', true),
  own('postgresql', 'postgresql', 'postgresql@17-main', true),
  own('postgresql-17-no-exec', 'postgresql', 'postgresql@17-main'),
  own('mariadb', 'mariadb', 'mariadb', true),
  own('redis-server', 'redis-server', 'redis-server', true),
  own('memcached', 'memcached', 'memcached', true),
  own('unbound', 'unbound', 'unbound', true),
  own('bind9', 'named', 'named', true),
  own('postfix', 'postfix', 'postfix', true),
  own('dovecot', 'dovecot', 'dovecot', true),
  own('node', 'node', 'node-web', true),
  own('python', 'python', 'python-web', true),
  own('python', 'gunicorn', 'gunicorn-web', true),
  own('java', 'java', 'java-web'),
  own('agent', 'agent', 'agent', true),
  own('go', 'prometheus-node-exporter', 'prometheus-node-exporter', true),
  own('prometheus-exporter', 'prometheus-node-exporter', 'prometheus-node-exporter', true),
  own('prometheus-exporter', 'prometheus-redis-exporter', 'prometheus-redis-exporter', true),
];

/** What a template leaves to a service that serves, by its files alone. */
export interface Rating {
  /** As `systemd-analyze security` has it: `9.6`. */
  readonly exposure: readonly [before: string, after: string];
  /** System calls of x86-64 that pass for some arguments at least. */
  readonly calls: number;
  /** Doors of sandbox-unit-score(1) that stay open. */
  readonly doors: readonly string[];
  /** Folders where files can be both written and executed. */
  readonly places: readonly string[];
  /** Codes of warnings. */
  readonly warnings: readonly string[];
}

const UNITS = '/usr/lib/systemd/system';

const textIn = (path: string): string => readFileSync(inRepository(path), 'utf8');

const TEMPLATES = Object.fromEntries(
  templateFiles().map((path) => [`${HOME}/templates/${path}`, textIn(`templates/${path}`)]),
);

/** The file of a unit; that of the template, as systemd has it, for an instance. */
const fileOf = (unit: string): string => unit.replace(/@.*(?=\.service$)/, '@');

/** Programs by the paths that a text has. */
const programsIn = (text: string) =>
  Object.fromEntries([...text.matchAll(/\/[\w./-]*bin\/[\w.-]+/g)].map(([path]) => [path, program(elf())]));

/** A machine in memory with a template's unit. @param policy the unit's own policy, which is not the template */
function machineFor(
  { template, unit }: OwnTemplate,
  { systemd, policy }: { systemd?: string; policy?: string },
) {
  const file = fileOf(unit);
  const text = textIn(`test/services/units/${file}`);
  const files = {
    ...TEMPLATES,
    ...programsIn(text + TEMPLATES[`${HOME}/templates/services/${template}.toml`]),
    [`${UNITS}/${file}`]: text,
    ...(policy === undefined ? {} : { [policyPath(unit)]: policy }),
  };
  return fakeContext(machineWith('', '', { files, running: [unit], ...(systemd ? { systemd } : {}) }));
}

/** The directives of a unit's drop-in where its policy extends a template: `Name=value`. */
export async function directivesOf(one: OwnTemplate, lines: string): Promise<string[]> {
  const policy = `extends = ["${one.template}"]\n[service]\n${lines}`;
  const { plan, diagnostics } = await prepare(machineFor(one, { policy }), one.unit, {});
  if (hasErrors(diagnostics)) throw new Error(JSON.stringify(diagnostics, undefined, 1));
  return plan.directives.flatMap(({ name, values }) => values.map((value) => `${name}=${value}`));
}

/**
 * Rates a template on the unit that it is for, on a machine in memory.
 * @param systemd its version; default that of Debian 13
 * @throws Error where the plan has an error
 */
export async function rate(one: OwnTemplate, systemd?: string): Promise<Rating> {
  const { template, unit } = one;
  const context = machineFor(one, systemd ? { systemd } : {});
  const prepared = await prepare(context, unit, { template });
  const { plan, diagnostics } = prepared;
  const [change, scored] = [exposureOfPlan(prepared), scoreOfPlan(prepared)];
  if (hasErrors(diagnostics) || !change || !scored)
    throw new Error(JSON.stringify(diagnostics, undefined, 1));
  const open = scored.score.doors.filter(({ access }) => access === 'open');
  const warnings = diagnostics.filter(({ severity }) => severity === 'warning');
  return {
    exposure: [exposureText(change.before), exposureText(change.ready ?? change.after)],
    calls: plan.ready?.left.length ?? openCalls(plan.meaning!),
    doors: open.map(({ door }) => door.name),
    places: scored.places ?? [],
    warnings: warnings.map(({ code }) => code),
  };
}

const openCalls = ({ abis }: SyscallPolicy): number =>
  [...abis.get('x86-64')!.verdicts.values()].filter(({ rules, otherwise }) =>
    [otherwise, ...rules.map(({ action }) => action)].some(permits),
  ).length;

const HEAD = [
  ...['template', 'service', 'exposure before', 'after', 'open calls', 'open doors'],
  ...['Debian 13', 'Debian 12'],
];

/** What came of a template on a release: `works`; empty where it wasn't tried. */
export type Results = readonly [trixie: string, bookworm: string];

/** The table in Markdown: a row a template and service. */
export async function ownTable(all: readonly (readonly [OwnTemplate, Results])[]): Promise<string> {
  const rows = await Promise.all(all.map(([one, results]) => rowOf(one, results)));
  const rule = HEAD.map((_, column) => ([2, 3, 4].includes(column) ? '--:' : '---'));
  return [HEAD, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

async function rowOf(one: OwnTemplate, results: Results): Promise<string[]> {
  const { exposure, calls, doors } = await rate(one);
  return [one.template, one.service, ...exposure, `${calls}`, doors.join(', ') || 'none', ...results];
}
