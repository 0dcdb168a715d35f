import { ABIS, type Abi, EVERY_ARCHITECTURE } from './abi.js';
import { type Action, ALLOW, LOG, permits, stricter } from './action.js';
import type { NamedPolicy, NamedVerdict } from './named-policy.js';

const recorded = (action: Action): Action => (permits(action) ? action : LOG);

/**
 * The permissive form of a policy: calls that it would refuse are let through and recorded, also through ABIs that it
 * doesn't open. The unit's own filter stays in force.
 */
export function permissive(named: NamedPolicy, own?: NamedPolicy): NamedPolicy {
  const unnamed = stricter(recorded(named.unnamed), named.unnamedLimit);
  const open = (abi: Abi) => named.architectures.includes(abi);
  const owned = own?.architectures ?? EVERY_ARCHITECTURE;
  return {
    ...named,
    mode: permits(unnamed) ? 'deny' : 'allow',
    verdicts: new Map([...named.verdicts].map(([call, verdict]) => [call, permissiveVerdict(verdict)])),
    unnamed,
    unlisted: stricter(recorded(named.unlisted), own?.unlisted ?? ALLOW),
    recordedArchitectures: (Object.keys(ABIS) as Abi[]).filter((abi) => owned.includes(abi) && !open(abi)),
  };
}

const permissiveVerdict = ({ rules, otherwise, limit }: NamedVerdict): NamedVerdict => ({
  rules: rules.map((rule) => ({ ...rule, action: { ...rule.action, value: recorded(rule.action.value) } })),
  otherwise: recorded(otherwise),
  limit,
});

/**
 * A policy that records every call which the unit's own filter permits: for an ABI that only a permissive policy opens.
 */
export const recordingAll = (named: NamedPolicy): NamedPolicy => ({
  ...named,
  verdicts: new Map(
    [...named.verdicts].map(([call, { limit }]) => [call, { rules: [], otherwise: LOG, limit }]),
  ),
  unnamed: stricter(LOG, named.unnamedLimit),
  unlisted: stricter(LOG, named.unlisted),
});

/**
 * Whether a policy refuses no call of the native ABI, and records some.
 * @param named a policy without the limits of a unit's own filter
 */
export function isPermissive(named: NamedPolicy): boolean {
  const verdicts = [...named.verdicts.values()];
  const actions = [
    ...verdicts.flatMap(({ rules, otherwise }) => [otherwise, ...rules.map(({ action }) => action.value)]),
    named.unnamed,
    named.unlisted,
  ];
  return actions.every(permits) && actions.includes(LOG);
}
