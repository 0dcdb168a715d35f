import { EXIT } from '../diagnostic.js';
import { directives } from '../directives/table.js';
import type { Outcome } from '../outcome.js';
import { type Keys, POLICY, type Shape } from '../policy/schema.js';

type Json = Readonly<Record<string, unknown>>;

/** The JSON Schema (draft-07) of policies, for editors that complete and check TOML by one. */
export async function schema(): Promise<Outcome> {
  const json = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'sandbox-unit policy',
    ...table(POLICY),
  };
  return {
    exit: EXIT.ok,
    json: { schema: json },
    text: `${JSON.stringify(json, undefined, 2)}\n`,
    diagnostics: [],
    sources: new Map(),
  };
}

function table(keys: Keys, more: Json = {}): Json {
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

const STRING: Json = { type: 'string' };
const WORDS: Json = { type: 'array', items: STRING, minItems: 1 };

function shapeSchema(shape: Shape): Json {
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
