import { fileURLToPath } from 'node:url';
import { readFiles } from './house/files.ts';
import { keyFaults, localeFaults, type Sentences } from './house/sentences.ts';

/**
 * Holds templates and code against the sentences in `locales/`, and every language against English (docs/languages.md).
 * Exit code 1, with every key that is missing, is not used, or differs.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const locales = new Map(
  [...readFiles(root, ['locales'], '.json')].map(([file, text]) => [
    file.replace(/^.*\/|\.json$/g, ''),
    JSON.parse(text) as Sentences,
  ]),
);
const english = locales.get('en') ?? {};
const faults = [
  ...keyFaults(english, readFiles(root, ['views'], '.njk'), readFiles(root, ['src'], '.ts')),
  ...[...locales].flatMap(([tag, sentences]) => localeFaults(tag, sentences, english)),
];
if (faults.length > 0) {
  console.error(`sentences are missing or too many:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
  process.exitCode = 1;
}
