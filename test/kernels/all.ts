import { argumentTests } from './arguments.js';
import { entryTests, tracerTests, yamaTests } from './entry.js';
import { escapeTests } from './escape.js';
import { filterTests } from './filters.js';
import { launcherTests } from './launcher.js';
import { listTests } from './lists.js';
import { observerTests } from './observer.js';
import { tightenTests, tightenUnderYamaTests } from './tighten.js';

/** All groups of tests, in an order that each can bear. */
export const ALL = [
  ...[filterTests, argumentTests, launcherTests, escapeTests, listTests, entryTests, tracerTests],
  observerTests,
  tightenTests,
  yamaTests,
  tightenUnderYamaTests,
];

/** Debian has x32 in its kernels, but turned off. */
export const WITH_X32 = { commandLine: 'syscall.x32=y' };
