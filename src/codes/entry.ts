/** Text about one code: sentences in Markdown, without line breaks. */
export interface Entry {
  /** The reason for which the diagnostic is made. */
  readonly cause: string;
  readonly wayOut: string;
}

/** Entries by code. */
export type Entries = Readonly<Record<string, Entry>>;
