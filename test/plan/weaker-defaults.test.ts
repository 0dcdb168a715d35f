import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutWeakerDefaults } from '../../src/plan/weaker-defaults.js';
import { parseDefaults } from '../../src/policy/defaults.js';
import { mergePolicies } from '../../src/policy/merge.js';
import { effectiveUnit } from '../../src/systemd/unit/effective.js';
import { unitFile } from '../support/planned.js';
import { policyFrom } from '../support/policy.js';

/** The directives that are left of defaults and a policy on a unit, and the notes. */
function left(defaults: string, own: string, unit: string) {
  const host = parseDefaults(`[service]\n${defaults}`, 'defaults.toml').policy;
  const policy = mergePolicies([host], policyFrom(own));
  const { policy: rest, notes } = withoutWeakerDefaults(policy, effectiveUnit([unitFile(unit)]));
  return {
    directives: rest.service.map(({ name, value }) => `${name}=${value}`),
    notes: notes.map(({ severity, code, message, at }) => `${severity}[${code}] ${at!.line}: ${message}`),
  };
}

test('if the unit is stricter, its own line stays, with a note', () => {
  assert.deepEqual(left('PrivateTmp = true\nProtectHome = "read-only"', '', 'ProtectHome=yes'), {
    directives: ['PrivateTmp=true'],
    notes: [
      "note[loosens] 3: ProtectHome of the host's defaults is left out: the unit has 'yes', which is more restrictive than 'read-only'",
    ],
  });
});

test("if the unit isn't stricter, the defaults apply", () => {
  for (const unit of ['', 'ProtectHome=tmpfs', 'ProtectHome=yes\nProtectHome=no'])
    assert.deepEqual(left('ProtectHome = true', '', unit), { directives: ['ProtectHome=true'], notes: [] });
});

test("a policy's own line is kept, and a default that the policy allows to be weaker", () => {
  const own = '[service]\nProtectHome = "read-only"';
  assert.deepEqual(left('ProtectHome = true', own, 'ProtectHome=yes').directives, ['ProtectHome=read-only']);
  const loosens = '[service]\nloosen = ["ProtectHome"]';
  assert.deepEqual(left('ProtectHome = "read-only"', loosens, 'ProtectHome=yes'), {
    directives: ['ProtectHome=read-only'],
    notes: [],
  });
});

test('wrong defaults are left for the plan to report', () => {
  const { directives, notes } = left('ProtectHome = "x"\nProtectHom = true', '', 'ProtectHome=yes');
  assert.deepEqual([directives, notes], [['ProtectHome=x', 'ProtectHom=true'], []]);
});
