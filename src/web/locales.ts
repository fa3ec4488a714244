import { readdirSync, readFileSync } from 'node:fs';

/** Sentences by key, in groups; plural forms end in `_one`, `_other` and whatever else the language has. */
export type Sentences = { readonly [key: string]: string | Sentences };

/** A language in which every page can be shown. */
export interface Locale {
  /** BCP 47 language tag, such as `en` or `mi`. */
  readonly tag: string;
  readonly sentences: Sentences;
}

/** The language of whoever has said nothing, or nothing that we have. */
export const DEFAULT_LANGUAGE = 'en';

const folder = new URL('../../locales/', import.meta.url);

/** Reads every language there is: one file each, named by its tag (docs/languages.md). */
export function readLocales(): readonly Locale[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => ({
      tag: file.slice(0, -'.json'.length),
      sentences: JSON.parse(readFileSync(new URL(file, folder), 'utf8')),
    }));
}
