import { type Diagnostic, printable, warning } from '../diagnostic.js';
import type { Context } from '../machine/context.js';
import { orElse } from '../machine/state/failures.js';
import type { Plan } from '../plan/plan.js';
import type { Policy } from '../policy/policy.js';
import { closedPaths } from '../systemd/directives/values/closed-paths.js';
import { folderOf } from '../systemd/unit/path.js';
import { covers } from '../systemd/unit/values.js';

/** Directives that mount something over what they close, and those that close the same. BindReadOnlyPaths= mostly shows a file. */
const MASKS = [['InaccessiblePaths'], ['ReadOnlyPaths', 'BindReadOnlyPaths'], ['NoExecPaths']] as const;

/** File systems whose files can't be replaced. */
const FIXED = /^\/(?:proc|sys)\//;

/**
 * Warnings about files and sockets of this machine that the policy closes by themselves. The kernel takes a mount away when
 * the file under it is removed or renamed over, and what then has its name is open. A folder that is closed above keeps it
 * closed. Facts of a host are not asked for: a warning isn't worth another round.
 */
export async function fileMasks(context: Context, plan: Plan, policy: Policy): Promise<Diagnostic[]> {
  const { system, policies, offline } = context;
  if (offline || policies !== system) return [];
  const values = {
    get: (name: string) => plan.directives.filter((one) => one.name === name).flatMap((one) => one.values),
  };
  const found: Diagnostic[] = [];
  for (const row of MASKS) {
    const all = row.flatMap((name) => closedPaths(values, name));
    const [name] = row;
    const at = policy.service.find((one) => one.name === name)?.at;
    for (const path of closedPaths(values, name)) {
      const isCovered = all.some((above) => above !== path && covers(above, path));
      if (at === undefined || isCovered || FIXED.test(path) || path.includes('%')) continue;
      const walked = await orElse(() => system.walk(path), undefined);
      if (walked?.isFile) found.push(described(name, path, at));
    }
  }
  return found;
}

const described = (directive: string, path: string, at: Policy['service'][number]['at']): Diagnostic => {
  const [file, folder] = [path, folderOf(path)].map((one) => printable(one, 60));
  return warning('file-mask', `${directive}= closes ${file} only until that file is replaced`, {
    at,
    hint: `name its folder ${folder} instead if the service can do without it; otherwise restart the service whenever the file is replaced`,
  });
};
