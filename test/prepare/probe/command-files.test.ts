import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readCommands } from '../../../src/prepare/probe/command-files.js';
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

const read = async (
  files: FakeOptions['files'],
  places: Readonly<Record<string, string[]>>,
  offline = false,
) => {
  const context = fakeContext(new Linked({ files: { ...files } }), { offline });
  return Object.fromEntries(await readCommands(context, new Map(Object.entries(places))));
};

test("the files of a command are its program and a script's interpreter, each with and without links", async () => {
  const files = {
    '/bin/tool': program(elf()),
    '/bin/script': program('#!/bin/tool -x\n'),
  };
  const tool = ['/bin/tool', '/usr/bin/tool'];
  assert.deepEqual(await read(files, { '/bin/tool': ['/bin/tool'], script: ['/a/script', '/bin/script'] }), {
    '/bin/tool': { files: [tool], needed: [] },
    script: { files: [['/bin/script'], tool], needed: [] },
  });
  const offline = await read(files, { '/bin/tool': ['/bin/tool'] }, true);
  assert.deepEqual(offline['/bin/tool']!.files, [['/bin/tool']]);
});

test('of a script the libraries of its interpreter count, behind env(1) of the program that env starts', async () => {
  const files = {
    '/bin/shell': program(shell),
    '/a': program('#!/bin/shell\n'),
    '/b': program('#!/usr/bin/env shell\n'),
    '/c': program('#!/usr/bin/env none\n'),
    '/usr/bin/env': program(elf()),
  };
  const found = await read(files, { '/a': ['/a'], '/b': ['/b'], '/c': ['/c'] });
  assert.ok(found['/a']!.needed.includes('libc.so.6'));
  assert.ok(found['/b']!.needed.includes('libc.so.6'));
  assert.deepEqual(found['/c']!.needed, []);
});

test('a program that is not there, or can not be read, is left out', async () => {
  assert.deepEqual(await read({}, { '/gone': ['/gone'] }), {});
  const system = new FakeSystem({ files: { '/x': program('') }, unreadable: ['/x'] });
  assert.equal((await readCommands(fakeContext(system), new Map([['/x', ['/x']]]))).size, 0);
});
