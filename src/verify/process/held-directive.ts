import type { Location } from '../../diagnostic.js';
import type { Relation } from './finding.js';

/** Findings of one kind about a directive, and the processes that they are about; none for the unit's control group. */
export interface HeldFinding {
  readonly relation: Relation;
  readonly seen: string;
  readonly processes: readonly { readonly pid: number; readonly name: string }[];
}

/** A directive that the drop-in sets, held against what the unit's processes show. */
export interface HeldDirective {
  readonly directive: string;
  /** The line of the policy; undefined for a directive that the plan adds. */
  readonly at: Location | undefined;
  /** The gravest of its findings; `unseen` without any. */
  readonly relation: Relation;
  readonly findings: readonly HeldFinding[];
}
