/** Tests of cli/report/learn/profile.ts, cli/report/learn/profile-json.ts and cli/report/learn/merged.ts: recordings for people and for programs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergedJson, mergedText } from '../../../../src/cli/report/learn/merged.js';
import { profileText, type ShownProfile } from '../../../../src/cli/report/learn/profile.js';
import { profileJson } from '../../../../src/cli/report/learn/profile-json.js';
import { checklist } from '../../../../src/learn/profile/checklist.js';
import { estimate } from '../../../../src/learn/profile/estimate.js';
import { incompleteTables } from '../../../../src/learn/profile/incomplete-tables.js';
import { makeProfile } from '../../../../src/learn/profile/make-profile.js';
import type { Recording } from '../../../../src/observe/recording/recording.js';
import { spanText } from '../../../../src/systemd/time-span.js';
import { PLAIN } from '../../../../src/theme.js';
import { call, DAY, fullRecording, HOUR, hostNamed, recording } from '../../../support/recordings.js';

function shown(...recordings: Recording[]): ShownProfile {
  const profile = makeProfile('demo.service', recordings, 'x86-64');
  return {
    profile,
    estimate: estimate(profile, recordings),
    checklist: checklist(profile, { commands: ['ExecStart=/usr/sbin/demod'], serves: true }),
    incomplete: incompleteTables(profile),
  };
}

const text = (...recordings: Recording[]) => profileText(shown(...recordings));

/** The words of a part of the text, by its heading. */
const part = (whole: string, heading: string): string[][] =>
  whole
    .split(/\n(?=\S)/)
    .find((one) => one.startsWith(heading))!
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/ {2,}/));

test('spans have their two largest units', () => {
  assert.deepEqual([0, 59.9, 61, DAY + 2 * HOUR + 61].map(spanText), ['0s', '59s', '1min 1s', '1d 2h']);
});

test('the verdict follows from what was seen, and never says that it is enough', () => {
  const rare = [call('read'), call('umask', { slices: 1, phases: { serving: 3 }, first: 400 })];
  assert.deepEqual(part(text(recording({ calls: rare })), 'Enough?'), [
    ['the last new call was umask, 2026-11-20 10:06; 3min 20s were watched since'],
    ['at work 2 calls in 60 slices of time, 1 of them in one slice alone'],
    ['at least 1 more is likely to be unseen; the next new one is expected in 10min of work'],
  ]);
  const quiet = part(text(recording({ calls: [call('read')] })), 'Enough?').at(-1)!;
  assert.deepEqual(quiet, [
    'no sign of others; if there are any, the next may take 3min 20s of work or more',
  ]);
  const few = part(text(recording({ slices: 5, calls: [call('read', { slices: 5 })] })), 'Enough?').at(-1)!;
  assert.match(few[0]!, /too few slices to tell how many are unseen$/);
  for (const one of [text(recording()), text(fullRecording())]) assert.doesNotMatch(one, /\bcomplete/i);
});

test('losses and hosts are printed below the verdict', () => {
  const two = { host: hostNamed('two'), calls: [call('read')] };
  const lines = part(text(fullRecording(), recording(two)), 'Enough?').map(([line]) => line);
  assert.ok(lines.includes('2 calls on one of 2 hosts alone'));
  assert.ok(lines.includes("some records were lost or can't be seen on this kernel: there may be more"));
});

test('the checklist has what was seen and what was not', () => {
  assert.deepEqual(part(text(recording()), 'Checklist'), [
    ['start', 'seen', '1 time'],
    ['serving', 'seen', '1 time'],
    ['reload', '-', 'the unit has no ExecReload='],
    ['stop', 'not seen'],
    ['log-rotation', 'not seen, or unknown'],
    ['day', 'not seen', '10min of 1d'],
    ['week', 'not seen', '10min of 1w'],
    ['ExecStart=/usr/sbin/demod', 'seen', '1 time'],
  ]);
});

test('each kind of evidence has a table without control characters', () => {
  const whole = text(
    fullRecording({
      calls: [
        call('read'),
        call('read', { architecture: 'x86', number: 3 }),
        { ...call('read'), number: 4000, name: null },
      ],
      paths: [{ path: '/a\u001b[2J', use: 'read', phases: ['start'], count: 1 }],
      peers: [{ use: 'bind', family: 10, type: 1, address: '::', port: 80, count: 1 }],
    }),
  );
  assert.match(whole, /^ {2}read \(x86\) /m);
  assert.match(whole, /^Calls that no table knows: x86-64 4000$/m);
  assert.match(whole, /^Refused calls that no table knows: x86-64 4000$/m);
  assert.deepEqual(part(whole, 'Refused by')[1], ['clone3', 'ENOSYS', '2', 'demod']);
  assert.deepEqual(part(whole, 'Arguments')[1], [
    ...['socket', '0,1', '2', 'AF_UNIX:SOCK_STREAM|SOCK_CLOEXEC AF_INET:SOCK_STREAM'],
  ]);
  assert.deepEqual(part(whole, 'Capabilities')[1]!.slice(0, 2), ['CAP_NET_BIND_SERVICE', 'granted']);
  assert.deepEqual(part(whole, 'Addresses')[1], ['bind', 'inet6', '[::]:80', '1']);
  assert.deepEqual(part(whole, 'Paths')[1]!.slice(0, 2), ['read', '/a\\x1b[2J']);
});

test('hosts and recordings are counted if there are several', () => {
  const head = (...recordings: Recording[]) =>
    part(text(...recordings), 'Calls')[0]!
      .slice(0, 4)
      .join(' ');
  assert.equal(head(recording()), 'CALL COUNT PHASES FIRST');
  assert.equal(head(recording(), recording()), 'CALL COUNT RECORDINGS PHASES');
  const other = recording({ host: hostNamed('two') });
  assert.equal(head(recording(), other), 'CALL COUNT HOSTS RECORDINGS');
  assert.deepEqual(part(text(recording({ calls: [call('read')] }), other), 'Calls')[1]!.slice(2, 4), [
    '1/2',
    '1/2',
  ]);
});

test('tables on a terminal are no wider than necessary', () => {
  const lines = profileText(shown(recording({ calls: [call('read')] })), { ...PLAIN, columns: 70 }).split(
    '\n',
  );
  assert.ok(lines.some((line) => line.startsWith('    ')));
  for (const line of lines) assert.ok(line.length <= 70, line);
});

test('long names fit a terminal, also with several recordings', () => {
  const calls = ['rt_sigprocmask', 'inotify_add_watch'].map((name) => call(name, { programs: [0, 1] }));
  const [demod] = recording().programs;
  const programs = [{ ...demod!, path: '/usr/lib/demo/demo-worker-with-a-long-name' }, demod!];
  const one = recording({ calls, programs });
  const lines = profileText(shown(one, one), { ...PLAIN, columns: 80 });
  for (const line of lines.split('\n')) assert.ok(line.length <= 80, lines);
  assert.match(lines, / demo\S*…\S*ame$/m);
  assert.match(text(one), / demo-worker-with-a-long-name demod$/m);
});

test('values have the names that rules have, and a line counts those left out', () => {
  const row = (name: string, place: number, values: readonly string[]) => ({
    ...{ architecture: 'x86-64', name, arguments: [place], phases: ['serving' as const], lost: 0 },
    values: values.map((value) => [value]),
  });
  const rows = part(
    text(
      recording({
        arguments: [
          row('ioctl', 1, ['21505', '7']),
          row('umask', 0, ['63', '4095']),
          row(
            'ptrace',
            0,
            Array.from({ length: 60 }, (_, i) => `${1000 + i}`),
          ),
        ],
      }),
    ),
    'Arguments',
  );
  const [ioctl, umask, ptrace] = ['ioctl', 'umask', 'ptrace'].map((call) =>
    rows.find(([name]) => name === call),
  );
  assert.deepEqual([ioctl!.at(-1), umask!.at(-1)], ['7 TCGETS', '63 0xfff']);
  const [, shown, left] = /^((?:0x[\da-f]{3} ?)+) and (\d+) more$/.exec(ptrace!.at(-1)!)!;
  assert.equal(shown!.split(' ').length + Number(left), 60);
  assert.ok(shown!.length <= 100);
});

test('of many paths the most used are shown, of calls all', () => {
  const paths = Array.from({ length: 50 }, (_, i) => ({
    ...{ path: `/srv/${i}`, use: 'read' as const, phases: ['serving'] as const, count: i + 1 },
  }));
  const numbers = Array.from({ length: 50 }, (_, i) => ({
    ...call('read'),
    number: 4000 + i,
    name: `new_${i}`,
  }));
  const whole = text(recording({ paths, calls: numbers }));
  assert.deepEqual(part(whole, 'Paths')[1]!.slice(0, 2), ['read', '/srv/49']);
  assert.match(whole, /^ {2}and 10 more: --json has all$/m);
  assert.equal(part(whole, 'Calls').length, 51);
});

test('JSON has everything; a table without fixed keys is a list', () => {
  const json = profileJson(shown(fullRecording()));
  assert.deepEqual(json.lost, [{ table: 'paths', count: 3 }]);
  assert.deepEqual(json.calls[0]!.phases, [{ phase: 'start', count: 1 }]);
  assert.deepEqual(json.arguments[0]!.values[0], { value: ['1', '524289'], hosts: 1, recordings: 1 });
  assert.equal(json.paths.length, 4);
});

test('merged recordings have a line each', () => {
  const merged = [{ file: '/a\u001b.json', recording: recording(), path: '/p', isNew: true }];
  assert.match(
    mergedText(merged),
    /^\/a\\x1b\.json: added \(demo\.service on one, until 2026-11-20T10:10:00\.000Z\)\n$/,
  );
  assert.deepEqual(mergedJson('demo.service', merged), {
    unit: 'demo.service',
    merged: [{ file: '/a\u001b.json', path: '/p', isNew: true }],
  });
});
