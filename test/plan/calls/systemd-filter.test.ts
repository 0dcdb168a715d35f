/** Tests of plan/calls/systemd-filter.ts and plan/calls/calls.ts: systemd's filter and the launcher's mean the policy together. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hasErrors } from '../../../src/diagnostic.js';
import { ownLimits } from '../../../src/plan/calls/own-limits.js';
import type { Plan } from '../../../src/plan/plan.js';
import { callsToLoad } from '../../../src/seccomp/filter/filter-file.js';
import { ABIS } from '../../../src/seccomp/syscalls/abi.js';
import {
  type Action,
  ALLOW,
  ENOSYS,
  errnoAction,
  KILL,
  LOG,
  permits,
  stricter,
} from '../../../src/seccomp/syscalls/action.js';
import { formatAction } from '../../../src/seccomp/syscalls/action-text.js';
import { numbersOf, whereKnown } from '../../../src/seccomp/syscalls/numbers.js';
import { evaluate } from '../../../src/seccomp/syscalls/policy.js';
import { limitBy, resolve, verdictOn } from '../../../src/seccomp/syscalls/resolve.js';
import { bundledSets, callsInSets } from '../../../src/seccomp/syscalls/sets.js';
import type { EffectiveUnit } from '../../../src/systemd/unit/effective.js';
import { effectiveUnit } from '../../../src/systemd/unit/effective.js';
import { CALLS, ownFilterLines, section } from '../../support/named-policies.js';
import { olderSets } from '../../support/older-sets.js';
import { ownSyscallLog } from '../../support/own-log.js';
import { confinedUnit, planned, policyOf, targetOf, unitFile } from '../../support/planned.js';
import { value } from '../../support/policies.js';
import { inputs } from '../../support/thorough.js';

const NATIVE = numbersOf('x86-64');

/** Calls in the target's sets; some names in them are none on any machine that there are filters for. */
const callsOf = ({ target: { sets } }: Plan): string[] =>
  [...callsInSets(sets)].filter((call) => whereKnown(call, sets) !== 'elsewhere');

/** What systemd's own filter gives each call. */
function bySystemd(unit: EffectiveUnit, { target }: Plan): (call: string) => Action {
  const limits = ownLimits(unit, target.sets, target.systemd);
  return (call) => limitBy(limits, call);
}

const releases = () => fc.constantFrom(247, 252, 254, 257, 262);
const registers = () => fc.array(value(64), { minLength: 6, maxLength: 6 });
/** A policy, a unit's own lines and a systemd; printed small where a property fails. */
const cases = () =>
  fc.record({
    syscalls: section(),
    enforcer: fc.constantFrom<'auto' | 'launcher'>('auto', 'auto', 'launcher'),
    lines: ownFilterLines(),
    systemd: releases(),
  });

type Case = ReturnType<typeof cases> extends fc.Arbitrary<infer T> ? T : never;

const plan = ({ syscalls, enforcer, lines, systemd }: Case): Plan =>
  planned(
    policyOf({ ...syscalls, enforcer: { value: enforcer, at: syscalls.at } }),
    lines,
    targetOf(systemd),
  );

test('systemd reads the filter back as planned', () => {
  fc.assert(
    fc.property(cases(), (one) => {
      const made = plan(one);
      const got = bySystemd(confinedUnit(made, one.lines), made);
      for (const call of callsOf(made)) {
        const { otherwise } = verdictOn(made.systemCalls!, call);
        assert.equal(formatAction(got(call)), formatAction(otherwise), call);
      }
    }),
    inputs(300),
  );
});

test('calls that the unit itself refuses stay refused by systemd, except those the launcher needs', () => {
  fc.assert(
    fc.property(cases(), (one) => {
      const made = plan(one);
      const before = bySystemd(effectiveUnit([unitFile(one.lines)]), made);
      const after = bySystemd(confinedUnit(made, one.lines), made);
      for (const call of callsOf(made)) {
        if (made.filter && callsToLoad(made.filter.start ? 'entry' : 'exec').includes(call)) continue;
        const [own, now] = [before(call), after(call)];
        assert.ok(
          permits(own) || !permits(now),
          `${call}: ${formatAction(own)} has become ${formatAction(now)}`,
        );
      }
    }),
    inputs(300),
  );
});

test('without a launcher systemd answers each call that it knows as the policy says', () => {
  fc.assert(
    fc.property(cases(), registers(), (one, args) => {
      const made = plan(one);
      fc.pre(!made.filter && !hasErrors(made.diagnostics));
      const unit = confinedUnit(made, one.lines);
      const filtered = bySystemd(unit, made);
      const logged = ownSyscallLog(unit, made.target.sets);
      for (const call of callsOf(made)) {
        const nr = NATIVE.get(call);
        if (nr === undefined) continue;
        const wanted = evaluate(made.meaning!, { arch: 0xc000003e, nr, args });
        const action = filtered(call);
        const got = permits(action) && logged?.calls.has(call) !== logged?.inverted ? LOG : action;
        assert.equal(formatAction(got), formatAction(wanted), call);
      }
    }),
    inputs(100),
  );
});

test("with a launcher systemd's filter refuses nothing that the policy allows, and weakens nothing", () => {
  fc.assert(
    fc.property(cases(), fc.constantFrom(...CALLS), registers(), (one, call, args) => {
      const made = plan(one);
      const nr = NATIVE.get(call);
      fc.pre(made.filter !== undefined && nr !== undefined && callsInSets(made.target.sets).has(call));
      const unit = confinedUnit(made, one.lines);
      const wanted = evaluate(made.meaning!, { arch: 0xc000003e, nr: nr!, args });
      // The launcher's filter is the newer one: of two errnos the kernel takes its.
      const got = stricter(wanted, bySystemd(unit, made)(call));
      // What the unit has refused by itself stays refused, if older systemd can't in the same way, then more harshly.
      const before = bySystemd(effectiveUnit([unitFile(one.lines)]), made)(call);
      if (!permits(before) && !permits(wanted)) return;
      assert.equal(formatAction(got), formatAction(wanted), call);
    }),
    inputs(300),
  );
});

/** A policy that says of a call that systemd 252 doesn't know, and of numbers that nobody knows, what they get. */
const ofUnknown = () =>
  fc.record({
    syscalls: section(),
    unknown: fc.constantFrom(ALLOW, LOG, KILL, errnoAction(1), ENOSYS),
    newer: fc.constantFrom('allow', 'deny', 'log', undefined),
    systemd: releases(),
  });

test("calls that systemd doesn't know get what a line of the policy says", () => {
  fc.assert(
    fc.property(ofUnknown(), ({ syscalls, unknown, newer, systemd }) => {
      const { at } = syscalls;
      const entry = [{ name: 'mseal', at }];
      const lists = newer && { [newer]: [...(syscalls[newer] ?? []), ...entry] };
      const said = { ...syscalls, ...lists, enforcer: undefined };
      const written = said.allow ? { ...said, unknown: { value: unknown, at } } : said;
      const made = planned(policyOf(written), '', targetOf(systemd));
      const limits = ownLimits(confinedUnit(made), made.target.sets, systemd);
      const answer = (wanted: Action, systemds = ALLOW) =>
        formatAction(made.filter ? stricter(wanted, systemds) : systemds);
      const { unlisted, verdicts } = made.meaning!.abis.get('x86-64')!;
      assert.equal(answer(unlisted, limits?.unlisted), formatAction(unlisted));
      if (newer === undefined || callsInSets(made.target.sets).has('mseal')) return;
      const { rules, otherwise } = verdicts.get(NATIVE.get('mseal')!)!;
      assert.deepEqual(rules, []);
      assert.equal(answer(otherwise, limitBy(limits, 'mseal')), formatAction(otherwise));
    }),
    inputs(300),
  );
});

test("if the sets aren't the target's own, systemd builds the same filter with any sets", () => {
  const sets = bundledSets();
  fc.assert(
    fc.property(cases(), fc.constantFrom('247', '252', undefined), (one, release) => {
      const theirs = release ? olderSets(release) : sets;
      const target = targetOf(one.systemd, { sets, version: '251.3-1' });
      const made = planned(policyOf(one.syscalls), one.lines, target);
      const got = ownLimits(confinedUnit(made, one.lines), theirs, one.systemd);
      const both = [...callsInSets(sets)].filter((call) => callsInSets(theirs).has(call));
      for (const call of both) {
        const { otherwise } = verdictOn(made.systemCalls!, call);
        assert.equal(formatAction(limitBy(got, call)), formatAction(otherwise), call);
      }
    }),
    inputs(100),
  );
});

test('one more name changes only the lines of its initial', () => {
  const calls =
    'accept bind chdir chmod connect dup epoll_wait fchmod fchown getcwd link listen lstat mkdir mount open ' +
    'pipe poll recvmsg rename rmdir sendmsg socket stat symlink truncate unlink utimensat write';
  const lines = (more: string) => {
    const allow = JSON.stringify(`${calls}${more}`.split(' '));
    const { directives } = planned(`[syscalls]\nallow = ${allow}`);
    return directives.find(({ name }) => name === 'SystemCallFilter')!.values;
  };
  const after = lines(' linkat');
  const changed = lines('').filter((line) => !after.includes(line));
  assert.deepEqual(changed, ['link listen lstat']);
});

test('sets of another version are reported if the policy or the unit depends on them', () => {
  const codes = (syscalls: string, lines = '', version = '252.38-1') =>
    planned(
      `[syscalls]\n${syscalls}`,
      lines,
      targetOf(252, { sets: bundledSets(), version }),
    ).diagnostics.map(({ code, at }) => `${code}:${at?.line}`);
  assert.deepEqual(codes('deny = ["uname"]'), []);
  assert.deepEqual(codes('deny = ["uname",\n"@mount"]'), ['assumed:3']);
  assert.deepEqual(codes('log = ["@mount"]'), ['assumed:2']);
  assert.ok(codes('allow = ["read"]').includes('assumed:1'));
  assert.deepEqual(codes('deny = ["uname"]', 'SystemCallFilter=~@swap'), ['assumed:1']);
  assert.deepEqual(codes('deny = ["@mount"]', '', `${bundledSets().systemd}-1`), []);
});

function answersOfSystemd(policy: string, systemd = 257) {
  const { systemCalls } = planned(policy, '', targetOf(systemd));
  const meaning = resolve(systemCalls!, 'x86-64');
  return (call: string | number) => {
    const nr = typeof call === 'number' ? call : numbersOf('x86-64').get(call)!;
    return evaluate(meaning, { arch: ABIS['x86-64'].arch, nr, args: [0n, 0n, 0n, 0n, 0n, 0n] });
  };
}

test('lines without the launcher are expected to have what systemd refuses, and no more', () => {
  const answer = answersOfSystemd('[syscalls]\ndeny = ["execve", "uname:EPERM", "ptrace"]');
  assert.deepEqual(['execve', 'uname', 'ptrace', 'read'].map(answer), [ALLOW, errnoAction(1), KILL, ALLOW]);
  assert.equal(answer(9999), ALLOW);
});

test('an allow list refuses all other calls, unknown numbers as its version does', () => {
  const policy = '[syscalls]\nallow = ["@system-service"]\naction = "EACCES"\ndeny = ["execve"]';
  assert.deepEqual(['read', 'ptrace', 'execve'].map(answersOfSystemd(policy)), [
    ALLOW,
    errnoAction(13),
    ALLOW,
  ]);
  assert.equal(answersOfSystemd(policy)(9999), ENOSYS);
  assert.equal(answersOfSystemd(policy, 252)(9999), errnoAction(13));
});

test('without a filter of systemd such lines have no expected policy', () => {
  assert.equal(planned('[service]\nPrivateTmp = true').systemCalls, undefined);
  const lack = { reason: 'built without seccomp', hint: '' };
  const target = targetOf(257, { abilities: { lacks: new Map([['seccomp', lack]]), assumed: new Set() } });
  assert.equal(planned('[syscalls]\ndeny = ["uname"]', '', target).systemCalls, undefined);
});
