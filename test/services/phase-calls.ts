/** What learned policies take from services once they serve: the third table of docs/ready-on-services.md. */
import { oneLine } from './outcome.js';

/** Services whose calls are told apart: those of the first table that `learn` can have [ready] for, and such as start nothing. */
export const PHASED: readonly string[] = [
  ...[
    'nginx',
    'redis-server',
    'memcached',
    'postgresql',
    'mariadb',
    'apache2',
    'php-fpm',
    'haproxy',
    'unbound',
  ],
  ...['python', 'named', 'mosquitto', 'rsyslog', 'squid', 'varnish', 'dnsmasq', 'lighttpd', 'node'],
  ...['nats-server', 'docker-registry'],
];

/**
 * Services whose log rotation reloads by invoke-rc.d, which takes the init script where systemd can't reload a unit. It is made to
 * restart them.
 */
export const RELOADED_ANYWAY: readonly string[] = ['apache2'];

/** Services that are given threads by heavier work than they are learned from: a policy must leave them that. */
export const THREADED: readonly string[] = ['nats-server', 'docker-registry'];

/** How many calls pass: of all, or of `@critical`. */
export interface Passing {
  /** From the start on. */
  readonly start: number;
  /** Once the service serves. */
  readonly serving: number;
  /** Once it serves, where it can't be reloaded. */
  readonly unreloaded: number;
}

export interface PhasedCalls {
  readonly name: string;
  /** Undefined where it did not get so far. */
  readonly counts?: { readonly all: Passing; readonly critical: Passing } | undefined;
  readonly problems: readonly string[];
}

const HEAD = [
  ...['service', 'calls of the start', 'once it serves', 'without reload'],
  ...['`@critical`: start', 'once it serves', 'without reload', ''],
];

/** The table in Markdown: a row a service, and one of sums. */
export function phaseTable(all: readonly PhasedCalls[]): string {
  const rule = HEAD.map((_, i) => (i === 0 || i === HEAD.length - 1 ? '---' : '--:'));
  return [HEAD, rule, ...all.map(cellsOf), ['sum', ...sumsOf(all), '']]
    .map((cells) => `| ${cells.join(' | ')} |\n`)
    .join('');
}

/** The last row: of all calls, and of `@critical`. */
export function sumsOf(all: readonly PhasedCalls[]): number[] {
  const known = all.flatMap(({ counts }) => (counts ? [numbersOf(counts)] : []));
  return (known[0] ?? []).map((_, i) => known.reduce((sum, row) => sum + row[i]!, 0));
}

const numbersOf = ({ all, critical }: NonNullable<PhasedCalls['counts']>): number[] =>
  [all, critical].flatMap(({ start, serving, unreloaded }) => [start, serving, unreloaded]);

const well = (counts: PhasedCalls['counts']): string => (counts ? 'works' : 'nothing is taken');

const cellsOf = ({ name, counts, problems }: PhasedCalls): (string | number)[] => [
  name,
  ...(counts ? numbersOf(counts) : ['', '', '', '', '', '']),
  problems.length === 0 ? well(counts) : `**BROKEN**: ${oneLine(problems[0]!)}`,
];
