/** Users and groups as passwd(5) and group(5) list them. */

export interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  /** The ID of the user's primary group. */
  readonly gid: number;
}

export interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** Reads passwd(5); lines that are no entries are left out. */
export const parsePasswd = (text: string): PasswdEntry[] =>
  fieldsOf(text).flatMap(([name = '', , user = '', group = '']) => {
    const uid = parseId(user);
    const gid = parseId(group);
    return uid === undefined || gid === undefined ? [] : [{ name, uid, gid }];
  });

/** Reads group(5); lines that are no entries are left out. */
export const parseGroup = (text: string): GroupEntry[] =>
  fieldsOf(text).flatMap(([name = '', , group = '', members = '']) => {
    const gid = parseId(group);
    return gid === undefined ? [] : [{ name, gid, members: members.split(',').map((one) => one.trim()) }];
  });

const fieldsOf = (text: string): string[][] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^[#+-]/.test(line))
    .map((line) => line.split(':'));

const MAX_ID = 2 ** 32 - 1;

/** An ID as the C library reads a field by strtoul(3); undefined for no number, and for one above 32 bits. */
function parseId(text: string): number | undefined {
  const [, sign, digits] = /^\s*([+-]?)(\d{1,20})$/.exec(text) ?? [];
  const id = Number(digits ?? Number.NaN);
  if (!(id <= MAX_ID)) return undefined;
  return sign === '-' && id > 0 ? MAX_ID + 1 - id : id;
}

/** The ID that a name writes as a number: decimal, with no leading zero (systemd's parse_uid()). */
export function numberOf(name: string): number | undefined {
  return /^(?:0|[1-9]\d*)$/.test(name) ? parseId(name) : undefined;
}

/**
 * Whether a user or group can have this name (systemd's valid_user_group_name()). A name with a `%` is none: a
 * specifier stands for another text.
 */
export const isAccountName = (name: string): boolean =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it refuses
  /^[^\u0000-\u001f\u007f%/:]{1,256}$/.test(name);
