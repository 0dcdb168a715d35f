import { type Diagnostic, error, firstOf, printable, warning } from '../diagnostic.js';
import type { Located } from '../seccomp/syscalls/section.js';
import { type ExecCommand, scanExecLine } from '../systemd/unit/exec/line.js';
import { readOperand, readReady, readSyscalls } from './parse/calls.js';
import { isBoolean, isString, PolicyReader } from './parse/reader.js';
import type { DirectiveEntry, Expectation, Policy } from './policy.js';
import { commandProbe, endpointProbe, isEndpoint, type Probe } from './probe.js';
import { POLICY } from './schema.js';
import { type KeyPath, parseToml, type TomlDocument } from './toml.js';
import { isTable, validateShape } from './validate.js';

export interface ParsedPolicy {
  readonly policy: Policy;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads one policy file's text, as readPolicy() does.
 * @throws UserError `policy-syntax`
 */
export const parsePolicy = (source: string, file: string): ParsedPolicy =>
  readPolicy(parseToml(source, file), file);

/**
 * Reads a policy out of its keys and values. The result lacks the values that the schema refuses, and is usable only if no
 * diagnostic is an error.
 * @param file the name that diagnostics show
 */
export function readPolicy(document: TomlDocument, file: string): ParsedPolicy {
  const reader = new PolicyReader(document);
  const policy: Policy = {
    file,
    description: reader.typed(['description'], isString)?.value,
    extends: reader.strings(['extends']) ?? [],
    defaults: reader.typed(['defaults'], isBoolean),
    syscalls: readSyscalls(reader),
    ready: readReady(reader),
    service: readDirectives(document),
    loosen: reader.strings(['service', 'loosen']) ?? [],
    wrap: reader.strings(['exec', 'wrap']),
    startPre: readStartPre(reader),
    settle: reader.span(['apply', 'settle']),
    probe: readProbes(reader),
    probeAs: readUser(reader),
    probeTimeout: reader.span(['apply', 'probe-timeout']),
    reload: reader.typed(['apply', 'reload'], isBoolean),
    refused: reader.word(['apply', 'refused'], CONSEQUENCES),
    listening: reader.word(['apply', 'listening'], CONSEQUENCES),
    understood: reader.strings(['apply', 'understood']) ?? [],
    expect: reader.elements(['expect']).flatMap((path) => readExpectation(reader, path)),
  };
  return { policy, diagnostics: [...validateShape(document), ...firstOf(reader.findings())] };
}

/** Answers of `apply` to a finding of its trial. */
const CONSEQUENCES = ['rollback', 'warn'] as const;

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

const PROBE: KeyPath = ['apply', 'probe'];

/** A list of texts whose first is no endpoint is one command. */
function readProbes(reader: PolicyReader): Probe[] | undefined {
  const elements = reader.elements(PROBE);
  if (elements.length === 0) return reader.typed(PROBE, isString) && readProbe(reader, PROBE);
  const [first, ...rest] = elements.map((element) => reader.value(element));
  const isCommand = isString(first) && !isEndpoint(first) && !rest.some(Array.isArray);
  return isCommand ? readProbe(reader, PROBE) : elements.flatMap((element) => readProbe(reader, element));
}

/** The probe at a path: an endpoint, or a command as the list of its words. */
function readProbe(reader: PolicyReader, path: KeyPath): Probe[] {
  const text = reader.typed(path, isString);
  const probe = text ? endpointProbe(text) : commandProbe(reader.strings(path) ?? []);
  if (probe === undefined) return [];
  if (!('severity' in probe)) return [probe];
  reader.report(() => probe);
  return [];
}

/** Longest command of start-pre, in characters. */
const MAX_COMMAND = 4096;

/** Commands as ExecStartPre= has them, each without a prefix. */
function readStartPre(reader: PolicyReader): Located<ExecCommand>[] {
  return (reader.strings(['exec', 'start-pre']) ?? []).flatMap(({ value, at }) => {
    const isPlain = /^[ -~]+$/.test(value) && value.length <= MAX_COMMAND;
    const { commands, problem } = isPlain ? scanExecLine(value, at) : { commands: [] };
    const [command] = commands;
    if (command && !problem && commands.length === 1 && command.prefixes === '' && !command.bareName)
      return [{ value: command, at }];
    const hint = 'write an absolute path and arguments, as in a unit file, without a prefix and in ASCII';
    const message = `'start-pre' can't run '${printable(value, 60)}'`;
    reader.report(() => error('bad-unit-file', problem?.message ?? message, { at, hint }));
    return [];
  });
}

function readUser(reader: PolicyReader): Located<string> | undefined {
  const user = reader.typed(['apply', 'probe-as'], isString);
  if (!user || /^[A-Za-z_][\w.-]*\$?$/.test(user.value)) return user;
  const hint = "'probe-as' takes the name of a user";
  reader.report(() =>
    error('policy-value', `'${printable(user.value, 60)}' is not a user name`, { at: user.at, hint }),
  );
  return undefined;
}

function readExpectation(reader: PolicyReader, path: KeyPath): Expectation[] {
  const syscall = reader.typed([...path, 'syscall'], isString);
  const action = reader.action([...path, 'action'], { allow: true });
  if (!syscall || !action) return [];
  const args = reader.elements([...path, 'args']);
  if (args.length > 6) {
    const at = reader.document.valueAt([...path, 'args']);
    reader.report(() => error('policy-value', 'a call has at most 6 arguments', { at }));
  }
  return [
    {
      syscall,
      action,
      args: args.slice(0, 6).flatMap((arg) => readOperand(reader, arg)),
      architecture: reader.typed([...path, 'architecture'], isString),
      phase: reader.word([...path, 'phase'], ['start', 'ready']),
    },
  ];
}

/**
 * The diagnostic for a policy that confines nothing.
 * @param severity `error` where a service is to be confined by it
 */
export function warnIfEmpty(policy: Policy, severity: 'warning' | 'error' = 'warning'): Diagnostic[] {
  const { syscalls, ready, service, defaults } = policy;
  if (syscalls || ready || service.length > 0 || policy.extends.length > 0 || defaults?.value) return [];
  const hint = 'add [syscalls], [ready] or [service]';
  const at = { file: policy.file, line: 1, column: 1 };
  return [{ ...warning('no-policy', 'the policy confines nothing', { at, hint }), severity }];
}
