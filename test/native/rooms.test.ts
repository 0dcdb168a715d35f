import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { NATIVE } from '../support/native.js';
import { nativeViolations, ROOMS } from '../support/native-rooms.js';
import { inRepository } from '../support/repository.js';

const paths = readdirSync(NATIVE, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.[ch]$/.test(path))
  .sort();
const sources = new Map(paths.map((path) => [path, readFileSync(join(NATIVE, path), 'utf8')]));

test('the C sources keep to their rooms', () => {
  assert.ok(sources.size > 50);
  assert.deepEqual(nativeViolations(sources), []);
});

test('rooms are the existing folders, each uses only those before it, and the manual lists them all', () => {
  const names = Object.keys(ROOMS);
  assert.deepEqual([...names].sort(), [...new Set(paths.map((path) => path.split('/')[0]))].sort());
  for (const [index, [name, { uses }]] of Object.entries(ROOMS).entries())
    for (const used of uses) assert.ok(names.slice(0, index).includes(used), `${name} uses ${used}`);
  const rows = readFileSync(inRepository('ARCHITECTURE.md'), 'utf8').matchAll(
    /^\| `native-helper\/([^`]+)\/` \|/gm,
  );
  const found = [...rows].map(([, name]) => name);
  assert.deepEqual(found, names);
});

test('the Makefile builds every source, and freestanding programs need no C library', () => {
  const makefile = readFileSync(join(NATIVE, 'Makefile'), 'utf8');
  for (const path of paths.filter((each) => each.endsWith('.c')))
    assert.match(makefile, new RegExp(`(?:^|\\s)${path.replaceAll('.', '\\.')}\\s`), path);
  for (const [name, { uses, isHosted }] of Object.entries(ROOMS))
    for (const used of uses) assert.ok(isHosted || !ROOMS[used]!.isHosted, `${name} uses ${used}`);
});

/** One file with one fault each, and what is said of it. */
const FAULTS: readonly [path: string, text: string, says: string][] = [
  ['base/x.c', '#include "seccomp/load.h"', '1: base may not include seccomp/load.h'],
  ['tracer/x.h', '\n#include "launcher/options.h"', '2: tracer may not include launcher/options.h'],
  ['launcher/x.c', '#include "sandboxify/calls.h"', '1: launcher may not include sandboxify/calls.h'],
  ['base/x.c', '#include "../seccomp/load.h"', "1: '../seccomp/load.h' is not in native-helper/"],
  ['launcher/x.c', '#include "load.h"', "1: 'load.h' is not in native-helper/"],
  ['launcher/x.c', '#include "launcher/options.h"', "1: 'launcher/options.h' is in the same room"],
  ['new/x.c', '#include "seccomp/load.h"', "1: 'new' has no place in ROOMS"],
  ['seccomp/x.c', '#include <stdio.h>', '1: seccomp has no C library for <stdio.h>'],
  ['seccomp/x.c', '#include <sys/ptrace.h>', '1: seccomp has no C library for <sys/ptrace.h>'],
  [
    'observe/x.h',
    '#include <bpf/libbpf.h>\n#include "read-filters/x.h"',
    "2: 'read-filters/x.h' is not in native-helper/",
  ],
  ['launcher/x.h', '#include <bpf/bpf_helpers.h>', '1: launcher has no C library for <bpf/bpf_helpers.h>'],
  [
    'observe-bpf/x.h',
    '#include <bpf/bpf_helpers.h>\n#include <stdio.h>',
    '2: observe-bpf has no C library for <stdio.h>',
  ],
  ['pty-relay/x.c', '/* What is left. */', '1: a comment begins with a named thing'],
  ['base/x.c', '/*\n * The same for others.\n */', '2: a comment begins with a named thing'],
  ['base/x.c', '\n'.repeat(301), '301: 301 lines; 300 are the most'],
];

for (const [path, text, says] of FAULTS) {
  test(`a fault in native-helper/${path} is found: ${says.replace(/^\d+: /, '')}`, () => {
    const others = new Map(
      ['seccomp/load.h', 'launcher/options.h', 'sandboxify/calls.h'].map((each) => [each, '']),
    );
    const found = nativeViolations(new Map([...others, [path, text]]));
    assert.equal(found.length, 1);
    assert.ok(found[0]!.startsWith(`native-helper/${path}:${says}`), found[0]);
  });
}
