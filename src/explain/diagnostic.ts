import { type Diagnostic, error } from '../diagnostic.js';
import { fileName } from '../systemd/unit/path.js';
import { callText, changeLines, type Explanation, isFinding, joined } from './explanation.js';
import type { FoundRefusal } from './refusals/found.js';

/** The end that one call came to, and several. */
export const BECAME: Readonly<Record<Explanation['got'], readonly [one: string, more: string]>> = {
  killed: ['ended the process', 'ended their process'],
  'killed-thread': ['ended the thread', 'ended their thread'],
  failed: ['failed', 'failed'],
  recorded: ['was recorded', 'were recorded'],
  stopped: ['was stopped', 'were stopped'],
};

export const RECORDED = { severity: 'note', code: 'recorded-call' } as const;

/** An explanation as a diagnostic: the call, its end, the line that decides, and the way out. */
export function explanationDiagnostic(explanation: Explanation, machine: string): Diagnostic {
  const { call, got, cause, certain, opens: gains } = explanation;
  const message = `${certain ? '' : 'probably of this unit: '}${callText(call, machine)} ${BECAME[got][0]}: ${cause.what}`;
  const unknown = isGuess(explanation) ? UNKNOWN : undefined;
  const thoughts = [
    changeLines(explanation),
    gains === undefined ? [] : [gains],
    unknown ? [unknown] : [],
    cause.phase === 'ready' ? [STARTING] : [],
  ];
  const hintLines = joined(
    thoughts.filter((lines) => lines.length > 0),
    ';',
  );
  const base = error('refused-call', message, { at: cause.at });
  const found = hintLines.length > 0 ? { ...base, hint: hintLines.join(' '), hintLines } : base;
  return isFinding(explanation) ? found : { ...found, ...RECORDED };
}

/** A refusal by a directive as a diagnostic: the program and what it may not, the line that decides, and the way out. */
export function accessDiagnostic({ refusal, says, cause, at, certain, change }: FoundRefusal): Diagnostic {
  const [program] = refusal.programs;
  const who = program === undefined ? 'a process' : fileName(program);
  const message = `${who} ${says}: ${certain ? '' : 'perhaps '}${cause}`;
  return error('refused-access', message, { at, hint: change && `to allow it: ${change}` });
}

/** The hint for a call that is refused once a service serves: it may still be one of the start. */
const STARTING = "if the service was still starting, give 'settle' in [ready] more time";

const NO_CHANGE = 'no change is proposed, because another unit may have made the call';

/** The hint for a guess: why it has no change, and the way out. */
export const UNKNOWN = `${NO_CHANGE}; 'explain --record', outside of any container, shows the unit's own calls`;

/** The hint for a guess about a unit of `run`. */
export const UNKNOWN_OF_RUN = `${NO_CHANGE}; outside of any container most calls can be attributed`;

/** The hint for a guess in a recorded run. */
export const UNSEEN = `${NO_CHANGE}; its process exited before its unit could be determined; another run, outside of any container, may show it`;

/** Whether an explanation is a finding without a change, since the call may be another's. */
export const isGuess = (explanation: Explanation): boolean => !explanation.certain && isFinding(explanation);
