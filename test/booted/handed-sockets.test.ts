/** Sockets from a socket unit, on every supported systemd: which unit's lines apply to them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { boxAvailable } from '../support/box.js';
import { changeFiles } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { planned } from '../support/planned.js';
import { sandboxUnit } from '../support/service.js';
import { alternatives } from '../support/thorough.js';

/** A policy's line, lines of the socket unit and of the service, and whether a client gets an answer all the same. */
type Case = readonly [policy: string, socket: string, service: string, answers: boolean];

const DENY = 'IPAddressDeny = ["any"]';
const ON_ALL: readonly Case[] = [
  [DENY, '', '', true],
  [DENY, '', 'Slice=deny.slice', true],
  [DENY, 'IPAddressDeny=any', '', false],
  [DENY, 'Slice=deny.slice', '', false],
  [DENY, 'Slice=deny-below.slice', '', false],
  [DENY, 'IPAddressDeny=any\nIPAddressAllow=any', '', true],
  [DENY, 'IPAddressDeny=any\nSlice=allow.slice', '', true],
  [DENY, 'Accept=yes', '', true],
  [DENY, 'Accept=yes\nIPAddressDeny=any', '', false],
  ['PrivateNetwork = true', '', '', true],
  ['PrivateNetwork = true', 'Accept=yes', '', true],
  ['PrivateNetwork = true', 'PrivateNetwork=yes', '', false],
  ['PrivateNetwork = true', 'PrivateNetwork=yes\nNetworkNamespacePath=/proc/1/ns/net', '', true],
  ['PrivateNetwork = false', '', '', true],
];

/** What only a systemd with BPF can do. */
const WITH_BPF: readonly Case[] = [
  ['RestrictNetworkInterfaces = ["~lo"]', '', '', true],
  ['RestrictNetworkInterfaces = ["~lo"]', 'RestrictNetworkInterfaces=~lo', '', false],
  ['RestrictNetworkInterfaces = ["none0"]', 'RestrictNetworkInterfaces=none0', '', false],
  ['RestrictNetworkInterfaces = ["~lo"]', 'Slice=lo.slice', '', false],
];

const TREES = { machine: [...ON_ALL, ...WITH_BPF], bookworm: ON_ALL, forky: ON_ALL } as const;

const SERVER = `perl -MSocket -e "open(S,q(+<&=3)); while(accept(C,S)){syswrite(C,q(answer)); close C}"`;
const SLICES = {
  'allow.slice': 'IPAddressAllow=any',
  'deny.slice': 'IPAddressDeny=any',
  'lo.slice': 'RestrictNetworkInterfaces=~lo',
};

const isAccepting = ([, socket]: Case) => socket.startsWith('Accept=yes');
const serviceOf = (one: Case, i: number) => `handed-${i}${isAccepting(one) ? '@' : ''}.service`;

/** The socket unit and the service, which have the policy's line in a drop-in, and a service without that. */
function filesOf(one: Case, i: number): [string, string][] {
  const [, socket, service] = one;
  const { directives } = planned(`[service]\n${one[0]}\n`);
  const ours = directives.flatMap(({ name, values }) => values.map((value) => `${name}=${value}`));
  const lines = isAccepting(one)
    ? 'StandardOutput=socket\nExecStart=/bin/echo answer'
    : `ExecStart=/usr/bin/${SERVER}`;
  return [
    [`handed-${i}.socket`, `[Socket]\nListenStream=127.0.0.1:${8100 + i}\n${socket}\n`],
    [serviceOf(one, i), `[Service]\n${lines}\n${service}\n`],
    [`${serviceOf(one, i)}.d/by-hand.conf`, `[Service]\n${ours.join('\n')}\n`],
  ];
}

for (const [tree, cases] of alternatives(Object.entries(TREES)) as [keyof typeof TREES, readonly Case[]][]) {
  describe(tree, { skip: boxAvailable(tree) ?? false }, () => {
    let answered: ReadonlySet<string>;
    const { box, run } = machine(`handed-sockets-${tree}`, {
      tree,
      launcher: false,
      prepare: async () => {
        const slices = Object.entries(SLICES).map(([name, line]) => [name, `[Slice]\n${line}\n`]);
        const files = [...slices, ...cases.flatMap(filesOf)];
        await changeFiles(
          box,
          Object.fromEntries(files.map(([name, text]) => [`/run/systemd/system/${name}`, text!])),
        );
        await box.succeed(['systemctl', 'start', ...cases.map((_, i) => `handed-${i}.socket`)]);
        // Who gets no answer waits for it: all clients wait at once.
        const client = 'exec 3<>/dev/tcp/127.0.0.1/$((8100 + $1)) && read -rt 1 line <&3; echo "$1 $line"';
        const { stdout } = await box.sh(
          `seq 0 ${cases.length - 1} | xargs --max-procs=${cases.length} --max-args=1 timeout 3 bash -c '${client}' bash`,
        );
        answered = new Set(stdout.split('\n').filter((line) => line.endsWith(' answer')));
        // The plan is made of the unit as its administrator has it, and of a policy.
        const byHand = cases.map((one, i) => [
          `/run/systemd/system/${serviceOf(one, i)}.d/by-hand.conf`,
          undefined,
        ]);
        await changeFiles(box, Object.fromEntries(byHand));
      },
    });

    /** The socket unit that a gap names. */
    const namedIn = async (unit: string) => {
      const { stdout, stderr } = await sandboxUnit(box, 'generate', '--policy=/run/policy.toml', unit);
      return /gap-undone.*? sockets that come from (\S+\.socket):/s.exec(stdout + stderr)?.[1];
    };

    for (const [i, one] of cases.entries()) {
      test(`${one[0]} with ${one.slice(1, 3).join(' / ') || 'nothing else'}`, async () => {
        assert.equal(answered.has(`${i} answer`), one[3]);
        await box.writeFile('/run/policy.toml', `[service]\n${one[0]}\n`);
        const isNamed = one[3] && !one[0].startsWith('PrivateNetwork');
        assert.equal(await namedIn(serviceOf(one, i)), isNamed ? `handed-${i}.socket` : undefined);
      });
    }

    test('only IP sockets count, and all those that a unit gets', async () => {
      const listens =
        '[Socket]\nListenStream=/run/a.socket\nListenStream=@abstract\nListenDatagram=vsock:1:7777\n';
      const service = '[Service]\nExecStart=/bin/sleep infinity\n';
      await changeFiles(box, {
        '/run/policy.toml': `[service]\n${DENY}\n`,
        '/run/systemd/system/local.socket': `${listens}ListenFIFO=/run/fifo\nListenNetlink=route\n`,
        '/run/systemd/system/local.service': `${service}Sockets=local.socket\n`,
        '/run/systemd/system/more.service': `${service}Sockets=six.socket\n`,
        '/run/systemd/system/six.socket': '[Socket]\nListenDatagram=[::1]:8099\nService=more.service\n',
      });
      assert.equal(await namedIn('local.service'), undefined);
      assert.equal(await namedIn('more.service'), 'six.socket');
    });

    test('a socket that is added later is drift', async () => {
      await changeFiles(box, {
        '/etc/sandbox-unit/late.service.toml': `[service]\n${DENY}\n`,
        '/etc/systemd/system/late.service': '[Service]\nExecStart=/bin/sleep infinity\n',
      });
      await box.succeed(['systemctl', 'start', 'late.service']);
      await run(0, 'apply', 'late.service');
      const status = async () => (await sandboxUnit(box, 'status', 'late.service')).status;
      assert.equal(await status(), 0);
      await changeFiles(box, {
        '/etc/systemd/system/late.socket': '[Socket]\nListenStream=127.0.0.1:8098\n',
      });
      await box.sh('systemctl stop late.service; systemctl start late.socket; systemctl start late.service');
      const { status: later, stderr } = await sandboxUnit(box, 'status', 'late.service');
      assert.notEqual(later, 0);
      assert.match(stderr, /IPAddressDeny does not apply to sockets that come from late\.socket/);
    });
  });
}
