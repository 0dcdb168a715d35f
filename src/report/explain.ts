import { printable, renderDiagnostic, warning } from '../diagnostic.js';
import { explanationDiagnostic, isGuess, UNKNOWN } from '../explain/diagnostic.js';
import { type Explanation, isFinding } from '../explain/explanation.js';
import type { Change } from '../explain/refused-call.js';

/** Explanations for people: each with its line of the policy, the processes, and the text to write. */
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

/** A change in a line, and the text to write; both may have names and paths of another's policy. */
function changeText({ does, where, text }: Change, word: string, unit: string): string[] {
  const place = where === 'systemctl edit' ? `systemctl edit ${unit}` : printable(where);
  const lines = text?.split('\n').map((line) => `      ${printable(line, Number.POSITIVE_INFINITY)}`);
  return [`  ${word} ${printable(does, 1000)} (${place})`, ...(lines ?? [])];
}

/** Explanations for programs. */
export const explanationsJson = (explanations: readonly Explanation[]) =>
  explanations.map(
    ({ call, cause, changes, instead, opens: gains, got, count, last, processes, certain }) => ({
      call: call.name,
      number: call.number,
      abi: call.abi ?? null,
      ...(call.args ? { args: call.args.map((arg) => `0x${arg.toString(16)}`) } : {}),
      got,
      count,
      last: new Date(last).toISOString(),
      certain,
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
