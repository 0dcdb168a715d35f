import type { Walked } from '../../systemd/unit/view.js';
import { fileError } from '../files/error.js';
import { type FileFacts, type FileTree, S_IFDIR, S_IFLNK, S_IFMT, walkTree } from '../files/follow.js';
import type { LookedAt, RecordedAnswer } from './facts-file.js';

/** A machine's answers by their questions, the questions that were asked, and those of them that are open. */
export class RecordedAnswers {
  readonly all: ReadonlyMap<string, RecordedAnswer>;
  readonly asked = new Set<string>();
  readonly open = new Set<string>();

  constructor(all: ReadonlyMap<string, RecordedAnswer>) {
    this.all = all;
  }

  /** The answer to a question, if there is one. The caller keeps an open one. */
  known(question: string): RecordedAnswer | undefined {
    this.asked.add(question);
    return this.all.get(question);
  }

  /** The answer to a question, which is kept as open if there is none. */
  ask(question: string): RecordedAnswer | undefined {
    const answer = this.known(question);
    if (answer === undefined) this.open.add(question);
    return answer;
  }
}

/** A name in a folder, its type as find(1) has it, and the target of a link. */
export interface FolderEntry {
  readonly name: string;
  readonly type: string;
  readonly link: string;
}

/** The files of a machine by its answers. */
export class RecordedTree implements FileTree {
  readonly #answers: RecordedAnswers;
  /** The path that is followed: the script answers with all on its way. */
  #followed: string | undefined;

  constructor(answers: RecordedAnswers) {
    this.#answers = answers;
  }

  /** Follows a path as the machine's own processes see it. */
  walk(path: string): Walked {
    this.#followed = path;
    try {
      return walkTree(this, path);
    } finally {
      this.#followed = undefined;
    }
  }

  look(path: string): (FileFacts & LookedAt) | 'hidden' | undefined {
    const answer = this.#answers.known(`look ${path}`);
    if (answer === undefined) this.#answers.open.add(`look ${this.#followed ?? path}`);
    if (answer?.kind === 'failed') return 'hidden';
    if (answer?.kind !== 'look') return undefined;
    const { facts } = answer;
    return {
      ...facts,
      isDirectory: () => (facts.mode & S_IFMT) === S_IFDIR,
      isSymbolicLink: () => (facts.mode & S_IFMT) === S_IFLNK,
    };
  }

  target(link: string): string {
    const facts = this.look(link);
    return typeof facts === 'object' ? facts.link : '';
  }

  /** Facts don't show what is mounted: procfs is where it always is. */
  isProcfs(folder: string): boolean {
    return /^\/proc(?:\/|$)/.test(folder);
  }

  /** @throws UserError `unreadable` */
  list(directory: string): readonly FolderEntry[] {
    const answer = this.#answers.ask(`list ${directory}`);
    if (answer?.kind === 'failed') throw fileError('unreadable', `can't list ${directory}: ${answer.reason}`);
    if (answer?.kind !== 'data') return [];
    const fields = new TextDecoder().decode(answer.data()).split('\0');
    const entries: FolderEntry[] = [];
    for (let at = 0; at + 3 <= fields.length - 1; at += 3) {
      entries.push({ name: fields[at]!, type: fields[at + 1]!, link: fields[at + 2]! });
    }
    return entries;
  }
}
