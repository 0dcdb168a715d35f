import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadedLaunch, plannedLaunch } from '../../../src/plan/launcher/launch-paths.js';
import { effectiveUnit } from '../../../src/systemd/unit/effective.js';
import { NO_EXEC } from '../../support/demo-service.js';
import { planned, unitFile } from '../../support/planned.js';

const launchOf = (policy: string, lines: string) =>
  plannedLaunch(planned(policy, lines), effectiveUnit([unitFile(lines)]), []);

const pathsOf = (launch: ReturnType<typeof launchOf>) => launch?.loose.map(({ paths }) => paths.join(' '));

test('programs of lines without the launcher count; with + or ! under any policy', () => {
  const lines =
    'ExecStartPre=+/srv/pre\nExecStartPost=-/srv/post --now\nExecReload=!/srv/reload\nExecStop=!!/srv/stop\nExecStopPost=x\n';
  assert.deepEqual(pathsOf(launchOf(NO_EXEC, lines)), ['/srv/pre', '/srv/post', '/srv/reload', '/srv/stop']);
  assert.deepEqual(pathsOf(launchOf('[syscalls]\ndeny = ["uname"]', lines)), ['/srv/pre', '/srv/reload']);
  const wrap = `${NO_EXEC}[exec]\nwrap = ["ExecStart", "ExecStartPost", "ExecReload", "ExecStop"]\n`;
  assert.deepEqual(pathsOf(launchOf(wrap, lines)), ['/srv/pre', '/srv/reload']);
  const both = `${wrap}[ready]\ndeny = ["uname"]\n`;
  assert.deepEqual(pathsOf(launchOf(both, 'ExecStartPost=/srv/post')), []);
  const readyAlone = launchOf(
    '[ready]\ndeny = ["uname"]\n',
    'ExecStartPost=/srv/post\nExecStartPre=/srv/pre',
  );
  assert.deepEqual(pathsOf(readyAlone), ['/srv/pre', '/srv/post']);
  const searched = launchOf(NO_EXEC, 'ExecStop=stop\nExecSearchPath=/a:/b');
  assert.deepEqual(pathsOf(searched), ['/a/stop /b/stop']);
});

test('a script that an interpreter, a shell or env(1) runs counts as a program', () => {
  for (const [line, ...files] of [
    ['/bin/sh /srv/x y', '/bin/sh', '/srv/x'],
    ['/usr/bin/python3.13 -I /srv/x.py /srv/data', '/usr/bin/python3.13', '/srv/x.py'],
    ['/usr/bin/env A=1 /srv/x', '/usr/bin/env', '/srv/x'],
    ['/usr/bin/env python3 /srv/x.py', '/usr/bin/env', '/srv/x.py'],
    ['/bin/bash -o errexit /srv/x', '/bin/bash', '/srv/x'],
    ["/bin/sh -ec 'test -e /srv/data && exec /srv/x /srv/y; /srv/z'", '/bin/sh', '/srv/x', '/srv/z'],
    ['/bin/chown demo /srv/data', '/bin/chown'],
  ] as const)
    assert.deepEqual(pathsOf(launchOf(NO_EXEC, `ExecStop=${line}`)), files, line);
});

test('programs of commands that the manager has loaded count, too', () => {
  const filter = '/d/f';
  const own = { launched: { program: '/l/launcher', filter }, loading: undefined };
  const loading = { program: '/l/tighten', filter };
  const key = 'ExecStartPost';
  const commands = [
    { key, path: '/l/launcher', argv: ['launcher', '--filter=/d/f', '--', '/srv/app', 'x'], flags: [] },
    {
      key,
      path: '/l/launcher',
      argv: ['launcher', '--filter=/d/f', '--', '/bin/sh', '/srv/y'],
      flags: ['no-setuid'],
    },
    { key, path: '/srv/post', argv: ['/srv/post'], flags: ['ignore-failure'] },
    { key, path: '/srv/root', argv: ['/srv/root'], flags: ['privileged'] },
    { key, path: '/l/tighten', argv: ['tighten'], flags: ['privileged'] },
  ];
  const loaded = (some: Parameters<typeof loadedLaunch>[1]) =>
    pathsOf(loadedLaunch('demo.service', some, new Map(), commands.slice(0, some.loading ? 5 : 4)));
  assert.deepEqual(loaded(own), ['/bin/sh', '/srv/y', '/srv/post', '/srv/root']);
  assert.deepEqual(loaded({ ...own, loading }), ['/bin/sh', '/srv/y', '/srv/post', '/srv/root']);
  const main = [{ ...commands[2]!, key: 'ExecStart' }, commands[2]!, commands[4]!];
  const readyAlone = loadedLaunch('demo.service', { launched: undefined, loading }, new Map(), main);
  assert.deepEqual(pathsOf(readyAlone), ['/srv/post']);
});
