/** Prefixes of ExecStart= on every supported systemd: a command loses the directives that the plan names. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { boxAvailable } from '../support/box.js';
import { changeFiles } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { planned } from '../support/planned.js';
import { alternatives } from '../support/thorough.js';
import type { TreeName } from '../support/tree.js';

const own = (namespace: string) =>
  `test /proc/self/ns/${namespace} -ef /proc/1/ns/${namespace} || echo its own`;

/** Lines of [service], by what a command sees of them. */
const PROBES: Readonly<Record<string, readonly [value: string, see: string]>> = {
  CapabilityBoundingSet: ['["CAP_CHOWN"]', 'grep CapBnd /proc/self/status'],
  DynamicUser: ['true', 'id -u'],
  Group: ['"daemon"', 'id -g'],
  LimitNOFILE: ['100', 'ulimit -n'],
  LockPersonality: ['true', 'grep Seccomp_filters /proc/self/status'],
  NoExecPaths: ['["/usr/bin/id"]', '/usr/bin/id'],
  NoNewPrivileges: ['true', 'grep NoNewPrivs /proc/self/status'],
  PrivateIPC: ['true', own('ipc')],
  PrivateNetwork: ['true', own('net')],
  PrivateUsers: ['true', own('user')],
  ProtectHostname: ['true', own('uts')],
  ProtectProc: ['"invisible"', 'grep -c hidepid /proc/self/mounts'],
  ProtectSystem: ['"strict"', 'touch /usr/x'],
  SecureBits: ['["noroot"]', 'grep CapEff /proc/self/status'],
  SupplementaryGroups: ['["daemon"]', 'id -G'],
  UMask: ['"0077"', 'umask'],
  User: ['"daemon"', 'id -u'],
};

const PREFIXES = { setuid: '!', privileged: '+' };

const isLost = (name: string, prefix: string): boolean => {
  const plan = planned(
    `[service]\n${name} = ${PROBES[name]![0]}\n`,
    `ExecStart=\nExecStart=${prefix}/usr/sbin/demod`,
  );
  return plan.diagnostics.some(({ code }) => code === 'gap-exec');
};

const skip = boxAvailable();

for (const tree of alternatives<TreeName>(['machine', 'bookworm', 'forky'])) {
  describe(tree, { skip: skip ?? boxAvailable(tree) ?? false }, () => {
    const { box } = machine(`prefix-${tree}`, { tree, launcher: false });

    /** What a command with a prefix sees, with the unit's lines or without. */
    async function seen(units: ReadonlyMap<string, readonly [lines: string, see: string]>) {
      const files = [...units].map(([unit, [lines, see]]): [string, string] => [
        `/run/systemd/system/${unit}.service`,
        `[Service]\nType=oneshot\nStandardOutput=file:/run/${unit}.out\nStandardError=inherit\n${lines.replace('SEE', `/bin/bash -c "${see}; :"`)}\n`,
      ]);
      await changeFiles(box, Object.fromEntries(files));
      const names = [...units.keys()];
      await box.succeed(['systemctl', 'start', ...names]);
      const texts = await Promise.all(names.map((unit) => box.readFile(`/run/${unit}.out`)));
      return new Map(names.map((unit, i) => [unit, texts[i]!]));
    }

    test('a command with a prefix loses the directives that the plan names, and no others', async () => {
      const units = new Map<string, readonly [string, string]>();
      for (const [name, [value, see]] of Object.entries(PROBES)) {
        const { directives } = planned(`[service]\n${name} = ${value}\n`);
        const lines = directives.flatMap((one) => one.values.map((text) => `${one.name}=${text}`)).join('\n');
        units.set(`${name}-without`, ['ExecStart=SEE', see]);
        for (const [word, prefix] of Object.entries({ plain: '', ...PREFIXES })) {
          units.set(`${name}-${word}`, [`${lines}\nExecStart=${prefix}SEE`, see]);
        }
      }
      const texts = await seen(units);
      for (const name of Object.keys(PROBES)) {
        const of = (word: string) => texts.get(`${name}-${word}`)!;
        assert.notEqual(of('plain'), of('without'), `${name} can't be seen`);
        const holds = (word: string) => of(word) === of('plain');
        for (const [word, prefix] of Object.entries(PREFIXES)) {
          assert.equal(!holds(word), isLost(name, prefix), `${name} ${prefix}: ${of(word)}`);
        }
      }
    });
  });
}
