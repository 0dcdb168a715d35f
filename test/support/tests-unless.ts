import { type TestContext, test } from 'node:test';

interface TestOptions {
  readonly skip?: string | boolean | undefined;
}

type Body = (t: TestContext) => void | Promise<void>;

/** test() of node:test. */
export type Test = (title: string, ...rest: [body: Body] | [options: TestOptions, body: Body]) => void;

/** test() for the tests of a file that can't run here because of an obstacle, or with their own. */
export const testsUnless =
  (obstacle: string | false | undefined): Test =>
  (title, ...rest) => {
    const [options, body] = rest.length === 1 ? [{}, rest[0]] : rest;
    void test(title, { skip: obstacle || (options.skip ?? false) }, body);
  };
