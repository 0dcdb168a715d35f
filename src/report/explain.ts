import { type Diagnostic, error, printable, renderDiagnostic, warning } from '../diagnostic.js';
import { callText, changeLine, type Explanation, isFinding } from '../explain/explanation.js';
import type { Change } from '../explain/refused-call.js';

/** An explanation as a diagnostic: the call, what became of it, the line that decides, and the way out in one line. */
export function explanationDiagnostic(explanation: Explanation, machine: string): Diagnostic {
  const { call, got, cause, certain, opens: gains } = explanation;
  const message = `${certain ? '' : 'probably its own: '}${callText(call, machine)} ${BECAME[got]}: ${cause.what}`;
  const unknown = isGuess(explanation) ? UNKNOWN : undefined;
  const hints = [changeLine(explanation), gains, unknown].filter((hint) => hint !== undefined);
  const hint = hints.length > 0 ? hints.join('; ') : undefined;
  const found = error('refused-call', message, { at: cause.at, hint });
  return isFinding(explanation) ? found : { ...found, ...RECORDED };
}

/** A finding that has no change, whatever its cause, since it may be another's. */
const isGuess = (explanation: Explanation): boolean => !explanation.certain && isFinding(explanation);

/** Why there is none, and the way out. */
const UNKNOWN =
  "no change is proposed for what may be another's call: 'explain --record', outside of any container, tells its own";

const BECAME: Readonly<Record<Explanation['got'], string>> = {
  killed: 'ended the process',
  'killed-thread': 'ended the thread',
  failed: 'failed',
  recorded: 'was recorded',
  stopped: 'was stopped',
};

const RECORDED = { severity: 'note' as const, code: 'recorded-call' };

/** Explanations for people: each with its line of the policy, who made the call, and what to write where. */
export function explanationsText(
  unit: string,
  explanations: readonly Explanation[],
  sources: ReadonlyMap<string, string>,
  machine: string,
): string {
  const found = explanations.filter(isFinding);
  const passed = found.filter(({ got }) => got === 'recorded').length;
  const would = passed > 0 ? `, ${passed} would be` : '';
  const refused = found.length === 0 ? 'no refused call is on record' : refusedText(found.length - passed);
  const head = `${unit}: ${refused}${would}\n`;
  return [head, ...explanations.map((one) => oneText(one, unit, sources, machine))].join('\n');
}

const refusedText = (count: number): string =>
  count === 0 ? 'no call was refused' : count === 1 ? '1 call was refused' : `${count} calls were refused`;

function oneText(
  explanation: Explanation,
  unit: string,
  sources: ReadonlyMap<string, string>,
  machine: string,
): string {
  const { processes, count, last, changes, instead, opens: gains } = explanation;
  const { hint: _, ...diagnostic } = explanationDiagnostic(explanation, machine);
  const who = processes.map(({ pid, name, program }) => {
    const ran = program === undefined ? '' : ` (${printable(program)})`;
    return `${printable(name)}${pid === undefined ? '' : `[${pid}]`}${ran}`;
  });
  const times = count === 1 ? 'once' : `${count} times, last`;
  const lines = [
    renderDiagnostic(diagnostic, sources),
    `  by ${who.join(', ')}, ${times} at ${new Date(last).toISOString()}`,
    ...changes.flatMap((change, i) => changeText(change, i === 0 ? 'to allow it,' : 'and', unit)),
    ...(instead ? changeText(instead, 'or', unit) : []),
    ...(gains === undefined ? [] : [`  ${renderDiagnostic(warning('opens', gains))}`]),
    ...(isGuess(explanation) ? [`  ${UNKNOWN}`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** A change in a line, and what is to be written; both may have names and paths of another's policy. */
function changeText({ does, where, text }: Change, word: string, unit: string): string[] {
  const place = where === 'systemctl edit' ? `systemctl edit ${unit}` : printable(where);
  const lines = text?.split('\n').map((line) => `      ${printable(line, Number.POSITIVE_INFINITY)}`);
  return [`  ${word} ${printable(does, 1000)} (${place})`, ...(lines ?? [])];
}

/** The same for programs. */
export const explanationsJson = (explanations: readonly Explanation[]) =>
  explanations.map(
    ({ call, cause, changes, instead, opens: gains, got, count, last, processes, certain }) => ({
      call: call.name,
      number: call.number,
      abi: call.abi ?? null,
      ...(call.args ? { args: call.args.map((arg) => `0x${arg.toString(16)}`) } : {}),
      ...{ got, count, last: new Date(last).toISOString(), certain },
      processes: processes.map(({ pid, name, program }) => ({
        pid: pid ?? null,
        name,
        program: program ?? null,
      })),
      cause: { kind: cause.kind, what: cause.what, ...cause.at },
      changes,
      ...(instead ? { instead } : {}),
      ...(gains === undefined ? {} : { opens: gains }),
    }),
  );
