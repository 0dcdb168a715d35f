import { type TestContext, test } from 'node:test';

interface TestOptions {
  readonly skip?: string | boolean | undefined;
}

type Body = (t: TestContext) => void | Promise<void>;

/** test() of node:test. */
export type Test = (title: string, ...rest: [body: Body] | [options: TestOptions, body: Body]) => void;

/**
 * test() for the tests of a file that an obstacle keeps from running here, if there is one. It is a function of node's own
 * in both cases: the result of a test is reported under the file that calls it.
 */
export function testsUnless(obstacle: string | false | undefined): Test {
  if (!obstacle) return test as Test;
  console.error(obstacle);
  return test.skip as Test;
}
