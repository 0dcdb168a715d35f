/** Daemons that start programs until they serve, and lose that then: the first table of docs/ready-on-services.md. */

import { oneLine } from './outcome.js';

/** A daemon, and what is known of its programs. */
export interface ReadyService {
  /** Of a script of work. */
  readonly name: string;
  /** What it starts until it serves. */
  readonly starts: string;
  /** The program that its script has it start while it serves; undefined where it has no means. */
  readonly by?: string;
  /** Whether it logs nothing of a program that it can't start. */
  readonly silent?: true;
  /** The value of `reload` in the policy; undefined where its unit has no reload. */
  readonly reload?: boolean;
  /** The value of `settle` in the policy. */
  readonly settle?: string;
  /** Why it can't lose that. */
  readonly needs?: string;
  /** Further lines of the policy, which the filter takes. */
  readonly lines?: string;
}

/** In the order of the table. */
export const READY: readonly ReadyService[] = [
  { name: 'apache2', starts: 'by a script', by: 'a CGI, and a Lua script in a worker', reload: true },
  {
    name: 'dnsmasq',
    starts: 'by a script',
    by: 'a script for files sent by TFTP',
    reload: true,
  },
  { name: 'haproxy', starts: 'itself, as its master', by: 'a Lua script in the worker', reload: false },
  { name: 'icecast2', starts: 'by a script', by: 'a script for streams', silent: true, reload: true },
  { name: 'lighttpd', starts: 'scripts of its configuration', by: 'a CGI', reload: false },
  { name: 'mariadb', starts: 'by a script', by: 'a function of SQL, in C', settle: '2s' },
  { name: 'memcached', starts: 'by a script' },
  {
    name: 'postfix',
    starts: 'by a script',
    by: 'a server for SMTP',
    reload: true,
    needs: 'its master starts all other programs, when there is work for them',
    // Its unit has neither that nor CAP_SYS_ADMIN, one of which a filter takes. That it needs the calls is known, too.
    lines: '[service]\nNoNewPrivileges = true\n[apply]\nunderstood = ["locks-out"]',
  },
  { name: 'squid', starts: 'itself, and helpers', by: 'a helper for access', reload: false, settle: '2s' },
  {
    name: 'varnish',
    starts: 'a compiler',
    by: 'C of its configuration, in the worker',
    reload: false,
    settle: '5s',
  },
];

/** The calls that the policy takes away. */
const CALLS = ['execve', 'execveat'];

/** The policy of a daemon. */
export const policyOf = ({ reload, settle, lines }: Omit<ReadyService, 'starts'>): string =>
  [
    '[ready]',
    `deny = ${JSON.stringify(CALLS)}`,
    ...(reload === undefined ? [] : [`reload = ${reload}`]),
    ...(settle === undefined ? [] : [`settle = "${settle}"`]),
    ...(lines === undefined ? [] : [lines]),
    '',
  ].join('\n');

/** A daemon, and what was wrong with it. */
export interface TriedReady {
  readonly service: ReadyService;
  readonly problems: readonly string[];
}

const HEAD = ['service', 'starts', 'reload', 'settle', 'is refused once it serves', ''];

/** The table in Markdown: a row a daemon. */
export const readyTable = (all: readonly TriedReady[]): string =>
  [HEAD, HEAD.map(() => '---'), ...all.map(cellsOf)].map((cells) => `| ${cells.join(' | ')} |\n`).join('');

const cellsOf = ({ service, problems }: TriedReady): string[] => {
  const { name, starts, by = 'has no means to start one', reload, settle = '', needs } = service;
  const kept = { true: 'kept', false: 'refused', undefined: 'has none' }[`${reload}`];
  const well = needs ? `needs it: ${needs}` : 'works';
  return [
    name,
    starts,
    kept,
    settle,
    by,
    problems.length === 0 ? well : `**BROKEN**: ${oneLine(problems[0]!)}`,
  ];
};
