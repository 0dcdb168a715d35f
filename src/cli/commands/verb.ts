import type { Context } from '../../machine/context.js';
import type { Outcome } from '../../outcome.js';
import type { OptionRow } from '../run/options.js';
import type { VerbOptions } from './options.js';

export type VerbAction = (context: Context, operands: string[], options: VerbOptions) => Promise<Outcome>;

export interface Verb {
  readonly name: string;
  readonly does: string;
  /** As in commander: `<unit...>`. */
  readonly operands?: string;
  readonly options: readonly (keyof VerbOptions)[];
  /** Flags and help of options that mean something else with this verb. */
  readonly own?: Partial<Readonly<Record<keyof VerbOptions, OptionRow>>>;
  /** Whether `--json` has a short form. */
  readonly summarizes?: true;
  /** Whether its output may be long, and go through a pager. */
  readonly pages?: true;
  /** Whether the first operand ends the options: later words are another program's. */
  readonly passThrough?: true;
  /** Command lines, without the program's name. */
  readonly examples: readonly string[];
  /** Loads the verb's modules, when it runs. */
  readonly load: () => Promise<VerbAction>;
}

/** A verb of two words. */
export interface VerbGroup {
  readonly name: string;
  readonly does: string;
  readonly verbs: readonly Verb[];
}

/** The purpose of `help`, which is no verb. */
export const HELPS = 'print the help of a command or of a message code';
