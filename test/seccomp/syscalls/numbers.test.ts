import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ABIS, type Abi } from '../../../src/seccomp/syscalls/abi.js';
import { MULTIPLEXED } from '../../../src/seccomp/syscalls/multiplex.js';
import {
  callNames,
  isAbsent,
  isKnownCall,
  knownCalls,
  NUMBERS_SOURCE,
  nameOf,
  namesake,
  numbersOf,
  whereKnown,
} from '../../../src/seccomp/syscalls/numbers.js';
import { bundledSets, callsInSets, parseSyscallFilterListing } from '../../../src/seccomp/syscalls/sets.js';
import { inLayer, layerAvailable } from '../../support/layer.js';

const abis = Object.keys(ABIS) as Abi[];

/** Known independently of the headers, in the order of `abis`: x86-64, x32, x86, arm64, arm, riscv64. */
const NUMBERS: Record<string, readonly (number | undefined)[]> = {
  read: [0, 0, 3, 63, 3, 63],
  write: [1, 1, 4, 64, 4, 64],
  open: [2, 2, 5, undefined, 5, undefined],
  execve: [59, 520, 11, 221, 11, 221],
  execveat: [322, 545, 358, 281, 387, 281],
  ioctl: [16, 514, 54, 29, 54, 29],
  socket: [41, 41, 359, 198, 281, 198],
  socketcall: [undefined, undefined, 102, undefined, undefined, undefined],
  umount: [undefined, undefined, 22, undefined, undefined, undefined],
  umount2: [166, 166, 52, 39, 52, 39],
  seccomp: [317, 317, 354, 277, 383, 277],
  clone3: [435, 435, 435, 435, 435, 435],
  clock_gettime64: [undefined, undefined, 403, undefined, 403, undefined],
  newfstatat: [262, 262, undefined, 79, undefined, 79],
  open_tree_attr: [467, 467, 467, 467, 467, 467],
  uretprobe: [335, 335, undefined, undefined, undefined, undefined],
  sync_file_range2: [undefined, undefined, undefined, undefined, 341, undefined],
  cacheflush: [undefined, undefined, undefined, undefined, 0xf0002, undefined],
  set_tls: [undefined, undefined, undefined, undefined, 0xf0005, undefined],
  riscv_hwprobe: [undefined, undefined, undefined, undefined, undefined, 258],
  riscv_flush_icache: [undefined, undefined, undefined, undefined, undefined, 259],
};

for (const [name, expected] of Object.entries(NUMBERS)) {
  test(`${name} has its number in every ABI`, () => {
    const found = abis.map((abi) => numbersOf(abi).get(name));
    assert.deepEqual(found, expected);
  });
}

test('x32 shares the numbers of x86-64 except its own, 512 to 547, which x86-64 leaves free', () => {
  const native = numbersOf('x86-64');
  const own = [...numbersOf('x32')].filter(([name, nr]) => nr !== native.get(name)).map(([, nr]) => nr);
  const found = own.sort((a, b) => a - b);
  assert.deepEqual(
    found,
    Array.from({ length: 36 }, (_, i) => 512 + i),
  );
  assert.deepEqual(
    own.map((nr) => nameOf('x86-64', nr)),
    own.map(() => undefined),
  );
});

for (const abi of abis) {
  test(`nameOf is the inverse of numbersOf on ${abi}`, () => {
    const numbers = [...numbersOf(abi)];
    assert.ok(numbers.length > 300);
    const found = numbers.map(([, nr]) => nameOf(abi, nr));
    assert.deepEqual(
      found,
      numbers.map(([name]) => name),
    );
    assert.equal(nameOf(abi, 511), undefined);
  });
}

test('a name is known here, known elsewhere, or unknown', () => {
  const names = [
    'execve',
    'send',
    'cacheflush',
    's390_sthyi',
    'osf_utsname',
    'exceve',
    'EXECVE',
    '@default',
    '',
  ];
  assert.deepEqual(
    names.map((name) => whereKnown(name)),
    ['here', 'here', 'here', 'elsewhere', 'elsewhere', undefined, undefined, undefined, undefined],
  );
});

test('names of object properties are no calls', () => {
  for (const name of ['constructor', '__proto__', 'toString', 'size']) {
    assert.equal(isKnownCall(name), false);
    assert.equal(knownCalls().has(name), false);
    for (const abi of abis) assert.equal(numbersOf(abi).get(name), undefined);
  }
});

test("a call of the target's systemd that the tables lack is newer", () => {
  const sets = parseSyscallFilterListing('@default\n    read\n    frobnicate\n', '300');
  assert.deepEqual([whereKnown('frobnicate'), whereKnown('frobnicate', sets)], [undefined, 'newer']);
  assert.deepEqual([whereKnown('read', sets), isKnownCall('frobnicate', sets)], ['here', true]);
  const found = [...knownCalls(sets)].filter((name) => !callNames().has(name));
  assert.deepEqual(found, ['frobnicate']);
});

test('the tables name their sources', () => {
  assert.match(NUMBERS_SOURCE, /^Linux \d+\.\d+$/);
});

/** libseccomp's names of our ABIs. */
const LIBSECCOMP: Record<Abi, string> = {
  'x86-64': 'x86_64',
  x32: 'x32',
  x86: 'x86',
  arm64: 'aarch64',
  arm: 'arm',
  riscv64: 'riscv64',
};

/** Calls that our tables have and a libseccomp may not know yet. */
const NEWER_THAN_LIBSECCOMP = new Set([
  'fchroot',
  'file_getattr',
  'file_setattr',
  'listns',
  'open_tree_attr',
  'rseq_slice_yield',
  'uprobe',
]);
const UNKNOWN_TO_LIBSECCOMP = -1;

/** libseccomp has it on arm as `arm_sync_file_range`, the kernel's first name. systemd's sets have the second. */
const RENAMED_ON_ARM = 'sync_file_range2';

/** The number that libseccomp gives each name, x32's without bit 30; negative where the ABI lacks the call. */
async function askLibseccomp(abi: Abi, names: readonly string[]): Promise<number[]> {
  const script = `while read -r name; do scmp_sys_resolver -a ${LIBSECCOMP[abi]} "$name"; done`;
  const { stdout } = await inLayer(['sh', '-c', script], { input: `${names.join('\n')}\n` });
  const numbers = stdout.trimEnd().split('\n').map(Number);
  assert.equal(numbers.length, names.length);
  return abi === 'x32' ? numbers.map((nr) => (nr < 0 ? nr : nr & 0x3fffffff)) : numbers;
}

/** What libseccomp answers for a call that x86 has behind `socketcall` or `ipc`: a negative number of its own. */
function pseudoNumber(abi: Abi, name: string): number | undefined {
  for (const [i, { calls }] of (MULTIPLEXED.get(abi) ?? []).entries()) {
    for (const [selector, [call]] of calls) if (call === name) return -((i + 1) * 100 + Number(selector));
  }
  return undefined;
}

for (const abi of abis) {
  test(`libseccomp has the same numbers on ${abi}`, { skip: layerAvailable() }, async () => {
    const names = [...new Set([...callNames(), ...callsInSets(bundledSets())])];
    const answers = await askLibseccomp(abi, names);
    const differing = names.filter((name, i) => {
      const answer = answers[i]!;
      if (answer === UNKNOWN_TO_LIBSECCOMP && NEWER_THAN_LIBSECCOMP.has(name)) return false;
      if (abi === 'arm' && name === RENAMED_ON_ARM) return answer >= 0;
      const pseudo = pseudoNumber(abi, name);
      if (pseudo !== undefined) return answer !== pseudo;
      return (answer < 0 ? undefined : answer) !== numbersOf(abi).get(name);
    });
    assert.deepEqual(differing, []);
  });
}

const NAMESAKES: readonly [Abi, string, string | undefined][] = [
  ['x86-64', 'send', 'sendto'],
  ['x86-64', 'recv', 'recvfrom'],
  ['x86-64', 'umount', 'umount2'],
  ['x86-64', 'stat64', 'stat'],
  ['x86-64', 'waitpid', undefined],
  ['arm64', 'open', 'openat'],
  ['arm64', 'stat', 'newfstatat'],
  ['arm64', 'access', 'faccessat'],
  ['arm64', 'dup2', 'dup3'],
  ['arm64', 'pipe', 'pipe2'],
  ['arm64', 'poll', 'ppoll'],
  ['arm64', 'select', 'pselect6'],
  ['arm64', 'fork', undefined],
];

for (const [abi, call, other] of NAMESAKES) {
  test(`on ${abi} ${other ?? 'nothing'} stands in for ${call}`, () => {
    assert.equal(namesake(call, abi), other);
  });
}

test('a call is absent where no ABI has it, unless it is newer than the tables', () => {
  const newer = parseSyscallFilterListing('@default\n    futuristic_call\n', '300');
  assert.equal(isAbsent('umount', ['x86-64']), true);
  assert.equal(isAbsent('umount', ['x86-64', 'x86']), false);
  assert.equal(isAbsent('execv', ['x86-64', 'x86']), true);
  assert.equal(isAbsent('futuristic_call', ['x86-64'], newer), false);
});
