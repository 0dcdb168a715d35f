/** The sections of a policy that list calls. */

import { error } from '../../diagnostic.js';
import { parseAction } from '../../seccomp/syscalls/action-text.js';
import type { Operator } from '../../seccomp/syscalls/policy.js';
import type {
  CallEntry,
  ConditionEntry,
  Located,
  ReadySection,
  RuleEntry,
  SyscallsSection,
} from '../../seccomp/syscalls/section.js';
import { COMPARISONS } from '../schema.js';
import type { KeyPath } from '../toml.js';
import { isTable } from '../validate.js';
import { isBoolean, isOperand, isString, type PolicyReader, unknownAction } from './reader.js';

/** The lists, the rules and the action of a section on calls; undefined where the section is absent. */
function readLists(reader: PolicyReader, section: string) {
  if (!isTable(reader.value([section]))) return undefined;
  const list = (name: 'allow' | 'deny' | 'log') => readCalls(reader, [section, name]);
  return {
    at: reader.document.keyAt([section]),
    allow: reader.value([section, 'allow']) === undefined ? undefined : list('allow'),
    deny: list('deny'),
    log: list('log'),
    rules: reader.elements([section, 'rules']).flatMap((path) => readRule(reader, path)),
    action: reader.action([section, 'action']),
  };
}

/** The section `[syscalls]`. */
export function readSyscalls(reader: PolicyReader): SyscallsSection | undefined {
  const lists = readLists(reader, 'syscalls');
  if (!lists) return undefined;
  const at = (key: string): KeyPath => ['syscalls', key];
  return {
    ...lists,
    unknown: reader.action(at('unknown')),
    inherit: reader.typed(at('inherit'), isBoolean),
    implicit: reader.typed(at('implicit'), isBoolean),
    architectures: reader.strings(at('architectures')),
    enforcer: reader.word(at('enforcer'), ['auto', 'launcher']),
    stage: reader.word(at('stage'), ['exec', 'entry']),
  };
}

/** The section `[ready]`. */
export function readReady(reader: PolicyReader): ReadySection | undefined {
  const lists = readLists(reader, 'ready');
  return (
    lists && {
      ...lists,
      reload: reader.typed(['ready', 'reload'], isBoolean),
      settle: reader.span(['ready', 'settle']),
      startPost: reader.word(['ready', 'start-post'], ['before', 'after']),
    }
  );
}

function readCalls(reader: PolicyReader, path: KeyPath): CallEntry[] {
  const texts = reader.strings(path) ?? [];
  return texts.flatMap(({ value, at }) => {
    const colon = value.indexOf(':');
    if (colon < 0) return { name: value, at };
    const name = value.slice(0, colon);
    const suffix = value.slice(colon + 1);
    if (path.at(-1) !== 'deny') {
      const hint = `only entries of 'deny' take ':${suffix}'`;
      reader.report(() => error('policy-value', `'${value}' can't have an action here`, { at, hint }));
      return [];
    }
    const action = parseAction(suffix);
    if (action === undefined) reader.report(() => unknownAction(suffix, at));
    return action === undefined ? [] : { name, action, at };
  });
}

function readRule(reader: PolicyReader, path: KeyPath): RuleEntry[] {
  const syscall = reader.typed([...path, 'syscall'], isString);
  const action = reader.action([...path, 'action'], { allow: true });
  const when = reader.elements([...path, 'when']).flatMap((condition) => readCondition(reader, condition));
  if (!syscall || !action || when.length === 0) return [];
  return [{ syscall, action, when, at: reader.document.keyAt(path) }];
}

function readCondition(reader: PolicyReader, path: KeyPath): ConditionEntry[] {
  const table = reader.value(path);
  if (!isTable(table)) return [];
  const at = reader.document.valueAt(path);
  const operators = [...COMPARISONS, 'in' as const].filter((op) => Object.hasOwn(table, op));
  const [op] = operators;
  if (op === undefined || operators.length > 1) {
    const hint = `one of in, ${COMPARISONS.join(', ')}`;
    reader.report(() => error('policy-value', 'a condition needs exactly one comparison', { at, hint }));
    return [];
  }
  const arg = reader.value([...path, 'arg']);
  const width = reader.value([...path, 'width']) ?? 32;
  const operands = readOperands(reader, path, op);
  if (typeof arg !== 'number' || (width !== 32 && width !== 64) || operands.length === 0) return [];
  return [{ arg, op, operands, width, at }];
}

function readOperands(reader: PolicyReader, path: KeyPath, op: Operator): Located<bigint | string>[] {
  const at = [...path, op];
  const places = op === 'in' ? reader.elements(at) : [at];
  return places.flatMap((place) => readOperand(reader, place));
}

/** A number, or names of constants, at a path. */
export function readOperand(reader: PolicyReader, path: KeyPath): Located<bigint | string>[] {
  const found = reader.typed(path, isOperand);
  if (!found) return [];
  return [{ value: isString(found.value) ? found.value : BigInt(found.value), at: found.at }];
}
