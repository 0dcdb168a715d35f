import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linesOn, pagersOf } from '../../../src/cli/terminal/pager.js';

const named = (environment: Readonly<Record<string, string>>, isElevated = false) =>
  pagersOf(environment, isElevated).map(({ argv }) => argv.join(' '));

test('$SYSTEMD_PAGER comes before $PAGER, and the usual pagers after both', () => {
  assert.deepEqual(named({}), ['pager', 'less']);
  assert.deepEqual(named({ PAGER: 'most -s' }), ['most -s', 'pager', 'less']);
  assert.deepEqual(named({ PAGER: 'most', SYSTEMD_PAGER: 'less' }), ['less', 'pager', 'less']);
});

test('an empty pager and cat mean none, whatever the rights', () => {
  for (const isElevated of [false, true]) {
    for (const none of ['', ' ', 'cat']) {
      assert.deepEqual(named({ SYSTEMD_PAGER: none, PAGER: 'less' }, isElevated), []);
      assert.deepEqual(named({ PAGER: none }, isElevated), []);
    }
  }
  assert.deepEqual(named({ PAGER: 'cat -v' })[0], 'cat -v');
});

test("with another user's rights the pager is less in secure mode, without the environment", () => {
  const hostile = {
    PAGER: '/tmp/own',
    SYSTEMD_PAGER: 'own',
    SYSTEMD_LESS: '-k/tmp/keys',
    LESS: '+!sh',
    LESSOPEN: '|sh %s',
    LESSSECURE: '0',
    LESSKEYIN: '/tmp/keys',
    LD_PRELOAD: '/tmp/own.so',
    PATH: '/tmp',
    TERM: 'xterm',
    LANG: 'C.UTF-8',
  };
  const [pager, ...more] = pagersOf(hostile, true);
  assert.deepEqual(more, []);
  assert.deepEqual(pager?.argv, ['less']);
  assert.deepEqual(JSON.parse(JSON.stringify(pager?.environment)), {
    TERM: 'xterm',
    LANG: 'C.UTF-8',
    PATH: '/usr/bin:/bin',
    LESS: 'FRSXMK',
    LESSCHARSET: 'utf-8',
    LESSSECURE: '1',
  });
});

test('$SYSTEMD_PAGERSECURE sets the mode, and allows the named pager', () => {
  const environment = { PAGER: 'most', SYSTEMD_LESS: 'RS' };
  for (const isElevated of [false, true]) {
    for (const yes of ['1', 'yes', 'odd']) {
      const pagers = pagersOf({ ...environment, SYSTEMD_PAGERSECURE: yes }, isElevated);
      const found = pagers.map(({ argv }) => argv[0]);
      assert.deepEqual(found, ['most', 'less']);
      for (const { environment: has } of pagers)
        assert.deepEqual([has.LESSSECURE, has.LESS, has.PAGER], ['1', 'RS', 'most']);
    }
    for (const no of ['0', 'No', 'off']) {
      const [first] = pagersOf({ ...environment, SYSTEMD_PAGERSECURE: no, LESSSECURE: '1' }, isElevated);
      assert.deepEqual([first?.argv[0], first?.environment.LESSSECURE], ['most', undefined]);
    }
  }
});

test('lines are counted as a terminal wraps them, without styles', () => {
  assert.equal(linesOn('', 10), 1);
  assert.equal(linesOn('a\nb\n', 10), 2);
  assert.equal(linesOn('\n\n\n', 10), 3);
  assert.equal(linesOn(`${'x'.repeat(10)}\n${'x'.repeat(11)}\n`, 10), 3);
  assert.equal(linesOn(`\u001b[31m${'x'.repeat(10)}\u001b[39m\n`, 10), 1);
});
