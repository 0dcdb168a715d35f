/** The state of a unit: its properties on the manager's bus (org.freedesktop.systemd1(5)), typed. */

import { toHex } from '../collections.js';

/** Property values by name; 64-bit numbers are bigint, structs are arrays. */
export type UnitProperties = ReadonlyMap<string, unknown>;

/** A property's name, its type on the bus, and a parser that takes any value. */
interface Field<T> {
  readonly property: string;
  readonly signature: string;
  readonly parse: (value: unknown) => T;
}

const kind =
  <T>(signature: string, parse: (value: unknown) => T) =>
  (property: string): Field<T> => ({ property, signature, parse });

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const textsIn = (value: unknown): readonly string[] =>
  listOf(value).filter((one): one is string => typeof one === 'string');

const numbersIn = (value: unknown): readonly number[] =>
  listOf(value).filter((one): one is number => typeof one === 'number');

const textIn = (value: unknown): string => (typeof value === 'string' ? value : '');
const numberIn = (value: unknown): number =>
  typeof value === 'number' || typeof value === 'bigint' ? Number(value) : 0;

/** Bytes are a Buffer in an answer of the bus. */
const bytesIn = (value: unknown): readonly number[] =>
  value instanceof Uint8Array ? [...value] : numbersIn(value);

const text = kind('s', textIn);
const flag = kind('b', (value) => value === true);
const texts = kind('as', textsIn);
const int = kind('i', numberIn);
const uint = kind('u', numberIn);

/** Microseconds since 1970, or since boot for a `Monotonic` one; 0 for never. */
const time = kind('t', numberIn);

/** The number for an unlimited or unknown quantity. */
const UNKNOWN = 2n ** 64n - 1n;

/** A quantity or a span of time; undefined for an unlimited or unknown one. */
const quantity = kind('t', (value): bigint | undefined => {
  if (typeof value !== 'bigint' && !Number.isSafeInteger(value)) return undefined;
  const number = BigInt(value as bigint | number);
  return number === UNKNOWN ? undefined : number;
});

/** One word of a closed set; `unknown` for any other. */
const word = <T extends string>(...words: readonly T[]) =>
  kind('s', (value): T | 'unknown' => words.find((one) => one === value) ?? 'unknown');

/** A list that permits only what it names, or one of exceptions. */
export type NameList = readonly [isAllowList: boolean, names: readonly string[]];

const nameListIn = (value: unknown): NameList => {
  const [isAllowList, names] = listOf(value);
  return [isAllowList === true, textsIn(names)];
};

const nameList = kind('(bas)', nameListIn);

/** A line of `Condition…=` or `Assert…=`, with its specifiers expanded. */
export interface UnitCondition {
  readonly name: string;
  /** Whether it has a `|`: one of these lines is enough. */
  readonly trigger: boolean;
  readonly negate: boolean;
  readonly parameter: string;
}

const conditions = kind('a(sbbsi)', (value): readonly UnitCondition[] =>
  listOf(value).map((one) => {
    const [name, trigger, negate, parameter] = listOf(one);
    return {
      name: textIn(name),
      trigger: trigger === true,
      negate: negate === true,
      parameter: textIn(parameter),
    };
  }),
);

/** A network by its address, 4 or 16 bytes, and the length of its prefix in bits. */
export interface NetworkPrefix {
  readonly address: readonly number[];
  readonly length: number;
}

const prefixes = kind('a(iayu)', (value): readonly NetworkPrefix[] =>
  listOf(value).map((one) => {
    const [, address, length] = listOf(one);
    return { address: bytesIn(address), length: numberIn(length) };
  }),
);

const sockets = kind('a(ss)', (value): readonly (readonly [type: string, address: string])[] =>
  listOf(value).map((one) => {
    const [type, address] = listOf(one);
    return [textIn(type), textIn(address)];
  }),
);

/** All fields; a property that is missing, or has a value of another type, is empty, 0 or false. */
const FIELDS = {
  accept: flag('Accept'),
  activeEnterTimestamp: time('ActiveEnterTimestamp'),
  activeEnterTimestampMonotonic: time('ActiveEnterTimestampMonotonic'),
  activeState: word(
    'active',
    'reloading',
    'refreshing',
    'activating',
    'deactivating',
    'inactive',
    'failed',
    'maintenance',
  )('ActiveState'),
  after: texts('After'),
  asserts: conditions('Asserts'),
  bindsTo: texts('BindsTo'),
  boundBy: texts('BoundBy'),
  canReload: flag('CanReload'),
  conditionResult: flag('ConditionResult'),
  conditionTimestamp: time('ConditionTimestamp'),
  conditions: conditions('Conditions'),
  conflictedBy: texts('ConflictedBy'),
  conflicts: texts('Conflicts'),
  consistsOf: texts('ConsistsOf'),
  controlGroup: text('ControlGroup'),
  controlPid: uint('ControlPID'),
  cpuUsageNSec: quantity('CPUUsageNSec'),
  dropInPaths: texts('DropInPaths'),
  execMainCode: int('ExecMainCode'),
  execMainExitTimestamp: time('ExecMainExitTimestamp'),
  execMainPid: uint('ExecMainPID'),
  execMainStartTimestamp: time('ExecMainStartTimestamp'),
  execMainStartTimestampMonotonic: time('ExecMainStartTimestampMonotonic'),
  execMainStatus: int('ExecMainStatus'),
  failureAction: text('FailureAction'),
  fragmentPath: text('FragmentPath'),
  id: text('Id'),
  inactiveEnterTimestamp: time('InactiveEnterTimestamp'),
  inactiveEnterTimestampMonotonic: time('InactiveEnterTimestampMonotonic'),
  inactiveExitTimestamp: time('InactiveExitTimestamp'),
  inactiveExitTimestampMonotonic: time('InactiveExitTimestampMonotonic'),
  /** In hex; empty for a unit that wasn't started since it was loaded. */
  invocationId: kind('ay', (value) => toHex(bytesIn(value)))('InvocationID'),
  ioReadBytes: quantity('IOReadBytes'),
  ioWriteBytes: quantity('IOWriteBytes'),
  ipAddressAllow: prefixes('IPAddressAllow'),
  ipAddressDeny: prefixes('IPAddressDeny'),
  ipEgressBytes: quantity('IPEgressBytes'),
  ipIngressBytes: quantity('IPIngressBytes'),
  /** The ID of its job; 0 without one. */
  job: kind('(uo)', (value) => numberIn(listOf(value)[0]))('Job'),
  jobRunningTimeoutUSec: quantity('JobRunningTimeoutUSec'),
  jobTimeoutAction: text('JobTimeoutAction'),
  jobTimeoutUSec: quantity('JobTimeoutUSec'),
  killMode: text('KillMode'),
  listen: sockets('Listen'),
  loadState: word('loaded', 'not-found', 'bad-setting', 'error', 'merged', 'masked', 'stub')('LoadState'),
  mainPid: uint('MainPID'),
  memoryPeak: quantity('MemoryPeak'),
  memorySwapPeak: quantity('MemorySwapPeak'),
  nRestarts: uint('NRestarts'),
  names: texts('Names'),
  needDaemonReload: flag('NeedDaemonReload'),
  onFailure: texts('OnFailure'),
  onFailureJobMode: text('OnFailureJobMode'),
  onSuccess: texts('OnSuccess'),
  onSuccessJobMode: text('OnSuccessJobMode'),
  pamName: text('PAMName'),
  partOf: texts('PartOf'),
  propagatesStopTo: texts('PropagatesStopTo'),
  refuseManualStart: flag('RefuseManualStart'),
  refuseManualStop: flag('RefuseManualStop'),
  remainAfterExit: flag('RemainAfterExit'),
  requiredBy: texts('RequiredBy'),
  requires: texts('Requires'),
  requisite: texts('Requisite'),
  requisiteOf: texts('RequisiteOf'),
  restrictNetworkInterfaces: nameList('RestrictNetworkInterfaces'),
  result: text('Result'),
  slice: text('Slice'),
  startLimitAction: text('StartLimitAction'),
  stopPropagatedFrom: texts('StopPropagatedFrom'),
  subState: text('SubState'),
  successAction: text('SuccessAction'),
  successExitStatus: kind('(aiai)', (value) => {
    const [statuses, signals] = listOf(value);
    return { statuses: numbersIn(statuses), signals: numbersIn(signals) };
  })('SuccessExitStatus'),
  systemCallArchitectures: texts('SystemCallArchitectures'),
  systemCallFilter: nameList('SystemCallFilter'),
  transient: flag('Transient'),
  triggeredBy: texts('TriggeredBy'),
  triggers: texts('Triggers'),
  type: text('Type'),
};

type Fields = { readonly [Key in keyof typeof FIELDS]: ReturnType<(typeof FIELDS)[Key]['parse']> };

/** A unit as the manager has it. Fields that its type of unit has no property for are empty. */
export interface UnitState extends Fields {
  /** All properties by name, for directives that a policy or a drop-in names. */
  readonly properties: UnitProperties;
}

/** Fields that are lists of names, as of other units. */
export type UnitLink = {
  [Key in keyof Fields]: Fields[Key] extends readonly string[] ? Key : never;
}[keyof Fields];

/** Types on the bus of the properties that have a field, by name. */
export const FIELD_TYPES: ReadonlyMap<string, string> = new Map(
  Object.values(FIELDS).map(({ property, signature }) => [property, signature]),
);

/** Parses properties; never throws. */
export function parseUnitState(properties: UnitProperties): UnitState {
  const fields = Object.entries(FIELDS).map(([key, { property, parse }]) => [
    key,
    parse(properties.get(property)),
  ]);
  return { ...(Object.fromEntries(fields) as Fields), properties };
}

/** A command of an Exec key as the manager has it. */
export interface LoadedCommand {
  readonly path: string;
  readonly argv: readonly string[];
  /** The names of its prefixes: `ignore-failure`. */
  readonly flags: readonly string[];
  /** The start of its last process, in microseconds since boot; 0 without one. */
  readonly started: number;
  /** When its last process ended, in microseconds since 1970; 0 without one. */
  readonly ended: number;
  /** The end of its last process: CLD_EXITED, CLD_KILLED or CLD_DUMPED (waitid(2)); 0 without one. */
  readonly code: number;
  /** The exit status or the signal. */
  readonly status: number;
}

/** The commands of an Exec key; type a(sasasttttuii) of `ExecStartEx` and its like. */
export const commandsOf = ({ properties }: UnitState, key: string): readonly LoadedCommand[] =>
  listOf(properties.get(`${key}Ex`)).map((one) => {
    const fields = listOf(one);
    const [path, argv, flags, , started, ended] = fields;
    return {
      path: textIn(path),
      argv: textsIn(argv),
      flags: textsIn(flags),
      started: numberIn(started),
      ended: numberIn(ended),
      code: numberIn(fields.at(-2)),
      status: numberIn(fields.at(-1)),
    };
  });

/** Whether a unit is down, for whatever reason. */
export const isDown = ({ activeState }: UnitState): boolean =>
  activeState === 'inactive' || activeState === 'failed';
