import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  type CLibrary,
  callsOfFunction,
  callsOfStart,
  cLibraryGraph,
  cLibraryNamed,
} from '../../../../src/learn/profile/reachable/c-library.js';
import { reachFrom } from '../../../../src/learn/profile/reachable/reach.js';
import { libcSource } from '../../../../src/seccomp/syscalls/generated/libc.js';
import { numbersOf } from '../../../../src/seccomp/syscalls/numbers.js';
import { readImage } from '../../../../src/systemd/formats/elf-image.js';
import { layerAvailable } from '../../../support/layer.js';
import { debianTree } from '../../../support/tree.js';

const LIBRARIES: readonly CLibrary[] = ['glibc', 'musl'];

test('the table names its versions', () => {
  assert.match(libcSource, /^glibc 2\.31 2\.36 2\.41 2\.\d+, musl 1\.2\.2 1\.2\.3 1\.2\.5 1\.2\.\d$/);
});

for (const [name, library] of [
  ['libc.so.6', 'glibc'],
  ['ld-linux-x86-64.so.2', 'glibc'],
  ['ld-linux-aarch64.so.1', 'glibc'],
  ['libpthread.so.0', 'glibc'],
  ['libc.so', 'musl'],
  ['ld-musl-x86_64.so.1', 'musl'],
  ['libc.musl-aarch64.so.1', 'musl'],
  ['libcap.so.2', undefined],
  ['libcrypt.so.1', undefined],
  ['nginx', undefined],
] as const) {
  test(`${name} is from ${library ?? 'no C library'}`, () => assert.equal(cLibraryNamed(name), library));
}

/** Calls that must be known, by the function: the call of its name, or what it becomes. */
const CALLS: Readonly<Record<string, string>> = {
  open: 'openat',
  read: 'read',
  accept4: 'accept4',
  epoll_wait: 'epoll_wait',
  poll: 'ppoll',
  system: 'wait4',
  setuid: 'setuid',
  setgroups: 'setgroups',
  getpwnam: 'connect',
  dup2: 'dup3',
  mkdir: 'mkdirat',
  socketpair: 'socketpair',
  posix_fallocate: 'fallocate',
  sem_wait: 'futex',
  pthread_create: 'clone',
  timer_create: 'timer_create',
};

for (const library of LIBRARIES) {
  test(`functions of ${library} lead to their calls`, () => {
    const always = new Set(callsOfStart(library));
    const without = Object.entries(CALLS).filter(
      ([name, call]) => !always.has(call) && !callsOfFunction(library, name).includes(call),
    );
    assert.deepEqual(without, []);
  });

  test(`the start of ${library} has what every program does`, () => {
    const always = callsOfStart(library);
    const expected = ['openat', 'mmap', 'mprotect', 'munmap', 'exit_group', 'set_tid_address', 'writev'];
    const found = expected.filter((call) => !always.includes(call));
    assert.deepEqual(found, []);
    for (const call of ['socket', 'connect', 'bind', 'ptrace', 'mount'])
      assert.ok(!always.includes(call), call);
  });

  test(`calls of ${library} are known by name, and each only once`, () => {
    const names = numbersOf('x86-64');
    const others = ['printf', 'start', 'popen', 'no_such_function'].flatMap((name) =>
      callsOfFunction(library, name),
    );
    for (const call of [...callsOfStart(library), ...others]) assert.ok(names.has(call), call);
    assert.equal(new Set(callsOfStart(library)).size, callsOfStart(library).length);
  });
}

test('a function without calls, and an unknown one, have no calls', () => {
  for (const name of ['strlen', 'memcpy', 'no_such_function', 'start'])
    assert.deepEqual(callsOfFunction('glibc', name), []);
});

/** Functions that bear a call's name and make another one, or none. */
const OTHERWISE =
  /^(adjtimex|brk|creat|eventfd|exit|fork|futimesat|getdents|getp?msg|putp?msg|getrlimit|l?stat|mknod|nanosleep|open|pipe|select|semop|setrlimit|signalfd|syslog|time|utimes?|alarm|getpgrp)$/;

test('a function that bears the name of a call leads there', { skip: layerAvailable() }, () => {
  const path = join(debianTree('toolchain'), 'usr/lib/x86_64-linux-gnu/libc.so.6');
  const graph = cLibraryGraph('glibc', readImage(readFileSync(path))!);
  const numbers = numbersOf('x86-64');
  const same = [...graph.image.exports.keys()].filter((name) => numbers.has(name) && !OTHERWISE.test(name));
  const astray = same.filter((name) => !reachFrom([graph], name).numbers.has(numbers.get(name)!));
  assert.ok(same.length > 250, String(same.length));
  assert.deepEqual(astray, []);
});

test("the table matches this Debian's C library", { skip: layerAvailable() }, () => {
  const path = join(debianTree('toolchain'), 'usr/lib/x86_64-linux-gnu/libc.so.6');
  const graph = cLibraryGraph('glibc', readImage(readFileSync(path))!);
  const names = new Map([...numbersOf('x86-64')].map(([name, number]) => [number, name]));
  const always = new Set(callsOfStart('glibc'));
  for (const name of ['getaddrinfo', 'fopen', 'popen', 'pthread_create', 'syslog', 'recvmmsg', 'setuid']) {
    const found = [...reachFrom([graph], name).numbers].map((number) => names.get(number)!);
    const table = callsOfFunction('glibc', name);
    assert.deepEqual(
      found.filter((call) => !always.has(call) && !table.includes(call)),
      [],
      name,
    );
  }
});
