/** Values as the bus has them (D-Bus Specification, "Marshaling"). */

/** Where the complete type ends that begins at a place of a signature. */
function endOf(signature: string, at: number): number {
  const first = signature[at];
  if (first === undefined) throw new RangeError(`'${signature}' ends within a type`);
  if (first === 'a') return endOf(signature, at + 1);
  if (first !== '(' && first !== '{') return at + 1;
  const last = first === '(' ? ')' : '}';
  let end = at + 1;
  while (signature[end] !== last) end = endOf(signature, end);
  return end + 1;
}

/** The complete types of a signature. @throws RangeError where the last one has no end */
export function typesIn(signature: string): string[] {
  const types: string[] = [];
  for (let at = 0; at < signature.length; at += types.at(-1)!.length)
    types.push(signature.slice(at, endOf(signature, at)));
  return types;
}

/** Values of a message, read one after the other. All throw a RangeError or TypeError where there are no such values. */
export interface Marshalled {
  /**
   * 64-bit numbers are bigint, structs arrays, tables of texts objects, lists of bytes a part of the message, and variants
   * `{ signature, value }`.
   */
  readonly values: (signature: string) => unknown[];
  /** The elements of an array that ends at a place. */
  readonly elements: (type: string, end: number) => unknown[];
}

/**
 * Reads a message. A class with private parts would take twice as long.
 * @param bytes from where a value of any type may be
 * @param from where values begin
 */
export function marshalled(bytes: Buffer, isLittle: boolean, from = 0): Marshalled {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = from;

  const align = (size: number) => {
    at = (at + size - 1) & -size;
  };
  /** The place of a value of so many bytes, by which it is aligned. */
  const next = (size: number): number => {
    align(size);
    at += size;
    return at - size;
  };
  const byte = () => view.getUint8(next(1));
  const number = () => view.getUint32(next(4), isLittle);

  /** Behind a text is NUL. */
  const text = (length: number): string => {
    const start = at;
    at += length + 1;
    if (at > bytes.length) throw new RangeError('a text is longer than its message');
    return length === 0 ? '' : bytes.toString('utf8', start, at - 1);
  };

  const variant = () => {
    const signature = text(byte());
    if (endOf(signature, 0) !== signature.length) throw new TypeError(`'${signature}' is not one type`);
    return { signature, value: value(signature) };
  };

  const each = (types: readonly string[]): unknown[] => {
    const values: unknown[] = [];
    for (const type of types) values.push(value(type));
    return values;
  };

  const struct = (types: readonly string[]): unknown[] => {
    if (types.length === 0) throw new TypeError('a struct is empty');
    align(8);
    return each(types);
  };

  const elements = (type: string, end: number): unknown[] => {
    const found: unknown[] = [];
    const types = type.startsWith('(') ? typesIn(type.slice(1, -1)) : undefined;
    while (at < end) found.push(types ? struct(types) : value(type));
    return found;
  };

  const table = (type: string, end: number): unknown => {
    const found: Record<string, unknown> = Object.create(null);
    while (at < end) {
      align(8);
      const key = value(type[1]!);
      found[`${key}`] = value(type.slice(2, -1));
    }
    return found;
  };

  const array = (type: string): unknown => {
    const length = number();
    if ('xtd({'.includes(type[0] ?? '')) align(8);
    const end = at + length;
    if (end > bytes.length) throw new RangeError('an array is longer than its message');
    if (type.startsWith('{')) return table(type, end);
    if (type !== 'y') return elements(type, end);
    at = end;
    return bytes.subarray(end - length, end);
  };

  const value = (type: string): unknown => {
    switch (type[0]) {
      case 'y':
        return byte();
      case 'b':
        return number() !== 0;
      case 'n':
        return view.getInt16(next(2), isLittle);
      case 'q':
        return view.getUint16(next(2), isLittle);
      case 'i':
        return view.getInt32(next(4), isLittle);
      case 'u':
      case 'h':
        return number();
      case 'x':
        return view.getBigInt64(next(8), isLittle);
      case 't':
        return view.getBigUint64(next(8), isLittle);
      case 'd':
        return view.getFloat64(next(8), isLittle);
      case 's':
      case 'o':
        return text(number());
      case 'g':
        return text(byte());
      case 'v':
        return variant();
      case '(':
        return struct(typesIn(type.slice(1, -1)));
      case 'a':
        return array(type.slice(1));
      default:
        throw new TypeError(`'${type}' is no type`);
    }
  };

  return { values: (signature) => each(typesIn(signature)), elements };
}
