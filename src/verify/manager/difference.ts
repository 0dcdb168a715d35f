/** One thing that the manager has otherwise than a drop-in of ours says. */
export interface Difference {
  readonly directive: string;
  readonly message: string;
  /** The way out where no other drop-in is read after ours. */
  readonly hint?: string;
}
