import { readFileSync } from 'node:fs';

/**
 * What each kind of mail says: its subject and its paragraphs, keys in `locales/`. A subject says nothing about health, and
 * names no application: telephones show it while they are locked.
 */
const letters = {
  invitation: [
    'mail.invitation.subject',
    'mail.invitation.what',
    'mail.invitation.link',
    'mail.invitation.until',
  ],
  addressChosen: [
    'mail.addressChosen.subject',
    'mail.addressChosen.what',
    'mail.addressChosen.link',
    'mail.addressChosen.not',
  ],
  addressTaken: [
    'mail.addressTaken.subject',
    'mail.addressTaken.what',
    'mail.addressTaken.link',
    'mail.addressTaken.reset',
    'mail.addressTaken.not',
  ],
  address: ['mail.address.subject', 'mail.address.what', 'mail.address.link', 'mail.address.not'],
  addressChanged: ['mail.addressChanged.subject', 'mail.addressChanged.what', 'mail.addressChanged.not'],
  reset: ['mail.reset.subject', 'mail.reset.what', 'mail.reset.link', 'mail.reset.not'],
  firstPassword: [
    'mail.firstPassword.subject',
    'mail.firstPassword.what',
    'mail.reset.link',
    'mail.firstPassword.not',
  ],
  passwordReset: ['mail.passwordReset.subject', 'mail.passwordReset.what', 'mail.passwordReset.not'],
  newSignIn: [
    'mail.newSignIn.subject',
    'mail.newSignIn.what',
    'mail.newSignIn.when',
    'mail.newSignIn.not',
    'mail.newSignIn.how',
  ],
  newBrowser: [
    'mail.newBrowser.subject',
    'mail.newBrowser.what',
    'mail.newSignIn.when',
    'mail.newSignIn.not',
    'mail.newBrowser.how',
  ],
  credentialChanged: [
    'mail.credentialChanged.subject',
    'mail.credentialChanged.what',
    'mail.credentialChanged.not',
  ],
} as const satisfies Record<string, readonly [subject: string, ...paragraphs: string[]]>;

/** A kind of mail. */
export type LetterKind = keyof typeof letters;

/** What stands in the `{{name}}` places of a mail. */
export type LetterValues = Readonly<Record<string, string>>;

/** A mail as its reader sees it: plain text. */
export interface Letter {
  readonly subject: string;
  readonly text: string;
}

type Sentences = { readonly [key: string]: string | Sentences };

/** Writes mails. */
export interface Letters {
  /**
   * A mail in the words of a language, English where there are none.
   *
   * @param language BCP 47 tag; undefined for English
   * @throws Error for a sentence that is not there, or a place without a value
   */
  compose(kind: LetterKind, language: string | undefined, values: LetterValues): Letter;
  /** A sentence without places. @param key in `locales/` */
  sentence(key: string, language: string | undefined): string;
}

function readSentences(language: string): Sentences | undefined {
  if (!/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(language)) return undefined;
  try {
    return JSON.parse(readFileSync(new URL(`../../locales/${language}.json`, import.meta.url), 'utf8'));
  } catch {
    return undefined;
  }
}

function sentence(sentences: Sentences, key: string, values: LetterValues): string {
  let found: string | Sentences | undefined = sentences;
  for (const part of key.split('.')) found = typeof found === 'object' ? found[part] : undefined;
  if (typeof found !== 'string') throw new Error(`No sentence for ${key}`);
  return found.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`No value for ${name} in ${key}`);
    return value;
  });
}

/** Reads the sentences of mails from `locales/`, each language when it is first asked for. */
export function createLetters(): Letters {
  const languages = new Map<string, Sentences>();
  const of = (language: string): Sentences => {
    const kept = languages.get(language);
    if (kept !== undefined) return kept;
    const read = readSentences(language);
    if (read === undefined) {
      if (language === 'en') throw new Error('locales/en.json cannot be read');
      return of('en');
    }
    languages.set(language, read);
    return read;
  };
  return {
    sentence: (key, language = 'en') => sentence(of(language), key, {}),
    compose(kind, language = 'en', values) {
      const sentences = of(language);
      const [subject, ...paragraphs] = letters[kind];
      const said = [...paragraphs, 'mail.ending'].map((key) => sentence(sentences, key, values));
      return { subject: sentence(sentences, subject, values), text: `${said.join('\n\n')}\n` };
    },
  };
}
