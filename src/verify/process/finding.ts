import type { Location } from '../../diagnostic.js';

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
  /** Whether it is `unseen` where others would see it: then it isn't proven. */
  readonly isHidden?: true;
}

/** Findings of one kind about a directive, and the processes that they are about; none for the unit's control group. */
export interface ProcessFinding extends Finding {
  /** Whether they run since before the unit's start, and the directive doesn't hold in them. */
  readonly isLeftOver: boolean;
  readonly processes: readonly { readonly pid: number; readonly name: string }[];
}

/** A directive that the drop-in sets, held against what the unit's processes show. */
export interface CheckedDirective {
  readonly directive: string;
  /** The line of the policy; undefined for a directive that the plan adds. */
  readonly at: Location | undefined;
  /** The gravest of its findings; `unseen` without any. */
  readonly relation: Relation;
  readonly findings: readonly ProcessFinding[];
}

export const EQUAL: Finding = { relation: 'equal', seen: '' };
export const stricter = (seen: string): Finding => ({ relation: 'stricter', seen });
export const looser = (seen: string): Finding => ({ relation: 'looser', seen });
export const open = (seen: string): Finding => ({ relation: 'open', seen });
export const unseen = (why: string): Finding => ({ relation: 'unseen', seen: why });

export const hidden = (why: string): Finding => ({ ...unseen(why), isHidden: true });

const GRAVEST_FIRST: readonly Relation[] = ['looser', 'open', 'unseen', 'stricter', 'equal'];

/** The gravest of some relations; `unseen` if there is none. */
export const gravest = (relations: readonly Relation[]): Relation =>
  GRAVEST_FIRST.find((relation) => relations.includes(relation)) ?? 'unseen';

/** The gravest of some findings. */
export function gravestFinding(findings: readonly Finding[]): Finding {
  const relation = gravest(findings.map((one) => one.relation));
  return findings.find((one) => one.relation === relation) ?? unseen("it can't be observed");
}
