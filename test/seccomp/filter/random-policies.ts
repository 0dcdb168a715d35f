/** Random policies as texts. */
import fc from 'fast-check';
import { multiplexedCalls, positionsOf, unusualCalls } from './call-layouts.js';
import { type CallNames, CONSTANTS, ERRNOS, setNames } from './policy-oracle.js';

const TOP32 = (1n << 32n) - 1n;
const TOP64 = (1n << 64n) - 1n;
/** TOML's largest integer; what is larger is a string. */
const TOP_INTEGER = (1n << 63n) - 1n;

const quoted = (text: string | number | bigint) => JSON.stringify(String(text));
const list = (entries: readonly string[]) => `[${entries.map(quoted).join(', ')}]`;

/** Often one of few, so that lists and rules meet: with unusual arguments, made by others, in many sets; or any. */
const someCall = (names: CallNames) =>
  fc.oneof(
    fc.constantFrom(...unusualCalls()),
    fc.constantFrom(...multiplexedCalls(), 'socketcall', 'ipc'),
    fc.constantFrom(
      'execve',
      'read',
      'write',
      'mount',
      'umount2',
      'ioctl',
      'prctl',
      'uname',
      'listxattrat',
      'truncate',
      'msgrcv',
      'io_getevents',
    ),
    fc.constantFrom(...[...names.values()].flatMap((calls) => [...calls.values()])),
  );

const refusal = () =>
  fc.oneof(
    { weight: 1, arbitrary: fc.constant('kill') },
    { weight: 3, arbitrary: fc.constantFrom(...Object.keys(ERRNOS), '7', '4094') },
  );
const action = () => fc.oneof({ weight: 4, arbitrary: refusal() }, fc.constant('log'));

function edge(width: 32 | 64): fc.Arbitrary<bigint> {
  const top = width === 32 ? TOP32 : TOP64;
  const halves = [1n << 32n, (1n << 32n) + 1n, TOP64 - TOP32, TOP64 - TOP32 - 1n, 5n << 32n, 1n << 63n];
  return fc.oneof(
    fc.constantFrom(
      0n,
      1n,
      2n,
      0x7fffffffn,
      0x80000000n,
      TOP32 - 1n,
      TOP32,
      ...(width === 32 ? [] : halves),
      top,
    ),
    fc.bigInt({ min: 0n, max: 9n }),
    fc.integer({ min: 0, max: width - 1 }).map((bit) => 1n << BigInt(bit)),
    fc.bigInt({ min: 0n, max: top }),
  );
}

/** A number as TOML has it, in one of its ways, or constants. */
const operand = (width: 32 | 64) =>
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.tuple(edge(width), fc.boolean()).map(([value, hex]) => {
        const text = hex ? `0x${value.toString(16)}` : String(value);
        return value > TOP_INTEGER ? quoted(text) : text;
      }),
    },
    { weight: 1, arbitrary: fc.constant('-1') },
    {
      weight: 2,
      arbitrary: fc
        .subarray(Object.keys(CONSTANTS), { minLength: 1, maxLength: 2 })
        .map((some) => quoted(some.join('|'))),
    },
  );

const EXACT = ['eq', 'in'];
const OTHERS = ['ne', 'lt', 'le', 'gt', 'ge', 'bits-set', 'bits-clear', 'bits-any'];

/** A condition's text, and a key that two conditions of one rule don't share: two values for one argument can't hold. */
const condition = (call: string) =>
  fc
    .tuple(
      fc.constantFrom(...positionsOf(call)),
      fc.constantFrom<32 | 64>(32, 64),
      fc.boolean(),
      fc.constantFrom(...EXACT, ...OTHERS),
    )
    .chain(([position, width, isWritten, comparison]) =>
      fc.array(operand(width), { minLength: 1, maxLength: comparison === 'in' ? 4 : 1 }).map((operands) => {
        const compared = comparison === 'in' ? `[${operands.join(', ')}]` : operands[0]!;
        const written = width === 64 || isWritten ? `, width = ${width}` : '';
        const text = `{ arg = ${position}, ${comparison} = ${compared}${written} }`;
        return { text, key: EXACT.includes(comparison) ? String(position) : text };
      }),
    );

const conditions = (call: string) =>
  fc
    .uniqueArray(condition(call), { minLength: 1, maxLength: 3, selector: ({ key }) => key })
    .map((several) => several.map(({ text }) => text));

const rulesOn = (call: string) =>
  fc.array(
    fc
      .tuple(conditions(call), fc.oneof(action(), fc.constant('allow')))
      .map(
        ([when, answer]) =>
          `[[syscalls.rules]]\nsyscall = ${quoted(call)}\nwhen = [${when.join(', ')}]\naction = ${quoted(answer)}\n`,
      ),
    { minLength: 1, maxLength: 3 },
  );

/** There in all but one of so many. */
const maybe = <T>(arbitrary: fc.Arbitrary<T>, freq = 2) => fc.option(arbitrary, { nil: undefined, freq });

const line = (key: string, value: string | boolean | undefined) =>
  value === undefined ? [] : [`${key} = ${value}\n`];

/** Refuses what socketcall(2) sends and receives by two names each, and has most calls be one of socketcall's. */
const SENDING = `[syscalls]
deny = ["sendto:EACCES", "recvfrom:EINVAL", "send:ENETDOWN"]
architectures = ["x86", "x32"]
[[syscalls.rules]]
syscall = "socketcall"
when = [{ arg = 5, eq = 1 }]
action = "log"
[[syscalls.rules]]
syscall = "socketcall"
when = [{ arg = 5, ge = 0 }]
action = "allow"
`;

/** For each call with unusual arguments a policy that has a rule on it and opens all conventions, one on sending, and any others. */
export function policyTexts(names: CallNames, others: number, seed: number): string[] {
  const ruled = unusualCalls().map((call) => policyText(names, call));
  return [
    SENDING,
    ...fc.sample(fc.tuple(...ruled), { numRuns: 1, seed })[0]!,
    ...fc.sample(policyText(names), { numRuns: others, seed }),
  ];
}

/** The text of a policy that has nothing wrong with it. */
function policyText(names: CallNames, ruled?: string): fc.Arbitrary<string> {
  const entry = () => fc.oneof({ weight: 3, arbitrary: someCall(names) }, fc.constantFrom(...setNames()));
  const entries = () => fc.array(entry(), { maxLength: 8 });
  const refused = fc.tuple(entry(), maybe(action()));
  return fc
    .record({
      allow: maybe(entries()),
      deny: fc.uniqueArray(refused, { maxLength: 8, selector: ([name]) => name }),
      log: maybe(entries()),
      action: maybe(action(), 5),
      unknown: maybe(action()),
      implicit: maybe(fc.boolean()),
      architectures:
        ruled !== undefined
          ? fc.constant(['x86', 'x32'])
          : maybe(fc.subarray(['native', 'x86-64', 'x32', 'x86'], { minLength: 1 })),
      rules: fc.tuple(
        ruled === undefined ? fc.constant([]) : rulesOn(ruled),
        fc
          .array(someCall(names).chain(rulesOn), { maxLength: ruled === undefined ? 6 : 3 })
          .map((several) => several.flat()),
      ),
    })
    .map((one) =>
      [
        '[syscalls]\n',
        ...line('allow', one.allow && list(one.allow)),
        ...line('deny', list(one.deny.map(([name, own]) => (own === undefined ? name : `${name}:${own}`)))),
        ...line('log', one.log && list(one.log)),
        ...line('action', one.action && quoted(one.action)),
        ...(one.allow
          ? [...line('unknown', one.unknown && quoted(one.unknown)), ...line('implicit', one.implicit)]
          : []),
        ...line('architectures', one.architectures && list(one.architectures)),
        ...one.rules.flat(),
      ].join(''),
    );
}
