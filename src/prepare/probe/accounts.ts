import {
  isAccountName,
  numberOf,
  type PasswdEntry,
  parseGroup,
  parsePasswd,
} from '../../formats/accounts.js';
import type { Context } from '../../system/context.js';
import type { Account, NamedAccounts, Target } from '../../target/target.js';

/** Larger than any passwd(5) or group(5) that isn't in a directory service, in bytes. */
const MAX_DATABASE = 16 << 20;

/**
 * Learns who the users and groups are that a unit names, as systemd does: from all sources of the name service switch,
 * and where that can't be asked, from the files. Without names nothing is asked.
 */
export async function probeAccounts(
  context: Context,
  { users, groups }: NamedAccounts,
): Promise<Pick<Target, 'users' | 'groups'>> {
  const [passwd, group] = await Promise.all([
    lookUp(context, 'passwd', users).then(parsePasswd),
    lookUp(context, 'group', groups).then(parseGroup),
  ]);
  const found = new Map<string, Account>();
  for (const user of users) {
    const entry = entryOf(passwd, user, ({ uid }) => uid);
    if (entry) found.set(user, { ...entry, groups: await groupsOf(context, entry) });
  }
  const ids = groups.flatMap((name) => {
    const entry = entryOf(group, name, ({ gid }) => gid);
    return entry ? [[name, entry.gid] as const] : [];
  });
  return { users: found, groups: new Map(ids) };
}

function entryOf<Entry extends { readonly name: string }>(
  entries: readonly Entry[],
  name: string,
  idOf: (entry: Entry) => number,
): Entry | undefined {
  const id = numberOf(name);
  return entries.find((entry) => (id === undefined ? entry.name === name : idOf(entry) === id));
}

/** The groups that list a user, which initgroups(3) gives it. */
async function groupsOf(context: Context, { name }: PasswdEntry): Promise<readonly number[]> {
  const said = isAccountName(name) ? await getent(context, 'initgroups', [name]) : undefined;
  // The name, then numbers.
  if (said !== undefined) return (said.slice(name.length).match(/\d+/g) ?? []).map(Number);
  const groups = parseGroup(await readDatabase(context, 'group'));
  return groups.filter(({ members }) => members.includes(name)).map(({ gid }) => gid);
}

async function lookUp(
  context: Context,
  database: 'passwd' | 'group',
  names: readonly string[],
): Promise<string> {
  const asked = names.filter(isAccountName);
  if (asked.length === 0) return '';
  return (await getent(context, database, asked)) ?? readDatabase(context, database);
}

/** How long the name service may take, in milliseconds: the files answer in its place. */
const TIMEOUT = 5_000;

/** Not all were found; what was is printed. */
const SOME_MISSING = 2;

/** Undefined where it can't be run, as on a machine that isn't running. */
async function getent(
  { system }: Context,
  database: string,
  keys: readonly string[],
): Promise<string | undefined> {
  const { status, stdout } = await system.run(['getent', '--', database, ...keys], { timeout: TIMEOUT });
  return status === 0 || status === SOME_MISSING ? stdout : undefined;
}

async function readDatabase({ system }: Context, database: 'passwd' | 'group'): Promise<string> {
  const file = await system.read(`/etc/${database}`, { limit: MAX_DATABASE });
  return file ? new TextDecoder().decode(file.bytes) : '';
}
