import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function findRepository(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, 'package.json'))) directory = dirname(directory);
  return directory;
}

/** The folder that holds package.json, whether the tests run from their sources or compiled. */
export const REPOSITORY = findRepository();

/** A file of the repository. */
export const inRepository = (...parts: string[]): string => join(REPOSITORY, ...parts);

/** The files of the starter policies, by their paths below templates/. */
export const templateFiles = (): string[] =>
  readdirSync(inRepository('templates'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.toml'))
    .sort();
