/** Tests of plan/make-plan.ts and plan/plan.ts: who enforces each line of a policy. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply } from '../../src/cli/commands/apply.js';
import { plan } from '../../src/cli/commands/plan.js';
import { hasErrors, renderDiagnostic } from '../../src/diagnostic.js';
import { prepare } from '../../src/prepare/prepare.js';
import { assertGolden } from '../support/golden.js';
import { type PlanCase, planCase, planCaseNames } from '../support/plan-cases.js';

/** The plans whose JSON is held against a golden file: between them they show every part of it. */
const IN_JSON = [
  'calls-of-other-machines',
  'systemd-247',
  'option-permissive-at-entry',
  'privileged-line',
  'ready',
  'user-scope',
  'wrong-policy',
];

/** How long a program is, and what of it is proven, is the business of others. */
const withoutSizes = (text: string) =>
  text
    .replace(/\d+ instructions, proven on \d+ calls/g, 'N instructions, proven on N calls')
    .replace(/"(instructions|calls)": \d+/g, '"$1": "N"');

/** A hash of the policy is in the drop-in, one of all its text with that, and a version. */
const withoutOrigin = (text: string) =>
  text
    .replace(/sandbox-unit \d+\.\d+\.\d+ from/, 'sandbox-unit X.Y.Z from')
    .replace(/^# Text: sha256:[0-9a-f]{64}\n/m, '')
    .replace(/sha256:[0-9a-f]{64}/, 'sha256:…');

async function shown({ context, unit, options }: PlanCase) {
  const outcome = await plan(context, [unit], options);
  const said = outcome.diagnostics.map((d) => `${renderDiagnostic(d, outcome.sources)}\n`).join('');
  return {
    text: withoutSizes(`${said}${said && outcome.text ? '\n' : ''}${outcome.text}`),
    json: `${withoutSizes(JSON.stringify(outcome.json, undefined, 1))}\n`,
  };
}

/** Keys whose values are a few words of this program. */
const WORDS = [
  '.mode',
  '.target.scope',
  '.lines[].enforcedBy',
  '.filter.stage',
  '.filter.programs[].role',
  '.ready.programs[].role',
];

/** The keys of a value, with what is null, empty or a word: `.a`, `.a[].b`, `.a=null`, `.a=[]`, `.mode=permissive`. */
function partsOf(value: unknown, path = ''): string[] {
  if (value === null) return [`${path}=null`];
  if (typeof value !== 'object') return [WORDS.includes(path) ? `${path}=${value}` : path];
  if (Array.isArray(value) && value.length === 0) return [`${path}=[]`];
  return Object.entries(value).flatMap(([key, inner]) =>
    partsOf(inner, Array.isArray(value) ? `${path}[]` : `${path}.${key}`),
  );
}

async function dropIn({ context, unit, options }: PlanCase): Promise<string> {
  const { files } = await prepare(context, unit, options);
  const file = files.find(({ path }) => path.endsWith('.conf'));
  return file ? withoutOrigin(new TextDecoder().decode(file.content)) : '';
}

/** The parts of plans as JSON, by the plan's name: see partsOf(). */
const parts = new Map<string, readonly string[]>();

for (const name of planCaseNames()) {
  test(`plan of test/golden/plan/${name}`, async () => {
    const { text, json } = await shown(planCase(name));
    assertGolden(`plan/${name}/plan.txt`, text);
    if (IN_JSON.includes(name)) assertGolden(`plan/${name}/plan.json`, json);
    parts.set(name, partsOf(JSON.parse(json)));
    assertGolden(`plan/${name}/drop-in.conf`, await dropIn(planCase(name)));
  });

  test(`plan of test/golden/plan/${name}, applied again, is the same, and systemd reads it`, async () => {
    const one = planCase(name);
    const prepared = await prepare(one.context, one.unit, one.options);
    const result = await apply(one.context, [one.unit], one.options);
    if (hasErrors(prepared.diagnostics)) {
      assert.deepEqual([one.system.changes, result.exit], [[], 1]);
      return;
    }
    assert.equal(result.exit, 0, result.diagnostics.map((d) => renderDiagnostic(d)).join('\n'));
    const before = new Map(one.system.files);
    const again = await prepare(one.context, one.unit, one.options);
    const kinds = again.changes.map(({ kind }) => kind);
    assert.deepEqual(
      kinds,
      prepared.changes.map(() => 'unchanged'),
    );
    assert.deepEqual(again.files, prepared.files);
    const { text } = await shown(one);
    assert.match(text, /^Nothing to do\.$/m);
    assert.deepEqual(one.system.files, before);
  });
}

test('the JSON plans have every part that any plan has', () => {
  const shownParts = new Set(IN_JSON.flatMap((name) => parts.get(name) ?? []));
  const missing = [...parts].flatMap(([name, all]) =>
    all.filter((part) => !shownParts.has(part)).map((part) => `${name}: ${part}`),
  );
  assert.deepEqual(missing, []);
});
