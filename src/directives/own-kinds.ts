/** How values are written that a policy doesn't set: those of directives that are the unit's own. */
export type OwnKind =
  /** A command line. */
  | { readonly type: 'command' }
  /** `path`: it is about an absolute path. */
  | { readonly type: 'condition'; readonly path?: true }
  | { readonly type: 'environment-file' }
  | { readonly type: 'exit-statuses' }
  | { readonly type: 'input-data' }
  | { readonly type: 'input-text' }
  | { readonly type: 'log-fields' }
  | { readonly type: 'log-pattern' }
  | { readonly type: 'open-file' }
  | { readonly type: 'signal' }
  /** One of `words`, `fd:NAME`, or one of `opens` with a path behind it: `file:/srv/log`. */
  | {
      readonly type: 'stream';
      readonly words: readonly string[];
      readonly opens: readonly EnumValue[];
    }
  | { readonly type: 'unit-names' }
  | { readonly type: 'urls' }
  /** Names of variables. `assigned`: with or without a value. */
  | { readonly type: 'variables'; readonly assigned: boolean };
/** One word that an enumeration takes, with the first systemd that knows it (unset: as old as the directive). */
export interface EnumValue {
  readonly value: string;
  readonly since?: number;
}
