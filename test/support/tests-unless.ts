import { type TestContext, test } from 'node:test';

interface TestOptions {
  readonly skip?: string | boolean | undefined;
}

type Body = (t: TestContext) => void | Promise<void>;

/** test() of node:test. */
export type Test = (title: string, ...rest: [body: Body] | [options: TestOptions, body: Body]) => void;

/**
 * test() for the tests of a file that an obstacle keeps from running here, if there is one. Without one it is node's own:
 * a failure is reported under the file that calls it.
 */
export const testsUnless = (obstacle: string | false | undefined): Test =>
  obstacle ? (title, ...rest) => void test(title, { skip: obstacle }, rest.at(-1) as Body) : (test as Test);
