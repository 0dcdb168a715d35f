/** Arbitrary `[syscalls]` sections and units' own filters, over a few calls that differ in every way that matters. */
import fc from 'fast-check';
import { type Action, ALLOW, errnoAction, KILL, LOG } from '../../src/seccomp/syscalls/action.js';
import { formatAction } from '../../src/seccomp/syscalls/action-text.js';
import type { CallEntry, RuleEntry, SyscallsSection } from '../../src/seccomp/syscalls/section.js';
import { effectiveUnit } from '../../src/systemd/unit/effective.js';
import { parseUnitFile } from '../../src/systemd/unit/unit-file.js';

/**
 * In @default or not, in @system-service or not, needed by the launcher or not, absent on some machines, in no set
 * (`listxattrat`), behind `socketcall` and `ipc`, and those two.
 */
export const CALLS = [
  'execve',
  'execveat',
  'write',
  'read',
  'openat',
  'prctl',
  'uname',
  'mount',
  'umount2',
  'socket',
  'connect',
  'semop',
  'open',
  'brk',
  'seccomp',
  'socketcall',
  'ipc',
  'clone3',
  'listxattrat',
] as const;

export const SETS = ['@default', '@system-service', '@mount', '@file-system', '@known', '@ipc'] as const;

const AT = { file: 'p.toml', line: 1, column: 1 };
const located = <T>(value: T) => ({ value, at: AT });

const name = () => fc.oneof(fc.constantFrom(...CALLS), fc.constantFrom(...CALLS, ...SETS));
const refusal = (): fc.Arbitrary<Action> =>
  fc.constantFrom(KILL, errnoAction(1), errnoAction(13), errnoAction(38));

const plainEntry = (): fc.Arbitrary<CallEntry> => name().map((entry) => ({ name: entry, at: AT }));
const denyEntry = (): fc.Arbitrary<CallEntry> =>
  fc
    .tuple(name(), fc.option(fc.oneof({ weight: 5, arbitrary: refusal() }, fc.constant(LOG))))
    .map(([entry, action]) => ({ name: entry, at: AT, ...(action === null ? {} : { action }) }));

const rule = (): fc.Arbitrary<RuleEntry> =>
  fc
    .record({
      syscall: fc.constantFrom(...CALLS),
      action: fc.oneof(refusal(), fc.constantFrom(ALLOW, LOG)),
      when: fc.array(
        fc.record({
          arg: fc.constantFrom(0, 1),
          op: fc.constantFrom('eq', 'ne', 'lt', 'ge', 'bits-any', 'bits-set', 'bits-clear', 'in'),
          value: fc.constantFrom(0n, 1n, 2n, 3n, 8n, 0xffff_ffffn, 1n << 32n),
        }),
        { minLength: 1, maxLength: 2 },
      ),
    })
    .map(({ syscall, action, when }) => ({
      syscall: located(syscall),
      action: located(action),
      at: AT,
      when: when.map(({ arg, op, value }) => ({
        arg,
        op: op as RuleEntry['when'][number]['op'],
        operands: [located<bigint | string>(value)],
        width: value > 0xffff_ffffn ? (64 as const) : (32 as const),
        at: AT,
      })),
    }));

const maybe = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.option(arbitrary.map(located), { nil: undefined, freq: 2 });

const architectures = () =>
  fc.option(
    fc.subarray(['native', 'x86', 'x32', 'arm'], { minLength: 1 }).map((names) => names.map(located)),
    { nil: undefined },
  );

/** A section as a policy may have it, without contradictions only by chance. */
export const section = (more: Partial<SyscallsSection> = {}): fc.Arbitrary<SyscallsSection> =>
  fc
    .record({
      at: fc.constant(AT),
      allow: fc.option(fc.array(plainEntry(), { maxLength: 6 }), { nil: undefined }),
      deny: fc.array(denyEntry(), { maxLength: 5 }),
      log: fc.array(plainEntry(), { maxLength: 2 }),
      rules: fc.array(rule(), { maxLength: 3 }),
      action: maybe(fc.oneof(refusal(), refusal(), fc.constant(LOG))),
      unknown: maybe(fc.oneof(refusal(), fc.constant(LOG))),
      inherit: fc.constant(undefined),
      implicit: maybe(fc.boolean()),
      architectures: architectures(),
      enforcer: fc.constant(undefined),
      stage: maybe(fc.constant('entry' as const)),
    })
    .map((made) => ({ ...made, ...more }));

/** `[Service]` lines of a unit that filters calls itself. */
export const ownFilterLines = (): fc.Arbitrary<string> =>
  fc
    .record({
      lines: fc.array(
        fc.tuple(
          fc.boolean(),
          fc.array(fc.tuple(name(), fc.option(refusal())), { minLength: 1, maxLength: 4 }),
        ),
        { maxLength: 3 },
      ),
      errno: fc.option(fc.constantFrom('EPERM', 'kill', 'ENOENT')),
      architectures: fc.option(fc.constantFrom('native', 'x86', 'x86-64 x32', 'native arm')),
    })
    .map(({ lines, errno, architectures: names }) => {
      const filters = lines.map(([inverted, words]) => {
        const text = words.map(([word, action]) => wordOf(word, inverted ? action : null));
        return `SystemCallFilter=${inverted ? '~' : ''}${text.join(' ')}\n`;
      });
      const number = errno === null ? '' : `SystemCallErrorNumber=${errno}\n`;
      return filters.join('') + number + (names === null ? '' : `SystemCallArchitectures=${names}\n`);
    });

const wordOf = (word: string, action: Action | null) =>
  action === null ? word : `${word}:${formatAction(action)}`;

/** A unit of one file with these lines in `[Service]`. */
export const unitWith = (lines: string) => effectiveUnit([parseUnitFile('x.service', `[Service]\n${lines}`)]);
