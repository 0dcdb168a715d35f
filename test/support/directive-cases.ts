/** Tests of kinds of values, each on a list of directives: what is refused, is weaker, is written and read back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Location } from '../../src/diagnostic.js';
import { loosens } from '../../src/systemd/directives/against-unit.js';
import { formatDirective, isFormatted } from '../../src/systemd/directives/format.js';
import { findTransient } from '../../src/systemd/directives/rows/transient.js';
import { directiveProperties } from '../../src/systemd/directives/transient.js';
import { isLoaded } from '../../src/verify/manager/read-back.js';

const AT: Location = { file: 'policy.toml', line: 7, column: 20, length: 3 };

const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? String(one) : one)) ?? String(value);

/** Each value is refused, at its place. */
export function refuses(cases: readonly (readonly [name: string, values: readonly unknown[]])[]): void {
  for (const [name, values] of cases) {
    test(`${name}= refuses ${values.length} values`, () => {
      for (const value of values) {
        const result = formatDirective(findTransient(name)!, value, AT);
        assert.ok(Array.isArray(result) && result.length > 0, textOf(value));
        for (const found of result) {
          assert.deepEqual([found.code, found.at], ['directive-value', AT]);
          assert.match(found.message, new RegExp(`^(the value of )?'${name}' `));
        }
      }
    });
  }
}

/** Lines of a unit, a value of the policy, and the reason for which it is weaker; undefined if it isn't. */
export type Weaker = readonly [
  lines: readonly string[],
  name: string,
  value: unknown,
  reason: string | undefined,
];

/** Whether a policy's value loosens a unit with these lines, and why. */
export function loosensBy(title: string, cases: readonly Weaker[]): void {
  test(title, () => {
    for (const [lines, name, value, reason] of cases) {
      const unit = unitOf(lines);
      const result = formatDirective(findTransient(name)!, value, AT);
      assert.ok(isFormatted(result), `${name}: ${textOf(result)}`);
      const found = loosens(findTransient(name)!, unit.get(name) ?? [], result.values, unit);
      assert.equal(found, reason, `${lines.join(' ')} + ${name} = ${textOf(value)}`);
    }
  });
}

/** The values of lines, `Name=value` each. */
function unitOf(lines: readonly string[]): Map<string, string[]> {
  const unit = new Map<string, string[]>();
  for (const line of lines) {
    const [name = '', ...value] = line.split('=');
    unit.set(name, [...(unit.get(name) ?? []), value.join('=')]);
  }
  return unit;
}

/** A directive, a drop-in's assignments, properties that the manager has, and whether these mean those. */
export type Loaded = readonly [
  name: string,
  values: readonly string[],
  properties: Readonly<Record<string, unknown>>,
  loaded: boolean,
];

/** Whether the manager has what a drop-in says. */
export function readBack(cases: readonly Loaded[]): void {
  for (const [name, values, properties, loaded] of cases) {
    test(`${name}=${values.join('|')} ${loaded ? 'is' : "isn't"} in ${textOf(properties)}`, () => {
      assert.equal(
        isLoaded(findTransient(name)!, values, (property) => properties[property]),
        loaded,
      );
    });
  }
}

/** A directive, its values as a policy has them, and the properties of a transient unit that mean them; undefined if none do. */
export type Written = readonly [
  name: string,
  values: readonly unknown[],
  properties: Readonly<Record<string, unknown>> | undefined,
  systemd?: number,
];

/** The properties by which a transient unit is given a directive. */
export function writes(cases: readonly Written[]): void {
  for (const [name, values, properties, systemd = 257] of cases) {
    const meant = properties ? textOf(properties) : 'no property';
    test(`${name} = ${values.map(textOf).join(', ')} is ${meant} to systemd ${systemd}`, () => {
      const row = findTransient(name)!;
      const lines = values.flatMap((value) => {
        const result = formatDirective(row, value, AT);
        return isFormatted(result) ? result.values : assert.fail(textOf(result));
      });
      const found = directiveProperties(row, lines, systemd);
      if ('severity' in found) return assert.equal(properties, undefined, found.message);
      assert.deepEqual(Object.fromEntries(found.map((one) => [one.name, one.value])), properties);
    });
  }
}
