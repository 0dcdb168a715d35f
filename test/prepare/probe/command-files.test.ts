import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { neededLibraries, openedFiles } from '../../../src/prepare/probe/command-files.js';
import { elf } from '../../support/elf.js';
import { type FakeOptions, FakeSystem, fakeContext, program } from '../../support/fake-system.js';

const shell = readFileSync('/bin/sh');

/** A machine whose /bin/tool is a link. */
class Linked extends FakeSystem {
  override async walk(path: string) {
    const walked = await super.walk(path);
    return path === '/bin/tool' ? { ...walked, real: '/usr/bin/tool' } : walked;
  }
}

const machine = (files: FakeOptions['files'], offline = false) =>
  fakeContext(new Linked({ files: { ...files } }), { offline });

test("the files of a command are its program and a script's interpreter, each with and without links", async () => {
  const files = { '/bin/tool': program(elf()), '/bin/script': program('#!/bin/tool -x\n') };
  const tool = ['/bin/tool', '/usr/bin/tool'];
  assert.deepEqual(await openedFiles(machine(files), ['/bin/tool']), tool);
  assert.deepEqual(await openedFiles(machine(files), ['/a/gone', '/bin/script']), ['/bin/script', ...tool]);
  assert.deepEqual(await openedFiles(machine(files, true), ['/bin/tool']), ['/bin/tool']);
});

test('for a script the libraries of its interpreter count, and behind env(1) those of the program', async () => {
  const files = {
    '/bin/shell': program(shell),
    '/a': program('#!/bin/shell\n'),
    '/b': program('#!/usr/bin/env shell\n'),
    '/c': program('#!/usr/bin/env none\n'),
    '/usr/bin/env': program(elf()),
  };
  const places = new Map<string, string[]>([
    ...['/a', '/b', '/c'].map((path): [string, string[]] => [path, [path]]),
    ['shell', ['/x', '/bin/shell']],
  ]);
  const found = await neededLibraries(machine(files), places);
  for (const name of ['/a', '/b', 'shell']) assert.ok(found.get(name)!.includes('libc.so.6'), name);
  assert.deepEqual(found.get('/c'), []);
});

test('a missing or unreadable program is left out', async () => {
  assert.deepEqual([...(await neededLibraries(machine({}), new Map([['/gone', ['/gone']]])))], []);
  const system = new FakeSystem({ files: { '/x': program('') }, unreadable: ['/x'] });
  assert.equal((await neededLibraries(fakeContext(system), new Map([['/x', ['/x']]]))).size, 0);
  assert.deepEqual(await openedFiles(fakeContext(system), ['/x']), []);
});
