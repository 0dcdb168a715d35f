/**
 * A directive in a process, compared with what the process was given. `open`: as systemd puts it into force, which
 * leaves a part open. `unseen`: nothing tells.
 */
export type Relation = 'equal' | 'stricter' | 'unseen' | 'open' | 'looser';

/** Evidence about a directive. */
export interface Finding {
  readonly relation: Relation;
  /** The reason in words; empty for `equal`. */
  readonly seen: string;
}

export const EQUAL: Finding = { relation: 'equal', seen: '' };
export const stricter = (seen: string): Finding => ({ relation: 'stricter', seen });
export const looser = (seen: string): Finding => ({ relation: 'looser', seen });
export const open = (seen: string): Finding => ({ relation: 'open', seen });
export const unseen = (why: string): Finding => ({ relation: 'unseen', seen: why });

const GRAVEST_FIRST: readonly Relation[] = ['looser', 'open', 'unseen', 'stricter', 'equal'];

/** The gravest of some relations; `unseen` if there is none. */
export const gravest = (relations: readonly Relation[]): Relation =>
  GRAVEST_FIRST.find((relation) => relations.includes(relation)) ?? 'unseen';

/** The gravest of some findings. */
export function gravestFinding(findings: readonly Finding[]): Finding {
  const relation = gravest(findings.map((one) => one.relation));
  return findings.find((one) => one.relation === relation) ?? unseen('nothing tells');
}
