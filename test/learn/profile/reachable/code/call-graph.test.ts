/** Tests of learn/profile/reachable/code/call-graph.ts and learn/profile/reachable/code/parts.ts: libraries as compilers make them. */
import assert from 'node:assert/strict';
import { CallGraph } from '../../../../../src/learn/profile/reachable/code/call-graph.js';
import {
  BARE_LIBRARY,
  COMPILED_MACHINES,
  compileImage,
  SYSTEM_CALL,
} from '../../../../support/compiled-elf.js';
import { layerAvailable } from '../../../../support/layer.js';
import { temporaryFolder } from '../../../../support/temporary.js';
import { testsUnless } from '../../../../support/tests-unless.js';

const test = testsUnless(layerAvailable());

const SOURCE = `${SYSTEM_CALL}
extern void other(void);
extern long syscall(long, ...);

static apart void deep(void) { system_call(101); }
void direct(void) { deep(); system_call(102); }
void tail(void) { deep(); direct(); }
void elsewhere(void) { other(); system_call(103); }

static apart void one(void) { system_call(104); }
static apart void two(void) { system_call(105); }
static void (*volatile chosen)(void) = one;
void by_variable(void) { chosen(); }
struct kind { const char *name; void (*run)(void); };
static struct kind kinds[] = { { "one", one }, { "two", two } };
void by_table(int i) { kinds[i].run(); }
static apart void called_back(void) { system_call(106); }
void (*handler)(void);
void install(void) { handler = called_back; }

int busy;
static apart long numbered(long a, long b, long c, long d, long e, long f, long n) { return system_call(n); }
static apart long wrapped(long n) { return numbered(0, 0, 0, 0, 0, 0, n) + 1; }
long passes_last(void) { return numbered(1, 2, 3, 4, 5, 6, 107) + 1; }
long passes_on(void) { return wrapped(108) + 1; }
long of_two(int i) {
  long n;
  if (i) { n = 109; busy++; } else { n = 250; busy--; }
  return wrapped(n) + 1;
}

long by_syscall(void) { return syscall(111, 1) + 1; }

long in_loop(volatile int *p, int n) {
  long r = 0;
  while (*p) { if (n & 1) r += system_call(112); else busy++; n >>= 1; }
  return r;
}
long table_of_numbers[] = { 113, 114 };
long any(int i) { return system_call(table_of_numbers[i & 1]); }
long any_by_syscall(int i) { return syscall(table_of_numbers[i & 1]) + 1; }
`;

type Followed = Readonly<Record<'calls' | 'names', readonly (string | number)[]>>;

/** What is reached from an exported name. */
function follow(graph: CallGraph, name: string): Followed {
  const reached = new Set(graph.partsAt(graph.image.exports.get(name)!));
  const names = new Set<string>();
  for (const part of reached) {
    for (const to of graph.facts(part).steps) {
      if (typeof to === 'number') reached.add(to);
      else if (!graph.image.exports.has(to)) names.add(to);
      else for (const at of graph.partsAt(graph.image.exports.get(to)!)) reached.add(at);
    }
  }
  const own = [...reached].flatMap((part) => [...graph.facts(part).calls]);
  const passed = [...graph.passedNumbers(reached).numbers.values()].flatMap((numbers) => [...numbers]);
  return { calls: [...new Set([...own, ...passed])].sort(), names: [...names].sort() };
}

const EXPECTED: Readonly<Record<string, readonly number[]>> = {
  direct: [101, 102],
  tail: [101, 102],
  elsewhere: [103],
  by_variable: [104],
  by_table: [104, 105],
  install: [106],
  passes_last: [107],
  passes_on: [108],
  of_two: [109, 250],
  by_syscall: [111],
  in_loop: [112],
  any: [],
};

/** Functions for which variables beside those that they use count, too. */
const TOUCH_DATA = new Set(['by_variable', 'by_table', 'install', 'of_two', 'in_loop', 'any']);

for (const machine of COMPILED_MACHINES) {
  for (const [kind, options] of [
    ['as usual', []],
    ['without a table for unwinding', ['-fno-asynchronous-unwind-tables']],
    ['without a linkage table', ['-fno-plt']],
    [
      'with guarded control flow',
      machine === 'arm64' ? ['-mbranch-protection=standard'] : ['-fcf-protection=full'],
    ],
  ] as const) {
    test(`calls of a library of ${machine}, built ${kind}, are followed`, async (t) => {
      const folder = temporaryFolder(t);
      const image = await compileImage(machine, folder, 'library.so', SOURCE, [...BARE_LIBRARY, ...options]);
      const graph = new CallGraph(image, 8);
      for (const [name, calls] of Object.entries(EXPECTED)) {
        const found = follow(graph, name);
        assert.ok(
          calls.every((call) => found.calls.includes(call)),
          `${name}: ${found.calls}`,
        );
        if (kind !== 'without a table for unwinding' && !TOUCH_DATA.has(name))
          assert.deepEqual(found.calls, calls, name);
      }
      assert.deepEqual(follow(graph, 'elsewhere').names, ['other']);
      assert.deepEqual(follow(graph, 'by_syscall').names, ['syscall']);
    });
  }

  test(`a number of ${machine} that comes from elsewhere is reported`, async (t) => {
    const image = await compileImage(machine, temporaryFolder(t), 'library.so', SOURCE, BARE_LIBRARY);
    const graph = new CallGraph(image, 8);
    const isOpen = (name: string) =>
      graph.partsAt(image.exports.get(name)!).some((part) => graph.facts(part).isOpen);
    const names = Object.keys(EXPECTED);
    assert.deepEqual([...names, 'any_by_syscall'].filter(isOpen), ['any', 'any_by_syscall']);
    assert.equal(graph.passedNumbers(graph.all()).open.size, 2);
  });
}

const TRAMPOLINE = `
__asm__(".text\\n.p2align 4\\n.cfi_startproc\\n.byte 0\\nrestore: mov $15, %rax\\nsyscall\\n.cfi_endproc");
extern char restore[] __attribute__((visibility("hidden")));
void *end_of_handlers(void) { return restore; }
`;

test('the end of signal handlers, which begins a byte early, is understood', async (t) => {
  const image = await compileImage('x86-64', temporaryFolder(t), 'library.so', TRAMPOLINE, BARE_LIBRARY);
  const graph = new CallGraph(image, 8);
  assert.deepEqual(follow(graph, 'end_of_handlers').calls, [15]);
  assert.equal(graph.passedNumbers(graph.all()).open.size, 0);
});

const BETWEEN = `${SYSTEM_CALL}
static apart void before(void) { system_call(101); }
void begin(void) { before(); }
__asm__(".text\\n.p2align 4\\n.fill 32, 1, 0x90\\nmov $102, %eax\\nsyscall\\nmov (%rdi), %eax\\nsyscall\\nret\\n.p2align 6");
void end(void) { system_call(103); }
`;

test('bytes between functions count, except for numbers that come from elsewhere', async (t) => {
  const options = [...BARE_LIBRARY, '-fno-toplevel-reorder'];
  const image = await compileImage('x86-64', temporaryFolder(t), 'library.so', BETWEEN, options);
  const graph = new CallGraph(image, 8);
  const calls = graph.all().flatMap((part) => [...graph.facts(part).calls]);
  assert.deepEqual([...new Set(calls)].sort(), [101, 102, 103]);
  assert.equal(graph.passedNumbers(graph.all()).open.size, 0);
});
