/**
 * As much of JSON Schema as the schemas of policies (draft-07) and of outputs (2020-12) use; anything else in a schema is
 * an error. An object has no other keys than those of its schema, where that is its type and has any.
 */

export interface Schema {
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly format?: 'date-time';
  readonly items?: Schema;
  readonly minItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean;
  readonly propertyNames?: Schema;
  readonly required?: readonly string[];
}

const KEYWORDS = new Set([
  ...['type', 'enum', 'anyOf', 'minimum', 'maximum', 'pattern', 'items', 'minItems', 'properties'],
  ...['additionalProperties', 'required', 'description', 'title', '$schema', 'const', 'format'],
  ...['propertyNames', '$id', '$defs'],
]);

/** Where a value differs from a schema, as paths. */
export function schemaErrors(schema: Schema, value: unknown, path = ''): string[] {
  const foreign = Object.keys(schema).find((keyword) => !KEYWORDS.has(keyword));
  if (foreign !== undefined) throw new Error(`'${foreign}' is not known here`);
  const here = path || '/';
  if (schema.type !== undefined && ![schema.type].flat().some((type) => isOfType(type, value))) return [here];
  if (schema.enum && !schema.enum.includes(value)) return [here];
  if ('const' in schema && schema.const !== value) return [here];
  if (schema.anyOf && !schema.anyOf.some((one) => schemaErrors(one, value).length === 0)) return [here];
  if (typeof value === 'number' && !inRange(schema, value)) return [here];
  if (typeof value === 'string' && schema.pattern && !new RegExp(schema.pattern, 'u').test(value))
    return [here];
  if (typeof value === 'string' && schema.format && !DATE_TIME.test(value)) return [here];
  if (Array.isArray(value)) return listErrors(schema, value, path);
  return typeof value === 'object' && value !== null
    ? tableErrors(schema, value as Record<string, unknown>, path)
    : [];
}

/** RFC 3339, in UTC. */
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;

function isOfType(type: string, value: unknown): boolean {
  if (type === 'null') return value === null;
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === type;
}

const inRange = ({ minimum = -Infinity, maximum = Infinity }: Schema, value: number) =>
  value >= minimum && value <= maximum;

function listErrors({ items, minItems = 0 }: Schema, list: readonly unknown[], path: string): string[] {
  if (list.length < minItems) return [path];
  return items ? list.flatMap((element, i) => schemaErrors(items, element, `${path}/${i}`)) : [];
}

function tableErrors(schema: Schema, table: Record<string, unknown>, path: string): string[] {
  const { properties = {}, required = [], propertyNames = {} } = schema;
  const { additionalProperties = schema.type === undefined || schema.properties === undefined } = schema;
  const missing = required.filter((key) => !Object.hasOwn(table, key)).map((key) => `${path}/${key}`);
  const wrong = Object.entries(table).flatMap(([key, value]) => {
    if (schemaErrors(propertyNames, key).length > 0) return [`${path}/${key}`];
    if (Object.hasOwn(properties, key)) return schemaErrors(properties[key]!, value, `${path}/${key}`);
    return additionalProperties ? [] : [`${path}/${key}`];
  });
  return [...missing, ...wrong];
}
