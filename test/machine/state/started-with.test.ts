import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NO_FILES, startedWith } from '../../../src/machine/state/started-with.js';
import { exportedBytes } from '../../support/fake-manager.js';
import { type FakeOptions, FakeSystem, fakeContext, OF_USER } from '../../support/fake-system.js';
import { unitState } from '../../support/unit-state.js';

const UNIT = 'demo.service';
const PATH = `/run/systemd/units/log-extra-fields:${UNIT}`;
const OURS = 'SANDBOX_UNIT_FILES=abc';
/** When the fields are exported, in milliseconds since 1970. */
const EXPORTED = 1_700_000_000_000;

const after = (milliseconds: number) => BigInt(EXPORTED + milliseconds) * 1000n;

/** A service that is up, whose main process was started right after the export. */
const UP = {
  Id: UNIT,
  ActiveState: 'active',
  InactiveEnterTimestamp: after(-5000),
  ConditionTimestamp: after(-2),
  MainPID: 7,
  ExecMainStartTimestamp: after(1),
  ActiveEnterTimestamp: after(2),
};

interface Case {
  /** Fields that the manager has loaded, and those that it has exported; none: no file. */
  readonly loaded?: readonly string[];
  readonly exported?: readonly string[] | Uint8Array | undefined;
  readonly state?: Readonly<Record<string, unknown>>;
  readonly options?: FakeOptions;
  readonly more?: object;
}

async function answer(one: Case) {
  const { loaded = [OURS], state = UP, options = {}, more = {} } = one;
  const system = new FakeSystem(options);
  const exported = 'exported' in one ? one.exported : [OURS];
  const bytes = exported instanceof Uint8Array ? exported : exported && exportedBytes(exported);
  if (bytes) await system.replace(PATH, bytes, { mode: 0o644, modified: EXPORTED });
  const fields = loaded.map((field) => new TextEncoder().encode(field));
  return startedWith(fakeContext(system, more), unitState({ ...state, LogExtraFields: fields }), 'abc');
}

const CASES: Readonly<Record<string, readonly [Case, string | undefined]>> = {
  'was started with the files whose field was exported then': [{}, 'abc'],
  'was started with earlier files, though the manager has read others by now': [
    { exported: ['SANDBOX_UNIT_FILES=old'] },
    'old',
  ],
  "has fields of the unit's own beside it": [
    { loaded: ['A=b', OURS, 'C=d'], exported: ['A=b', OURS, 'C=d'] },
    'abc',
  ],
  'is of files that were changed by hand since': [{ loaded: ['SANDBOX_UNIT_FILES=written'] }, undefined],
  'has no field: it was started without the drop-in': [{ exported: undefined }, NO_FILES],
  "has only the unit's own fields: it was started without the drop-in": [{ exported: ['A=b'] }, NO_FILES],
  'shows the field of the run before: it was started without the drop-in': [
    {
      state: {
        ...UP,
        ConditionTimestamp: after(200),
        ExecMainStartTimestamp: after(201),
        ActiveEnterTimestamp: after(202),
      },
    },
    NO_FILES,
  ],
  'shows the field of the run before, which Restart= has followed: it was started without the drop-in': [
    {
      state: {
        ...UP,
        InactiveEnterTimestamp: after(200),
        ExecMainStartTimestamp: after(301),
        ActiveEnterTimestamp: after(302),
      },
    },
    NO_FILES,
  ],
  'was started by a clock for files that is late': [
    {
      state: {
        ...UP,
        ConditionTimestamp: after(10),
        ExecMainStartTimestamp: after(12),
        ActiveEnterTimestamp: after(13),
      },
    },
    'abc',
  ],
  'shows the field of the run before, after which the clock was set back': [
    {
      state: {
        ...UP,
        ConditionTimestamp: after(-9000),
        ExecMainStartTimestamp: after(-8999),
        ActiveEnterTimestamp: after(-8998),
      },
    },
    NO_FILES,
  ],
  'got the field by a reload: it was started without the drop-in': [
    { state: { ...UP, ExecMainStartTimestamp: after(-2000), ActiveEnterTimestamp: after(-1000) } },
    NO_FILES,
  ],
  'got the field by a reload, by which another process became the main one': [
    { state: { ...UP, ExecMainStartTimestamp: after(10), ActiveEnterTimestamp: after(-1000) } },
    NO_FILES,
  ],
  'got the field by a command after its main process, in a start that took long': [
    { state: { ...UP, ExecMainStartTimestamp: after(-1000), ActiveEnterTimestamp: after(10) } },
    NO_FILES,
  ],
  'is being started: the times of the run before say nothing': [
    {
      state: {
        ...UP,
        ActiveState: 'activating',
        MainPID: 0,
        ExecMainStartTimestamp: after(-9),
        ActiveEnterTimestamp: after(-8),
      },
    },
    'abc',
  ],
  'has done its work and counts as active': [{ state: { ...UP, MainPID: 0 } }, 'abc'],
  'has a drop-in without the field, or another drop-in takes it away': [{ loaded: [] }, undefined],
  'has the field twice in what the manager has loaded': [{ loaded: [OURS, OURS] }, undefined],
  'has the field twice in what was exported': [{ exported: [OURS, 'SANDBOX_UNIT_FILES=x'] }, undefined],
  'has fields that are none': [{ exported: new Uint8Array(9).fill(0xff) }, NO_FILES],
  'has fields that others could have written': [{ options: { untrusted: [PATH] } }, undefined],
  "is a user's: their managers export nothing": [{ more: { placement: OF_USER } }, undefined],
};

describe('a run that', () => {
  for (const [what, [given, expected]] of Object.entries(CASES))
    test(what, async () => assert.equal(await answer(given), expected));
});
