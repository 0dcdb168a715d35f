/** Services of languages with a runtime of their own, given filter after filter: the second table of docs/ready-on-services.md. */
import { oneLine } from './outcome.js';
import type { ReadyService } from './ready-services.js';

/** A service, and what its clients ask for meanwhile. */
export interface RuntimeService extends Omit<ReadyService, 'starts'> {
  readonly runtime: string;
  readonly asked: readonly string[];
}

/** In the order of the table. */
export const RUNTIMES: readonly RuntimeService[] = [
  {
    ...{ name: 'tomcat10', runtime: 'Java', by: 'a JSP', settle: '2s' },
    asked: ['http://127.0.0.1:8080/', 'http://127.0.0.1:8080/collect.jsp'],
  },
  {
    ...{ name: 'node', runtime: 'Node.js', by: '`child_process`' },
    asked: ['', 'gzip', 'thread', 'hash', 'collect'].map((page) => `http://127.0.0.1:8000/${page}`),
  },
  {
    ...{ name: 'webhook', runtime: 'Go', by: 'a hook' },
    asked: ['http://127.0.0.1:9000/', 'http://127.0.0.1:9000/hooks/never?x=2'],
  },
  {
    ...{ name: 'python', runtime: 'Python', by: 'a CGI' },
    asked: ['http://127.0.0.1:8000/', 'http://127.0.0.1:8000/x'],
  },
];

/** What is refused besides, one filter after the other. */
export const FURTHER: readonly string[] = ['ptrace', 'bpf', '@module', '@mount', '@raw-io'];

/** A service that was given these filters at work. */
export interface TightenedAtWork {
  /** The most threads that were given one at a time. */
  readonly threads: number;
  readonly answers: number;
  readonly failed: number;
}

/** A service, what came of the filters, and what was wrong. */
export interface TriedRuntime {
  readonly service: RuntimeService;
  /** Undefined where it did not get so far. */
  readonly atWork?: TightenedAtWork | undefined;
  readonly problems: readonly string[];
}

const HEAD = ['runtime', 'service', 'threads', 'answers', 'failed', 'is refused once it serves', ''];

/** The table in Markdown: a row a service. */
export function runtimeTable(all: readonly TriedRuntime[]): string {
  const rule = HEAD.map((_, i) => ([2, 3, 4].includes(i) ? '--:' : '---'));
  return [HEAD, rule, ...all.map(cellsOf)].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

const cellsOf = ({ service: { runtime, name, by }, atWork, problems }: TriedRuntime) => [
  ...[runtime, name, atWork?.threads, atWork?.answers, atWork?.failed, by],
  problems.length === 0 ? 'works' : `**BROKEN**: ${oneLine(problems[0]!)}`,
];
