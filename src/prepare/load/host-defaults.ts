/** The text of a host's defaults, to which its policies add. */

import {
  type Diagnostic,
  EXIT,
  error,
  firstOf,
  type Location,
  printable,
  UserError,
} from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { notInDefaults, parseDefaults } from '../../policy/defaults.js';
import type { ParsedPolicy } from '../../policy/parse.js';
import type { DirectiveEntry } from '../../policy/policy.js';
import type { Directive } from '../../systemd/directives/directive.js';
import { findDirective } from '../../systemd/directives/table.js';
import { temporaryMountOf } from '../../systemd/directives/values/mounts.js';
import { fixed } from '../../systemd/directives/values/strictness.js';
import { defaultsPaths } from '../../systemd/paths/policies.js';

/** Directives that take something from a service, by a name that is one service's or by a value that can give, too. */
const OF_ONE_SERVICE: ReadonlySet<string> = new Set([
  ...['BPFProgram', 'IPEgressFilterPath', 'IPIngressFilterPath'],
  ...['CacheDirectoryQuota', 'LogsDirectoryQuota', 'StateDirectoryQuota'],
  ...['Group', 'SecureBits', 'SupplementaryGroups', 'User'],
  ...['IPCNamespacePath', 'NetworkNamespacePath', 'UserNamespacePath'],
]);

/**
 * Reads the text of defaults as parseDefaults() does, and looks for directives that are one service's, or give it something.
 * @throws UserError as parseDefaults()
 */
export function readDefaults(source: string, file: string): ParsedPolicy {
  const { policy, diagnostics } = parseDefaults(source, file);
  const wrong = policy.service.filter(({ name }) => {
    const row = findDirective(name);
    return row !== undefined && !isForAll(row);
  });
  const found = [
    ...wrong.map(({ name, at }) => notInDefaults(name, at)),
    ...policy.service.flatMap(placesToWriteTo),
  ];
  return { policy, diagnostics: [...diagnostics, ...firstOf(found)] };
}

/** Errors about file systems in memory that could be written to, where a service may have no other such place. */
function placesToWriteTo({ name, value, valueAt: at }: DirectiveEntry): Diagnostic[] {
  if (name !== 'TemporaryFileSystem') return [];
  const words = (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string');
  return words
    .filter((word) => !temporaryMountOf(word).isReadOnly)
    .map((word) =>
      error(
        'host-defaults',
        `the defaults of a host can't add a writable file system, as '${printable(word, 60)}' does`,
        {
          at,
          hint: `make it read-only, with the option 'ro' at its end: "${word}${word.includes(':') ? ',' : ':'}ro"`,
        },
      ),
    );
}

/** Whether a directive may be in the defaults: it takes something from any service alike. */
export const isForAll = ({ name, strictness }: Directive): boolean =>
  strictness?.takes === true && strictness.weaker !== fixed && !OF_ONE_SERVICE.has(name);

/** The error about a policy that names the defaults, to which it adds anyway. */
export const namesDefaults = (path: string, at: Location | undefined): UserError =>
  new UserError(
    error('host-defaults', `every policy of a host extends '${path}' already`, {
      at,
      hint: at
        ? "remove it from 'extends'"
        : "for a unit that needs nothing else, write a policy with 'defaults = true'",
    }),
    at ? EXIT.findings : EXIT.failure,
  );

/** The error about defaults that a policy asks for, and the host doesn't have. */
export function noDefaults({ placement }: Context, at: Location): UserError {
  const [first] = defaultsPaths(placement.scope, placement.home);
  const hint = "leave out 'defaults': the policy then extends them wherever they exist";
  return new UserError(error('host-defaults', `there is no '${first}'`, { at, hint }));
}
