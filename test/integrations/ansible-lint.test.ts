/** The Ansible collection's files, by what Ansible and Debian have to check them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inLayer, layerAvailable } from '../support/layer.js';
import { inRepository } from '../support/repository.js';
import type { RunResult } from '../support/run.js';
import { LONG } from '../support/thorough.js';

/** Why what takes long is left out. */

/** Tests of ansible-test that fetch what they need. */
const FETCHING = 'ansible-doc changelog import pep8 pslint pylint runtime-metadata validate-modules yamllint';

/** Lays out the collection as ansible-test wants it. */
const PREPARE = `set -e
export ANSIBLE_COLLECTIONS_PATH=/tmp/collections
sanity=/usr/lib/python3/dist-packages/ansible_test/_util/controller/sanity
core=/tmp/collections/ansible_collections/sandbox_unit/core
mkdir -p "\${core%/*}"
cp -r ${inRepository('integrations/ansible')} $core
cd $core
find . -name __pycache__ -prune -exec rm -r {} +
`;

/** Stands in for a package that Debian doesn't have: what it would read of markup goes unread. */
const STUB = `
mkdir -p /tmp/stub/antsibull_docs_parser
cd /tmp/stub/antsibull_docs_parser
echo '' >__init__.py
cat >dom.py <<END
class Part:
    def __init__(self, *values, **names):
        pass


def __getattr__(name):
    return Part
END
cat >parser.py <<END
class Context:
    def __init__(self, **names):
        pass


def parse(text, context, **names):
    return []
END
cd $core
validate() {
  PYTHONPATH=$sanity/validate-modules:/tmp/stub:/tmp/collections python3 $sanity/validate-modules/validate.py \\
    --arg-spec --collection ansible_collections/sandbox_unit/core --collection-version 0.1.0 plugins/modules
}
`;

/** Prints what the action shows where a host's answers have what a terminal obeys. */
const HOSTILE = String.raw`
import json
from unittest import mock
from ansible.errors import AnsibleActionFail
from ansible_collections.sandbox_unit.core.plugins.action.policy import ActionModule

SAID = "a\x1b]0;x\x07\r\n\x9bb\tcé"
action = ActionModule.__new__(ActionModule)
action._display = mock.Mock()
warning = dict(severity="warning", code="odd", message=SAID)
answers = [dict(agentless=True, msg=SAID, diff=dict(prepared=SAID), diagnostics=[warning]), AnsibleActionFail(SAID)]
with mock.patch("ansible.plugins.action.ActionBase.run"), mock.patch.object(ActionModule, "_result", side_effect=answers):
    result = action.run()
    try:
        action.run()
    except AnsibleActionFail as error:
        failure = error.message
warned = [call.args[0] for call in action._display.warning.call_args_list]
print(json.dumps([result["msg"], result["diff"]["prepared"], warned, failure]))
`;

const check = (script: string): Promise<RunResult> =>
  inLayer(['bash', '-c', PREPARE + script], { tree: 'ansible' });

async function outputOf(script: string): Promise<string> {
  const { status, stdout, stderr } = await check(script);
  assert.equal(status, 0, stdout + stderr);
  return stdout;
}

const isClean = async (script: string): Promise<void> => void (await outputOf(script));

describe('the Ansible collection passes', { skip: layerAvailable('ansible') ?? false }, () => {
  test('yamllint and pycodestyle', () =>
    isClean('yamllint --strict .\npycodestyle --max-line-length 130 --ignore E402,W503 plugins'));

  test('validate-modules, which finds missing documentation', async () => {
    assert.equal(await outputOf(`${STUB}validate`), '');
    const faulty = `${STUB}sed -i '/^  restart:$/,+3d' plugins/modules/policy.py\nvalidate`;
    assert.match((await check(faulty)).stdout, /restart.*not documented/);
  });

  test('ansible-doc: each option and each result is described', async () => {
    const modules = ['policy', 'policy_info', 'score_info', 'confirm'].map(
      (name) => `sandbox_unit.core.${name}`,
    );
    const told = JSON.parse(await outputOf(`ansible-doc --type module --json ${modules.join(' ')}`));
    assert.deepEqual(Object.keys(told).sort(), modules.sort());
  });

  test('ansible-galaxy, which builds and installs it', async () => {
    const listed = await outputOf(`ansible-galaxy collection build --output-path /tmp/built >&2
      ANSIBLE_COLLECTIONS_PATH=/tmp/installed ansible-galaxy collection install --offline -p /tmp/installed /tmp/built/*.tar.gz >&2
      cd /tmp/installed/ansible_collections/sandbox_unit/core && find . -type f | sort`);
    const files = listed.trim().split('\n');
    for (const file of [
      'COPYING',
      'plugins/action/policy.py',
      'plugins/modules/policy.py',
      'roles/policies/tasks/main.yml',
    ])
      assert.ok(files.includes(`./${file}`), listed);
  });

  test("a terminal test: a host's output can't control the terminal", async () => {
    const shown = JSON.parse(await outputOf(`PYTHONPATH=/tmp/collections python3 - <<'END'\n${HOSTILE}END`));
    const text = 'a?]0;x?\n?b\tcé';
    assert.deepEqual(shown, [text, text, [`${text} [odd]`], text]);
  });

  test('pylint', { skip: LONG }, () =>
    isClean(`pylint --rcfile $sanity/pylint/config/collection.cfg --load-plugins '' \\
      --disable unknown-option-value plugins`),
  );

  test('ansible-lint', { skip: LONG }, () =>
    isClean('ansible-lint --offline --nocolor --strict --profile production'),
  );

  test('ansible-test', { skip: LONG }, async () => {
    const said = await outputOf(`skip=() && for one in ${FETCHING}; do skip+=(--skip-test $one); done
      python=$(python3 -c 'import sys; print(*sys.version_info[:2], sep=".")')
      ansible-test sanity --local --python "$python" --color no "\${skip[@]}" 2>&1`);
    assert.ok(said.match(/^Running sanity test /gm)!.length >= 15, said);
  });
});
