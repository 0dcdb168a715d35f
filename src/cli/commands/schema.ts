import { didYouMean, failure } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { type Outcome, printed } from '../../outcome.js';
import { type Keys, POLICY, type Shape } from '../../policy/schema.js';
import { directives } from '../../systemd/directives/table.js';

type JsonSchema = Readonly<Record<string, unknown>>;

/** The JSON Schema of policies, or of an output. */
export async function schema(context: Context, [output]: readonly string[]): Promise<Outcome> {
  const json = output === undefined ? policySchema() : await outputSchema(context, output);
  return printed(`${JSON.stringify(json, undefined, 2)}\n`, { schema: json });
}

/** The names of the schemas of outputs, sorted: `plan`. */
export const outputNames = async ({ program, home }: Context): Promise<string[]> =>
  (await program.list(`${home}/schemas`)).flatMap((file) => /^([a-z-]+)\.json$/.exec(file)?.[1] ?? []);

/** The JSON Schema (2020-12) of an output, with the files that it refers to among its `$defs`. */
async function outputSchema(context: Context, name: string): Promise<JsonSchema> {
  const names = await outputNames(context);
  if (!names.includes(name)) {
    const hint = didYouMean(name, names) ?? `available: ${names.join(', ')}`;
    throw failure('usage', `no schema '${name}'`, { hint });
  }
  const others: Record<string, JsonSchema> = {};
  const read = async (file: string): Promise<JsonSchema> => {
    const found = await context.program.read(`${context.home}/schemas/${file}`);
    const text = new TextDecoder().decode(found?.bytes);
    for (const [, other = ''] of text.matchAll(/"\$ref": "([a-z-]+\.json)#/g))
      others[other] ??= await read(other);
    return JSON.parse(text);
  };
  const own = await read(`${name}.json`);
  return { ...own, $defs: { ...(own.$defs as JsonSchema), ...others } };
}

/** The JSON Schema (draft-07) of policies, for editors that complete and check TOML by one. */
const policySchema = (): JsonSchema => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'sandbox-unit policy',
  ...table(POLICY),
});

function table(keys: Keys, more: JsonSchema = {}): JsonSchema {
  const required = Object.keys(keys).filter((name) => keys[name]!.required);
  const properties = Object.entries(keys).map(([name, { shape, doc }]) => [
    name,
    { description: doc, ...shapeSchema(shape) },
  ]);
  return {
    type: 'object',
    additionalProperties: false,
    properties: { ...Object.fromEntries(properties), ...more },
    ...(required.length > 0 ? { required } : {}),
  };
}

const STRING: JsonSchema = { type: 'string' };
const WORDS: JsonSchema = { type: 'array', items: STRING, minItems: 1 };

function shapeSchema(shape: Shape): JsonSchema {
  switch (shape.type) {
    case 'string':
    case 'boolean':
      return { type: shape.type };
    case 'choice':
      return { type: 'string', enum: shape.values };
    case 'number':
      return { type: 'integer', enum: shape.values };
    case 'span':
      return { type: 'string', pattern: '^[0-9]' };
    case 'action':
      return { anyOf: [{ type: 'string' }, { type: 'integer', minimum: 1, maximum: 4094 }] };
    case 'operand':
      return { type: ['string', 'integer'] };
    case 'list':
      return {
        type: 'array',
        items: shapeSchema(shape.of),
        ...(shape.minimum ? { minItems: shape.minimum } : {}),
      };
    case 'probes':
      return { anyOf: [STRING, { ...WORDS, items: { anyOf: [STRING, WORDS] } }] };
    case 'table':
      return table(shape.keys);
    case 'directives':
      return table(
        shape.keys,
        Object.fromEntries(directives().map(({ name, man }) => [name, { description: `${man}(5)` }])),
      );
  }
}
