/** Text about one code: sentences in Markdown, without line breaks. */
export interface ExplainedCode {
  /** The reason for which the diagnostic is made. */
  readonly cause: string;
  readonly wayOut: string;
}

/** A code in a sentence or two, where the message and its hint say the rest. */
export type CodeEntry = string | ExplainedCode;

/** Entries by code. */
export type Entries = Readonly<Record<string, CodeEntry>>;
