import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DropInFacts, dropInFacts } from '../../../src/plan/emit/drop-in-facts.js';
import { asPermissive } from '../../../src/policy/permissive.js';
import { dropInText, planned } from '../../support/planned.js';
import { policyFrom } from '../../support/policy.js';

const facts = (text: string): DropInFacts => dropInFacts(new TextEncoder().encode(text));

const HASH = (letter: string) => letter.repeat(64);
const ORIGIN = { version: '1.2.3', policyHash: HASH('a'), unitHash: HASH('b') };
const ofPolicy = (policy: string, permissive = false) => {
  const parsed = policyFrom(policy, '/etc/sandbox-unit/demo.toml');
  return facts(dropInText(planned(permissive ? asPermissive(parsed) : parsed), ORIGIN));
};

test('a drop-in says what it was made from', () => {
  const { policy, policyHash, unitHash, filesHash, systemd, permissive } = ofPolicy(
    '[syscalls]\ndeny = ["uname"]',
  );
  assert.deepEqual([policy, systemd, permissive], ['/etc/sandbox-unit/demo.toml', '257', false]);
  assert.deepEqual([policyHash, unitHash, filesHash], [HASH('a'), HASH('b'), undefined]);
  assert.equal(ofPolicy('[syscalls]\ndeny = ["uname"]', true).permissive, true);
  const onDefaults = { ...ORIGIN, defaultsHash: HASH('c') };
  assert.equal(facts(dropInText(planned(policyFrom('')), onDefaults)).defaultsHash, HASH('c'));
});

/** Who holds the processes of ExecStart=. */
const held = ({ refuses, launched, filtered, noNewPrivileges }: DropInFacts) => ({
  ...{ refuses, launched, filtered, noNewPrivileges },
});

test("a drop-in says whether systemd's filter, the launcher, or neither confines the service", () => {
  assert.deepEqual(held(ofPolicy('[syscalls]\ndeny = ["uname"]')), {
    ...{ refuses: true, launched: false, filtered: true, noNewPrivileges: false },
  });
  assert.deepEqual(held(ofPolicy('[syscalls]\ndeny = ["execve"]')), {
    ...{ refuses: false, launched: true, filtered: true, noNewPrivileges: true },
  });
  assert.deepEqual(held(ofPolicy('[service]\nPrivateTmp = true')), {
    ...{ refuses: undefined, launched: false, filtered: false, noNewPrivileges: false },
  });
  const programs = '/etc/systemd/system/a.service.d/zz-sandbox-unit.programs';
  const earlier = facts(`BindReadOnlyPaths=/bin/a:${programs}/a ${programs}/a.launch:/bin/a`);
  assert.deepEqual([earlier.launched, earlier.startsLaunched], [true, false]);
  assert.deepEqual(ofPolicy('[syscalls]\nlog = ["uname", "@swap"]').recorded, ['uname', '@swap']);
});

test('a drop-in says whether a filter is loaded after readiness', () => {
  const ready = '[ready]\ndeny = ["execve", "execveat"]\n';
  const { tightened, launched, filtered } = ofPolicy(ready);
  assert.deepEqual([tightened, launched, filtered], [true, false, false]);
  assert.equal(ofPolicy('[syscalls]\ndeny = ["execve"]').tightened, false);
});

test("the last of several equal lines counts, and comments don't", () => {
  const text = [
    'SystemCallFilter=~a',
    '# SystemCallFilter=~b',
    'SystemCallFilter=',
    ' ; NoNewPrivileges=yes',
    'NoNewPrivileges=no',
  ];
  const { refuses, noNewPrivileges } = facts(text.join('\n'));
  assert.deepEqual([refuses, noNewPrivileges], [false, false]);
});

test('an edited header states nothing', () => {
  const forged = [
    '# Made by sandbox-unit',
    `# Policy: sha256:${HASH('g')}`,
    `# Unit: sha256:${'a'.repeat(63)}`,
    `#Files: sha256:${HASH('a')}`,
    '# For systemd 257 beta',
    '#  Permissive: what the policy would refuse is let through and recorded.',
    '# Gaps allowed: Gap; rm',
  ];
  const found = facts(forged.join('\n'));
  assert.deepEqual(
    [found.policy, found.policyHash, found.unitHash, found.filesHash],
    [undefined, undefined, undefined, undefined],
  );
  assert.deepEqual([found.systemd, found.permissive, found.gaps], [undefined, false, []]);
  assert.deepEqual(facts('').recorded, []);
  assert.equal(dropInFacts(Uint8Array.of(0xff, 0xfe, 0)).policy, undefined);
});
