/** The golden plans: a folder a case with a policy, a unit and, where it isn't the usual one, a target; and what comes of them. */

import type { Context } from '../../src/machine/context.js';
import type { PrepareOptions } from '../../src/prepare/prepare.js';
import type { Placement } from '../../src/systemd/paths/placement.js';
import { UNIT } from './demo-service.js';
import { type Contents, FakeSystem, fakeContext, HOME, program, targetSets } from './fake-system.js';
import { goldenNames, goldenTree } from './golden.js';
import { olderSets } from './older-sets.js';

interface CaseTarget {
  /** The demo's unit unless it is another. */
  readonly unit?: string;
  readonly systemd?: string;
  readonly machine?: 'x86-64' | 'arm64' | 'riscv64';
  readonly scope?: 'system' | 'user';
  /** An older systemd, or one whose systemd-analyze can't be run. */
  readonly without?: '247' | '252' | 'analyze';
  /** A package has put the launcher there, and the program that loads filters into running services. */
  readonly packaged?: boolean;
  readonly allowGaps?: boolean;
  readonly permissive?: boolean;
  /** What systemd was built with, if not with all. */
  readonly features?: string;
  /** Files of the kernel's, if it can't do all. */
  readonly kernel?: Readonly<Record<string, string>>;
}

const UNITS = { system: '/usr/lib/systemd/system', user: '/usr/lib/systemd/user' } as const;
const USER_HOME = '/home/user';

/** Programs that every machine has. */
const PRESENT = ['/bin/kill', '/bin/true', '/usr/sbin/demod', '/usr/sbin/nginx'];

/** The programs of a package. */
const PACKAGED: Contents = {
  '/usr/libexec/sandbox-unit/launcher': program('the launcher'),
  '/usr/libexec/sandbox-unit/tighten': program('the injector'),
};

export interface PlanCase {
  readonly unit: string;
  readonly system: FakeSystem;
  readonly context: Context;
  readonly options: PrepareOptions;
}

export const planCaseNames = (): string[] => goldenNames('plan');

/** A fresh machine with the unit and the policy of a case. */
export function planCase(name: string): PlanCase {
  const tree = goldenTree(`plan/${name}`);
  const text = (path: string) => new TextDecoder().decode(tree.get(path));
  const target: CaseTarget = tree.has('target.json') ? JSON.parse(text('target.json')) : {};
  const { unit = UNIT, scope = 'system', machine = 'x86-64', systemd = '257.13-1~deb13u1' } = target;
  const units = [...tree].filter(([path]) => path.startsWith('unit/'));
  const policy = `${scope === 'system' ? '/etc' : `${USER_HOME}/.config`}/sandbox-unit/${unit}.toml`;
  const files: Contents = {
    [policy]: text('policy.toml'),
    [`${HOME}/native-helper/build/${machine}/launcher`]: program('the launcher'),
    ...(target.packaged ? PACKAGED : {}),
    ...Object.fromEntries(units.map(([path, bytes]) => [path.replace('unit', UNITS[scope]), bytes])),
    ...Object.fromEntries(PRESENT.map((path) => [path, program('')])),
  };
  const { features, kernel } = target;
  const system = new FakeSystem({
    ...{ files, systemd, architecture: machine, sets: setsFor(target.without) },
    ...(features === undefined ? {} : { features }),
    ...(kernel ? { kernel } : {}),
  });
  const placement: Placement =
    scope === 'system'
      ? { scope, lifetime: 'always' }
      : { scope, lifetime: 'always', home: USER_HOME, runtimeDirectory: '/run/user/1000' };
  return {
    unit,
    system,
    context: fakeContext(system, { placement }),
    options: { allowGaps: target.allowGaps ?? false, permissive: target.permissive ?? false },
  };
}

function setsFor(without: CaseTarget['without']) {
  if (without === 'analyze') return false;
  return without ? olderSets(without) : targetSets();
}
