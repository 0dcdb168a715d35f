import type { TextEdit } from '../policy/edit.js';
import type { SyscallsSection } from '../syscalls/section.js';
import { OTHERS_LOGGED, OTHERS_REFUSED } from './policy/rules/rule.js';
import { NOT_SEEN, SEEN } from './policy/text/checklist-text.js';
import { SEAL } from './policy/text/policy-text.js';
import type { Promotion } from './promote.js';

const SEAL_LINE = new RegExp(`^${SEAL}[\\da-f]{64}$`, 'm');

/** A policy's own file. */
export interface PolicyFile {
  readonly path: string;
  readonly text: string;
}

/**
 * Edits of comments as learned policies have them, which a promotion makes untrue.
 * @param head what was seen of the service's life up to the promotion, as checklistLines() has it
 */
export function promotedComments(
  promotion: Promotion,
  section: SyscallsSection,
  { path, text }: PolicyFile,
  head: readonly string[],
): TextEdit[] {
  const ofRules = ruleEdits(promotion, section, path);
  // Without the last line the file isn't a learned one: its head is somebody's own.
  if (!SEAL_LINE.test(text.replaceAll('\r\n', '\n'))) return ofRules;
  return [
    ...[SEEN, NOT_SEEN].map((begin) => headEdit(begin, head)),
    ...ofRules,
    { kind: 'comment', like: SEAL_LINE, text: '' },
  ];
}

function headEdit(begin: string, head: readonly string[]): TextEdit {
  const line = head.find((one) => one.startsWith(`# ${begin}`)) ?? '';
  return { kind: 'comment', like: new RegExp(`^# ${begin}.*$`, 'm'), text: line.replaceAll('$', '$$$$') };
}

/** The comment on top of the first rule on a call is about all of them. */
function ruleEdits({ ruled, kept }: Promotion, { rules }: SyscallsSection, file: string): TextEdit[] {
  const like = new RegExp(`^(# .*)${OTHERS_LOGGED.replace('.', '\\.')}$`, 'm');
  const calls = [...new Set(ruled)].filter((call) => !kept.includes(call));
  return calls.map((call) => ({
    ...{ kind: 'comment', like, text: `$1${OTHERS_REFUSED}` },
    above: rules.find(({ syscall, at }) => syscall.value === call && at.file === file)!.at,
  }));
}
