/** The defaults of a host, to which its policies add. */

import { type Diagnostic, error, firstOf, type Location } from '../diagnostic.js';
import { LOG, permits } from '../seccomp/syscalls/action.js';
import { refusal } from '../seccomp/syscalls/resolve.js';
import type { SyscallsSection } from '../seccomp/syscalls/section.js';
import { mergePolicies } from './merge.js';
import { type ParsedPolicy, parsePolicy } from './parse.js';
import type { Policy } from './policy.js';
import { POLICY } from './schema.js';
import { parseToml, type TomlDocument } from './toml.js';
import { isTable } from './validate.js';

/** The keys that defaults may have, by section. Directives of `[service]` have rows, which tell. */
const TOP: readonly string[] = ['description', 'syscalls', 'service', 'apply'];
const SECTIONS: ReadonlyMap<string, readonly string[]> = new Map([
  ['syscalls', ['deny', 'action', 'rules']],
  ['apply', ['settle', 'probe-timeout', 'refused', 'listening']],
]);

/**
 * Reads the text of a host's defaults as parsePolicy() does. What would let something through in another policy, or is
 * about one service, is an error.
 * @param file the name that diagnostics show
 * @throws UserError as parsePolicy()
 */
export function parseDefaults(source: string, file: string): ParsedPolicy {
  const { policy, diagnostics } = parsePolicy(source, file);
  const service = policy.service.map((entry) => ({ ...entry, isDefault: true as const }));
  return {
    policy: { ...policy, service },
    diagnostics: [
      ...diagnostics,
      ...firstOf(misplacedKeys(parseToml(source, file))),
      ...firstOf(lettingThrough(policy)),
    ],
  };
}

/**
 * A policy on top of defaults. Defaults that refuse no call bring no `[syscalls]` to a policy without: an `action` alone
 * would put a filter of nothing in the place of the unit's own.
 */
export function onDefaults(defaults: Policy, policy: Policy): Policy {
  const { deny = [], rules = [] } = defaults.syscalls ?? {};
  const isSaid = policy.syscalls !== undefined || deny.length > 0 || rules.length > 0;
  const syscalls = isSaid ? refusingAlways(defaults.syscalls, policy.syscalls) : undefined;
  return mergePolicies([{ ...defaults, syscalls }], policy);
}

/** The calls of defaults. They keep their answer if the policy's `action` would let them through. */
function refusingAlways(
  section: SyscallsSection | undefined,
  over: SyscallsSection | undefined,
): SyscallsSection | undefined {
  if (!section || !over?.action || !permits(over.action.value)) return section;
  return { ...section, deny: section.deny.map((entry) => ({ action: refusal(section), ...entry })) };
}

/** The error about a key or directive that is for policies of units. */
export const notInDefaults = (name: string, at: Location): Diagnostic =>
  error('host-defaults', `'${name}' can't be in the host's defaults, only in the policies of units`, {
    at,
    hint: 'set it in the policies that need it, or in a template that these extend',
  });

/** Keys that the schema knows, and defaults may not have. */
function* misplacedKeys(document: TomlDocument) {
  for (const [key, value] of Object.entries(document.data)) {
    const shape = Object.hasOwn(POLICY, key) ? POLICY[key]!.shape : undefined;
    if (shape === undefined) continue;
    if (!TOP.includes(key)) yield notInDefaults(key, document.keyAt([key]));
    else if ('keys' in shape && isTable(value)) {
      for (const name of Object.keys(value).filter((one) => Object.hasOwn(shape.keys, one)))
        if (!SECTIONS.get(key)?.includes(name)) yield notInDefaults(name, document.keyAt([key, name]));
    }
  }
}

/** Actions that let a call take place: in an allow list they would add to it. */
function* lettingThrough({ syscalls }: Policy) {
  if (!syscalls) return;
  const { action, deny, rules } = syscalls;
  if (action && permits(action.value)) yield onlyRefuse(action.at);
  for (const entry of deny) if (entry.action === LOG) yield onlyRefuse(entry.at);
  for (const rule of rules) if (permits(rule.action.value)) yield onlyRefuse(rule.action.at);
}

const onlyRefuse = (at: Location): Diagnostic =>
  error('host-defaults', "the host's defaults can only refuse calls, and this would let one through", {
    at,
    hint: 'use "kill", an errno\'s name such as "EPERM", or its number',
  });
