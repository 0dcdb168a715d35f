/** As much of JSON Schema (draft-07) as the schema of policies uses; anything else in a schema is an error. */

interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean;
  readonly required?: readonly string[];
}

const KEYWORDS = new Set([
  ...['type', 'enum', 'anyOf', 'minimum', 'maximum', 'pattern', 'items', 'minItems', 'properties'],
  ...['additionalProperties', 'required', 'description', 'title', '$schema'],
]);

/** Where a value differs from a schema, as paths. */
export function schemaErrors(schema: Schema, value: unknown, path = ''): string[] {
  const foreign = Object.keys(schema).find((keyword) => !KEYWORDS.has(keyword));
  if (foreign !== undefined) throw new Error(`'${foreign}' is not known here`);
  const here = path || '/';
  if (schema.type !== undefined && ![schema.type].flat().some((type) => isOfType(type, value))) return [here];
  if (schema.enum && !schema.enum.includes(value)) return [here];
  if (schema.anyOf && !schema.anyOf.some((one) => schemaErrors(one, value).length === 0)) return [here];
  if (typeof value === 'number' && !inRange(schema, value)) return [here];
  if (typeof value === 'string' && schema.pattern && !new RegExp(schema.pattern, 'u').test(value))
    return [here];
  if (Array.isArray(value)) return listErrors(schema, value, path);
  return typeof value === 'object' && value !== null
    ? tableErrors(schema, value as Record<string, unknown>, path)
    : [];
}

function isOfType(type: string, value: unknown): boolean {
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
  const { properties = {}, additionalProperties = true, required = [] } = schema;
  const missing = required.filter((key) => !Object.hasOwn(table, key)).map((key) => `${path}/${key}`);
  const wrong = Object.entries(table).flatMap(([key, value]) => {
    if (Object.hasOwn(properties, key)) return schemaErrors(properties[key]!, value, `${path}/${key}`);
    return additionalProperties ? [] : [`${path}/${key}`];
  });
  return [...missing, ...wrong];
}
