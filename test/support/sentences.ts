/** Sentences of a Markdown text, cells of tables among them; code blocks aside. */
export const sentencesOf = (text: string): string[] =>
  text
    .replaceAll(/^ {4,}.*$/gm, '')
    .replaceAll(/^(?:#|[-*] |\d+\. )/gm, '\n\n')
    .split(/\n\n+|\s*\|\s*|(?<=[.?!][)*]*)\s+/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '');

/** Words, without signs that stand alone. */
export const wordsOf = (sentence: string): string[] =>
  sentence.split(/\s+/).filter((word) => /\w/.test(word));
