/** Tests of apply/trial/listening.ts: sockets at which a service waits for others before its restart and after it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { lostSockets } from '../../../src/apply/trial/listening.js';
import { apply } from '../../../src/cli/commands/apply.js';
import type { ServiceSocket } from '../../../src/machine/state/listening.js';
import { codesOf, statesOf } from '../../support/apply-in-memory.js';
import { UNIT } from '../../support/demo-service.js';
import { type FakeSystem, fakeContext, machineWith } from '../../support/fake-system.js';

const DRAWN = [32768, 60999] as const;

/** A socket by its text: `tcp 0.0.0.0:80`, `apart tcp 0.0.0.0:80`, `unix /run/a`. */
function socket(text: string): ServiceSocket {
  const [, apart, kind, address] = /^(apart )?(\w+) (.*)$/.exec(text)!;
  const port = /:(\d+)$/.exec(address!)?.[1];
  const common = { kind: kind as ServiceSocket['kind'], address: address!, isApart: apart !== undefined };
  return port === undefined ? common : { ...common, port: Number(port) };
}

describe('listening sockets before and after a restart:', () => {
  const CASES: readonly (readonly [what: string, before: string[], after: string[], lost: string])[] = [
    ['there', ['tcp 0.0.0.0:80', 'unix /run/a'], ['unix /run/a', 'tcp 0.0.0.0:80'], ''],
    ['gone', ['tcp 0.0.0.0:80', 'tcp [::]:80'], ['tcp [::]:80'], 'gone tcp 0.0.0.0:80'],
    [
      'gone, of a kind that another one is of',
      ['udp 0.0.0.0:53', 'tcp 0.0.0.0:53'],
      ['tcp 0.0.0.0:53'],
      'gone udp 0.0.0.0:53',
    ],
    [
      'gone once, though processes share the address',
      ['tcp 0.0.0.0:80', 'tcp 0.0.0.0:80'],
      [],
      'gone tcp 0.0.0.0:80',
    ],
    ['gone where nobody gets at it', ['tcp 0.0.0.0:80'], ['apart tcp 0.0.0.0:80'], 'gone tcp 0.0.0.0:80'],
    ['there, though nobody got at it before either', ['apart tcp 0.0.0.0:80'], ['apart tcp 0.0.0.0:80'], ''],
    ['there by its path, whatever the network', ['unix /run/a'], ['apart unix /run/a'], ''],
    ['moved', ['tcp 0.0.0.0:80'], ['tcp 0.0.0.0:8080'], 'moved tcp 0.0.0.0:80'],
    [
      'gone beside one that is moved',
      ['tcp 0.0.0.0:80', 'tcp 0.0.0.0:443'],
      ['tcp 0.0.0.0:81'],
      'gone tcp 0.0.0.0:80 gone tcp 0.0.0.0:443',
    ],
    ['one that the kernel has drawn', ['tcp 0.0.0.0:32768', 'tcp 0.0.0.0:60999'], [], ''],
    [
      'beside what the kernel draws',
      ['tcp 0.0.0.0:32767', 'tcp 0.0.0.0:61000'],
      [],
      'gone tcp 0.0.0.0:32767 gone tcp 0.0.0.0:61000',
    ],
    ['one from which a question was asked', ['udp 0.0.0.0:20000'], [], ''],
    ['one with the number of a process', ['unix /run/a.4711.sock'], [], ''],
    ['one with a small number, by a name that is given up', ['unix /run/a.sock.70.tmp'], [], ''],
    ['with a small number', ['unix /run/a.1'], [], 'gone unix /run/a.1'],
    ['below a folder with a number', ['unix /run/user/1000/bus'], [], 'gone unix /run/user/1000/bus'],
  ];
  for (const [what, before, after, wanted] of CASES) {
    test(`${what}: ${before.join(', ')}`, () => {
      const lost = lostSockets(before.map(socket), after.map(socket), DRAWN);
      const said = (['gone', 'moved'] as const).flatMap((how) =>
        lost[how].map(({ kind, address }) => `${how} ${kind} ${address}`),
      );
      assert.equal(said.join(' '), wanted);
    });
  }
});

const TCP = (port: string, inode: number) =>
  `  0: 00000000:${port} 00000000:0000 0A 0:0 0:0 0 0 0 ${inode} 1\n`;

/** A service that listens on port 80 in its first process, and then as `later` says of the nth look at a process. */
function machine(policy: string, later: (look: number) => boolean) {
  const files = {
    '/proc/sys/net/ipv4/ip_local_port_range': '32768\t60999\n',
    '/proc/self/net/tcp': TCP('0050', 77),
  };
  const system = machineWith('[Service]\nExecStart=/usr/sbin/demod\n', policy, { running: [UNIT], files });
  const links = system.links.bind(system);
  const first = system.unit(UNIT);
  let looks = 0;
  Object.assign(system, {
    links: async (folder: string) => {
      if (/^\/proc\/\w+\/ns$/.test(folder)) return new Map([['net', 'net:[1]']]);
      const [, pid] = /^\/proc\/(\d+)\/fd$/.exec(folder) ?? [];
      if (pid === undefined) return links(folder);
      const isThere = Number(pid) === (await first).mainPid || later(++looks);
      return new Map([['0', '/dev/null'], ...(isThere ? ([['3', 'socket:[77]']] as const) : [])]);
    },
  });
  return system;
}

const POLICY = '[service]\nPrivateTmp = true\n';
const run = async (system: FakeSystem) => {
  const began = system.uptime();
  const result = await apply(fakeContext(system), [UNIT], {});
  const codes = codesOf(result).filter((code) => /listen/.test(code));
  return { states: statesOf(result), codes, took: system.uptime() - began, result };
};

describe('a service that listened', () => {
  test("is rolled back after a while if it doesn't listen after its restart", async () => {
    const { states, codes, took, result } = await run(machine(POLICY, () => false));
    assert.deepEqual([states, codes], [[`${UNIT} rolled-back`], ['error not-listening']]);
    assert.ok(took > 10_000);
    const { message } = result.diagnostics.find(({ code }) => code === 'not-listening')!;
    assert.equal(message, `${UNIT} listened on tcp 0.0.0.0:80, and no longer does under the policy`);
  });

  test('stays applied if it listens again, early or late', async () => {
    for (const look of [1, 2]) {
      const { states, codes } = await run(machine(POLICY, (n) => n >= look));
      assert.deepEqual([states, codes], [[`${UNIT} applied`], []]);
    }
  });

  test('stays applied without listening if the policy says so', async () => {
    const { states, codes } = await run(machine(`${POLICY}[apply]\nlistening = "warn"\n`, () => false));
    assert.deepEqual([states, codes], [[`${UNIT} applied`], ['warning not-listening']]);
  });

  test('is not checked if its sockets could not be read before', async () => {
    const system = machine(POLICY, () => false);
    const links = system.links.bind(system);
    const blind = async (folder: string) => (folder === '/proc/self/ns' ? new Map() : links(folder));
    Object.assign(system, { links: blind });
    const { states, codes, took } = await run(system);
    assert.deepEqual([states, codes], [[`${UNIT} applied`], []]);
    assert.ok(took < 10_000);
  });
});
