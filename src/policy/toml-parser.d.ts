/** The internal parser class of @iarna/toml 3.0.0, as far as `toml.ts` builds on it. */
declare module '@iarna/toml/lib/toml-parser.js' {
  class TomlParser {
    line: number;
    col: number;
    ii: number;
    // biome-ignore lint/suspicious/noExplicitAny: untyped package
    ctx: any;
    // biome-ignore lint/suspicious/noExplicitAny: untyped package
    state: any;
    parse(text: string): void;
    finish(): unknown;
    returnNow(value: unknown): unknown;
    parseKeyword(): unknown;
    recordAssignKeyword(key: string): unknown;
    parseAssignPreValue(): unknown;
    recordAssignValue(value: unknown): unknown;
    recordAssignStatement(assignment: unknown): unknown;
    recordInlineTableValue(assignment: unknown): unknown;
    parseTableMore(key: string): unknown;
    parseListMore(key: string): unknown;
    parseInlineList(): unknown;
    recordInlineListValue(value: unknown): unknown;
  }
  export = TomlParser;
}
