import {
  type Diagnostic,
  didYouMean,
  error,
  firstOf,
  type Location,
  printable,
  warning,
} from '../diagnostic.js';
import { type Action, ALLOW } from '../syscalls/action.js';
import { actionWords, parseAction } from '../syscalls/action-text.js';
import type { Operator } from '../syscalls/policy.js';
import type { CallEntry, ConditionEntry, Located, RuleEntry, SyscallsSection } from '../syscalls/section.js';
import type { DirectiveEntry, Expectation, Policy } from './policy.js';
import { commandProbe, endpointProbe, isEndpoint, type Probe } from './probe.js';
import { COMPARISONS, POLICY } from './schema.js';
import { parseTimeSpan } from './time-span.js';
import { type Path, parseToml, type TomlDocument } from './toml.js';
import { isInteger, isTable, validateShape } from './validate.js';

export interface ParsedPolicy {
  readonly policy: Policy;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads one policy file's text. The result lacks the values that the schema refuses, and is usable only if no
 * diagnostic is an error.
 * @param file the name that diagnostics show
 * @throws UserError `policy-syntax`, `policy-size`
 */
export function parsePolicy(source: string, file: string): ParsedPolicy {
  const document = parseToml(source, file);
  const reader = new Reader(document);
  const policy: Policy = {
    file,
    description: reader.typed(['description'], isString)?.value,
    extends: reader.strings(['extends']) ?? [],
    defaults: reader.typed(['defaults'], isBoolean),
    syscalls: readSyscalls(reader),
    service: readDirectives(document),
    loosen: reader.strings(['service', 'loosen']) ?? [],
    wrap: reader.strings(['exec', 'wrap']),
    programs: reader.strings(['exec', 'programs']),
    unitDeny: (reader.strings(['exec', 'unit-deny']) ?? []).map(({ value: name, at }) => ({ name, at })),
    settle: readSpan(reader, 'settle'),
    probe: readProbes(reader),
    probeAs: readUser(reader),
    probeTimeout: readSpan(reader, 'probe-timeout'),
    reload: reader.typed(['apply', 'reload'], isBoolean),
    refused: reader.typed(['apply', 'refused'], isConsequence),
    listening: reader.typed(['apply', 'listening'], isConsequence),
    understood: reader.strings(['apply', 'understood']) ?? [],
    expect: reader.elements(['expect']).flatMap((path) => readExpectation(reader, path)),
  };
  return { policy, diagnostics: [...validateShape(document), ...firstOf(reader.findings())] };
}

const isString = (value: unknown): value is string => typeof value === 'string';
const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean';
const isConsequence = (value: unknown): value is 'rollback' | 'warn' =>
  value === 'rollback' || value === 'warn';
const isOperand = (value: unknown): value is string | number | bigint => isString(value) || isInteger(value);

/** Takes values of the wanted type out of a document; validateShape() reports the others. */
class Reader {
  /** Findings, whose diagnostics are made only when somebody asks for them. */
  readonly #found: (() => Diagnostic)[] = [];
  readonly document: TomlDocument;

  constructor(document: TomlDocument) {
    this.document = document;
  }

  report(found: () => Diagnostic) {
    this.#found.push(found);
  }

  *findings() {
    for (const found of this.#found) yield found();
  }

  value(path: Path): unknown {
    let value: unknown = this.document.data;
    for (const step of path) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
      value = (value as Record<string | number, unknown>)[step];
    }
    return value;
  }

  typed<T>(path: Path, is: (value: unknown) => value is T): Located<T> | undefined {
    const value = this.value(path);
    return is(value) ? { value, at: this.document.valueAt(path) } : undefined;
  }

  /** The paths of a list's elements; empty if the value is no list. */
  elements(path: Path): Path[] {
    const value = this.value(path);
    return Array.isArray(value) ? value.map((_, i) => [...path, i]) : [];
  }

  strings(path: Path): Located<string>[] | undefined {
    if (!Array.isArray(this.value(path))) return undefined;
    return this.elements(path).flatMap((element) => this.typed(element, isString) ?? []);
  }

  /** The action at a path; a word or number that is none is reported. */
  action(path: Path, { allow = false } = {}): Located<Action> | undefined {
    const found = this.typed(path, isOperand);
    if (!found) return undefined;
    const action = allow && found.value === 'allow' ? ALLOW : parseAction(found.value);
    if (action === undefined) this.report(() => unknownAction(String(found.value), found.at, { allow }));
    return action === undefined ? undefined : { value: action, at: found.at };
  }
}

const unknownAction = (text: string, at: Location, { allow = false } = {}) =>
  error('unknown-action', `unknown action '${text}'`, {
    at,
    hint:
      didYouMean(text, [...actionWords(), ...(allow ? ['allow'] : [])]) ??
      `${allow ? '"allow", ' : ''}"kill", "log", an errno's name such as "EPERM", or its number`,
  });

function readSyscalls(reader: Reader): SyscallsSection | undefined {
  if (!isTable(reader.value(['syscalls']))) return undefined;
  const at = (key: string): Path => ['syscalls', key];
  const allow = reader.value(at('allow')) === undefined ? undefined : readCalls(reader, 'allow');
  return {
    at: reader.document.keyAt(['syscalls']),
    allow,
    deny: readCalls(reader, 'deny'),
    log: readCalls(reader, 'log'),
    rules: reader.elements(at('rules')).flatMap((path) => readRule(reader, path)),
    action: reader.action(at('action')),
    unknown: reader.action(at('unknown')),
    inherit: reader.typed(at('inherit'), isBoolean),
    implicit: reader.typed(at('implicit'), isBoolean),
    architectures: reader.strings(at('architectures')),
    enforcer: reader.typed(at('enforcer'), (v): v is 'auto' | 'launcher' => v === 'auto' || v === 'launcher'),
    stage: reader.typed(at('stage'), (v): v is 'exec' | 'entry' => v === 'exec' || v === 'entry'),
  };
}

function readCalls(reader: Reader, list: 'allow' | 'deny' | 'log'): CallEntry[] {
  const texts = reader.strings(['syscalls', list]) ?? [];
  return texts.flatMap(({ value, at }) => {
    const colon = value.indexOf(':');
    if (colon < 0) return { name: value, at };
    const name = value.slice(0, colon);
    const suffix = value.slice(colon + 1);
    if (list !== 'deny') {
      const hint = `only 'deny' takes ':${suffix}'`;
      reader.report(() => error('misplaced-action', `'${value}' has an action`, { at, hint }));
      return [];
    }
    const action = parseAction(suffix);
    if (action === undefined) reader.report(() => unknownAction(suffix, at));
    return action === undefined ? [] : { name, action, at };
  });
}

function readRule(reader: Reader, path: Path): RuleEntry[] {
  const syscall = reader.typed([...path, 'syscall'], isString);
  const action = reader.action([...path, 'action'], { allow: true });
  const when = reader.elements([...path, 'when']).flatMap((condition) => readCondition(reader, condition));
  if (!syscall || !action || when.length === 0) return [];
  return [{ syscall, action, when, at: reader.document.keyAt(path) }];
}

function readCondition(reader: Reader, path: Path): ConditionEntry[] {
  const table = reader.value(path);
  if (!isTable(table)) return [];
  const at = reader.document.valueAt(path);
  const operators = [...COMPARISONS, 'in' as const].filter((op) => Object.hasOwn(table, op));
  const [op] = operators;
  if (op === undefined || operators.length > 1) {
    const hint = `one of in, ${COMPARISONS.join(', ')}`;
    reader.report(() => error('condition', 'a condition needs exactly one comparison', { at, hint }));
    return [];
  }
  const arg = reader.value([...path, 'arg']);
  const width = reader.value([...path, 'width']) ?? 32;
  const operands = readOperands(reader, path, op);
  if (typeof arg !== 'number' || (width !== 32 && width !== 64) || operands.length === 0) return [];
  return [{ arg, op, operands, width, at }];
}

function readOperands(reader: Reader, path: Path, op: Operator): Located<bigint | string>[] {
  const at = [...path, op];
  const places = op === 'in' ? reader.elements(at) : [at];
  return places.flatMap((place) => readOperand(reader, place));
}

function readOperand(reader: Reader, path: Path): Located<bigint | string>[] {
  const found = reader.typed(path, isOperand);
  if (!found) return [];
  return [{ value: isString(found.value) ? found.value : BigInt(found.value), at: found.at }];
}

function readDirectives(document: TomlDocument): DirectiveEntry[] {
  const service = document.data.service;
  if (!isTable(service)) return [];
  const own = POLICY.service!.shape as { keys: object };
  return Object.entries(service)
    .filter(([name]) => !Object.hasOwn(own.keys, name))
    .map(([name, value]) => ({
      name,
      value,
      at: document.keyAt(['service', name]),
      valueAt: document.valueAt(['service', name]),
    }));
}

function readSpan(reader: Reader, key: string): Located<number> | undefined {
  const text = reader.typed(['apply', key], isString);
  const value = text && parseTimeSpan(text.value);
  return text && value !== undefined ? { value, at: text.at } : undefined;
}

const PROBE: Path = ['apply', 'probe'];

/** A list of texts whose first is no endpoint is one command. */
function readProbes(reader: Reader): Probe[] | undefined {
  const elements = reader.elements(PROBE);
  if (elements.length === 0) return reader.typed(PROBE, isString) && readProbe(reader, PROBE);
  const [first, ...rest] = elements.map((element) => reader.value(element));
  const isCommand = isString(first) && !isEndpoint(first) && !rest.some(Array.isArray);
  return isCommand ? readProbe(reader, PROBE) : elements.flatMap((element) => readProbe(reader, element));
}

/** The probe at a path: an endpoint, or a command as the list of its words. */
function readProbe(reader: Reader, path: Path): Probe[] {
  const text = reader.typed(path, isString);
  const probe = text ? endpointProbe(text) : commandProbe(reader.strings(path) ?? []);
  if (probe === undefined) return [];
  if (!('severity' in probe)) return [probe];
  reader.report(() => probe);
  return [];
}

function readUser(reader: Reader): Located<string> | undefined {
  const user = reader.typed(['apply', 'probe-as'], isString);
  if (!user || /^[A-Za-z_][\w.-]*\$?$/.test(user.value)) return user;
  const hint = "'probe-as' is the name of a user";
  reader.report(() =>
    error('bad-user', `'${printable(user.value, 60)}' names no user`, { at: user.at, hint }),
  );
  return undefined;
}

function readExpectation(reader: Reader, path: Path): Expectation[] {
  const syscall = reader.typed([...path, 'syscall'], isString);
  const action = reader.action([...path, 'action'], { allow: true });
  if (!syscall || !action) return [];
  const args = reader.elements([...path, 'args']);
  if (args.length > 6) {
    const at = reader.document.valueAt([...path, 'args']);
    reader.report(() => error('wrong-type', 'a call has at most 6 arguments', { at }));
  }
  return [
    {
      syscall,
      action,
      args: args.slice(0, 6).flatMap((arg) => readOperand(reader, arg)),
      architecture: reader.typed([...path, 'architecture'], isString),
    },
  ];
}

/**
 * The diagnostic for a policy that confines nothing.
 * @param severity `error` where a service is to be confined by it
 */
export function warnIfEmpty(policy: Policy, severity: 'warning' | 'error' = 'warning'): Diagnostic[] {
  const { syscalls, service, defaults } = policy;
  if (syscalls || service.length > 0 || policy.extends.length > 0 || defaults?.value) return [];
  const hint = 'add [syscalls] or [service]';
  const at = { file: policy.file, line: 1, column: 1 };
  return [{ ...warning('empty-policy', 'the policy confines nothing', { at, hint }), severity }];
}
