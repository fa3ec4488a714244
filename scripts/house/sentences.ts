/** Sentences by key, as a file of `locales/` has them. */
export type Sentences = { readonly [key: string]: string | Sentences };

/** Texts of files, by their path. */
type Texts = ReadonlyMap<string, string>;

/** Named by what they are about, at run time: a scope, a resource type. */
const namedAtRunTime = /^(scope|resource)\./;

/** Every sentence under its whole key. */
export function flatten(sentences: Sentences, path = ''): Map<string, string> {
  return new Map(
    Object.entries(sentences).flatMap(([key, value]): [string, string][] =>
      typeof value === 'string' ? [[path + key, value]] : [...flatten(value, `${path}${key}.`)],
    ),
  );
}

const withoutForm = (key: string) => key.replace(/_(zero|one|two|few|many|other)$/, '');

/** Keys as templates name them: without the endings of plural forms, which only a key with `_other` has. */
function namesOf(sentences: ReadonlyMap<string, string>): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const key of sentences.keys()) {
    const name = sentences.has(`${withoutForm(key)}_other`) ? withoutForm(key) : key;
    names.set(name, [...(names.get(name) ?? []), key]);
  }
  return names;
}

/** Keys that a template asks for: `t('…')`. A key that is put together cannot be looked up before it is asked for. */
function askedByTemplate(text: string): { asked: string[]; faults: string[] } {
  const calls = [...text.matchAll(/\bt\(\s*(['"])(.+?)\1\s*([,)~+]?)/g)];
  return {
    asked: calls.filter(([, , , after]) => after !== '~' && after !== '+').map(([, , key = '']) => key),
    faults: calls
      .filter(([, , , after]) => after === '~' || after === '+')
      .map(([, , key]) => `puts a key together from ${key}`),
  };
}

/** Keys that code names: what `translate` is given, and every quoted name that lies in a group within a group. */
function askedByCode(text: string, groups: ReadonlySet<string>): string[] {
  const given = [...text.matchAll(/\btranslate\(\s*'([^']+)'/g)].map(([, key = '']) => key);
  const quoted = [...text.matchAll(/'([a-z]\w*(?:\.[\w-]+){2,})'/g)].map(([, key = '']) => key);
  return [...given, ...quoted.filter((key) => groups.has(key.slice(0, key.lastIndexOf('.'))))];
}

/**
 * Holds the keys that are asked for against those that there are, both ways.
 *
 * @param english the sentences that every key must be among
 */
export function keyFaults(english: Sentences, templates: Texts, code: Texts): string[] {
  const sentences = flatten(english);
  const names = namesOf(sentences);
  const groups = new Set([...sentences.keys()].map((key) => key.slice(0, key.lastIndexOf('.'))));
  const faults: string[] = [];
  const ask = (file: string, keys: readonly string[]) => {
    for (const key of new Set(keys)) if (!names.has(key)) faults.push(`${file}: there is no sentence ${key}`);
  };
  for (const [file, text] of templates) {
    const found = askedByTemplate(text);
    ask(file, found.asked);
    faults.push(...found.faults.map((fault) => `${file}: ${fault}`));
  }
  for (const [file, text] of code) ask(file, askedByCode(text, groups));

  const everything = [...templates.values(), ...code.values()].join('\n');
  const quoted = new Set([...everything.matchAll(/(['"])([\w.-]+)\1/g)].map(([, , key = '']) => key));
  const unused = [...names.keys()].filter((key) => !quoted.has(key) && !namedAtRunTime.test(key));
  return [...faults, ...unused.map((key) => `nothing asks for the sentence ${key}`)];
}

const placesIn = (sentence: string) =>
  new Set([...sentence.matchAll(/\{\{(\w+)\}\}/g)].map(([, place = '']) => place));

/** The forms in which a language needs a sentence with a count (CLDR plural rules). */
const formsOf = (tag: string) => new Intl.PluralRules(tag).resolvedOptions().pluralCategories;

/**
 * Holds a language against English: the same keys, each with the same places for values; of a sentence with a count all the
 * forms that the language has, in which the count itself may be left out ("one minute").
 */
export function localeFaults(tag: string, sentences: Sentences, english: Sentences): string[] {
  const [here, there] = [flatten(sentences), flatten(english)];
  const expected = new Map<string, string>();
  for (const [name, keys] of namesOf(there)) {
    const plural = keys.length > 1 || keys[0] !== name;
    if (plural) for (const form of formsOf(tag)) expected.set(`${name}_${form}`, `${name}_other`);
    else expected.set(name, name);
  }
  const faults: string[] = [];
  for (const [key, like] of expected) {
    const sentence = here.get(key);
    if (sentence === undefined) {
      faults.push(`${tag}: has no sentence ${key}`);
      continue;
    }
    const [places, wanted] = [placesIn(sentence), placesIn(there.get(like) ?? '')];
    const lost = [...wanted].filter((place) => place !== 'count' && !places.has(place));
    const extra = [...places].filter((place) => !wanted.has(place));
    if (lost.length > 0) faults.push(`${tag}: ${key} leaves out {{${lost.join('}}, {{')}}}`);
    if (extra.length > 0) faults.push(`${tag}: ${key} has no value for {{${extra.join('}}, {{')}}}`);
  }
  return [
    ...faults,
    ...[...here.keys()].filter((key) => !expected.has(key)).map((key) => `${tag}: ${key} is not in English`),
  ];
}
