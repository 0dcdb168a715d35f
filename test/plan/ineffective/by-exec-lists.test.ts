import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planned } from '../../support/planned.js';

/** What is said of lists, for lines of [service] in a policy and lines of the unit's own. */
const said = (policy: string, lines: string) =>
  planned(`[service]\n${policy}`, lines)
    .diagnostics.filter(({ code }) => ['loosened', 'loosens'].includes(code))
    .map(({ severity, at, message }) => `${severity} ${at?.line}: ${message}`);

const STRICT = 'ProtectSystem=strict';
const opened = (list: string, path: string, by = 'ProtectSystem') =>
  `${list} is weaker than the unit's own setting: it makes ${path} writable, which the unit's '${by}' protects; list it in BindReadOnlyPaths`;

test("a policy's list that makes writable what the unit's own line closes is an error", () => {
  assert.deepEqual(said('NoExecPaths = ["/srv"]', STRICT), [`error 2: ${opened('NoExecPaths', '/srv')}`]);
  assert.deepEqual(said('NoExecPaths = ["/"]\nExecPaths = ["/usr"]', STRICT), [
    `error 3: ${opened('ExecPaths', '/usr')}`,
  ]);
  assert.deepEqual(said('NoExecPaths = ["/srv"]', 'DynamicUser=yes'), [
    `error 2: ${opened('NoExecPaths', '/srv', 'DynamicUser')}`,
  ]);
  assert.deepEqual(said('NoExecPaths = ["/srv"]\nloosen = ["NoExecPaths"]', STRICT), [
    `warning 2: ${opened('NoExecPaths', '/srv')}`,
  ]);
});

test('a list is no error for a path that is closed another way, is open already, or is the closed one', () => {
  assert.deepEqual(said('NoExecPaths = ["/srv"]', `${STRICT}\nBindReadOnlyPaths=/srv`), []);
  assert.deepEqual(said('NoExecPaths = ["/srv"]\nReadOnlyPaths = ["/srv"]', STRICT), []);
  assert.deepEqual(said('NoExecPaths = ["/srv/a"]', `${STRICT}\nReadWritePaths=/srv`), []);
  assert.deepEqual(said('NoExecPaths = ["/tmp"]', `${STRICT}\nPrivateTmp=yes`), []);
  assert.deepEqual(said('NoExecPaths = ["/", "/dev"]', STRICT), []);
  assert.deepEqual(said('NoExecPaths = ["/srv"]', `${STRICT}\nNoExecPaths=/srv`), []);
  assert.deepEqual(said('NoExecPaths = ["/usr"]', 'ProtectSystem=full'), []);
  assert.deepEqual(said('NoExecPaths = ["/srv"]\nProtectSystem = "strict"', ''), []);
});
