import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { emitted, loosens } from '../../../src/systemd/directives/against-unit.js';
import { formatDirective } from '../../../src/systemd/directives/format.js';
import { directives, findDirective } from '../../../src/systemd/directives/table.js';
import { inputs } from '../../support/thorough.js';

const AT = { file: 'policy.toml', line: 1, column: 1 };

function format(name: string, value: unknown): readonly string[] {
  const result = formatDirective(findDirective(name)!, value, AT);
  assert.ok(!Array.isArray(result), `${name}: ${JSON.stringify(result)}`);
  return result.values;
}

test('a drop-in repeats, extends or reduces what the unit has', () => {
  const cases: readonly (readonly [string, readonly string[], unknown, readonly string[]])[] = [
    ['ProtectSystem', ['strict'], 'full', ['full']],
    ['InaccessiblePaths', ['/a'], ['/b'], ['/b']],
    ['InaccessiblePaths', ['/a'], '', ['']],
    ['BindPaths', ['/a'], ['/b'], ['/b']],
    ['ReadWritePaths', [], ['/b'], ['', '/b']],
    ['Delegate', ['cpu'], ['io'], ['no', 'io']],
    ['Delegate', ['cpu'], false, ['no']],
    ['CapabilityBoundingSet', ['CAP_CHOWN'], ['CAP_CHOWN'], ['', 'CAP_CHOWN']],
    ['CapabilityBoundingSet', ['CAP_CHOWN'], ['~CAP_CHOWN'], ['~CAP_CHOWN']],
    ['CapabilityBoundingSet', ['CAP_CHOWN'], [], ['']],
    ['CapabilityBoundingSet', ['CAP_CHOWN'], '~', ['~']],
    ['RestrictNamespaces', ['net'], true, ['yes']],
    ['RestrictAddressFamilies', ['none'], ['~AF_UNIX'], ['none']],
    ['RestrictAddressFamilies', ['AF_UNIX', '~AF_UNIX'], ['~AF_INET'], ['none']],
    ['RestrictAddressFamilies', ['AF_UNIX'], ['~AF_INET'], ['~AF_INET']],
    ['SocketBindAllow', ['80'], [443, 8443], ['', '443', '8443']],
  ];
  for (const [name, before, value, values] of cases) {
    assert.deepEqual(emitted(findDirective(name)!, before, format(name, value)), values, name);
  }
});

test('what the unit has already never loosens it', () => {
  for (const row of directives()) {
    const values = format(row.name, row.example);
    const unit = new Map([[row.name, values]]);
    assert.equal(loosens(row, values, values, unit), undefined, row.name);
  }
});

/** Families with one bit each, one more bit for all others, and systemd's own way of joining lines once more. */
const FAMILIES = ['AF_UNIX', 'AF_INET', 'AF_INET6', 'AF_NETLINK'];

function allowed(lines: readonly string[]): number {
  let mode: 'unset' | 'allow' | 'deny' = 'unset';
  let listed = false;
  let mask = 0;
  for (const line of lines) {
    if (line === '' || line === 'none') {
      mask = 0;
      listed = false;
      mode = line === '' ? 'unset' : 'allow';
      continue;
    }
    const deny = line.startsWith('~');
    const bits = line
      .replace('~', '')
      .split(' ')
      .reduce((sum, name) => sum | (1 << FAMILIES.indexOf(name)), 0);
    if (!listed) mode = deny ? 'deny' : 'allow';
    listed = true;
    mask = deny === (mode === 'deny') ? mask | bits : mask & ~bits;
  }
  return mode === 'allow' ? mask : ~mask & 31;
}

test("lists of address families never allow more than the unit's unless `loosen` names them", () => {
  const names = fc.uniqueArray(fc.constantFrom(...FAMILIES), { minLength: 1 }).map((list) => list.join(' '));
  const line = fc.oneof(
    names,
    names.map((list) => `~${list}`),
    fc.constantFrom('', 'none'),
  );
  const row = findDirective('RestrictAddressFamilies')!;
  fc.assert(
    fc.property(fc.array(line, { maxLength: 4 }), line, (before, asked) => {
      const outcome = allowed([...before, ...emitted(row, before, [asked])]);
      const own = allowed(before);
      const gains = (outcome & ~own) !== 0;
      assert.equal(loosens(row, before, [asked], new Map()) !== undefined, gains);
      if (asked.startsWith('~')) assert.equal(outcome, own & allowed([asked]));
      else assert.equal(outcome, allowed([asked]));
    }),
    inputs(3000),
  );
});
