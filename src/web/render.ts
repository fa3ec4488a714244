import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createInstance, type i18n } from 'i18next';
import nunjucks from 'nunjucks';
import type { ScopeWords } from '../scopes/index.ts';
import type { Assets } from './assets.ts';
import { createDates, type Dates } from './dates.ts';
import type { Locale, Sentences } from './locales.ts';

/** Values for the `{{name}}` places in a sentence; `count` also chooses the plural form. */
export type Values = Record<string, unknown>;

/** Turns a template and what it shows into HTML, and a locale key into a sentence. */
export interface Renderer {
  /** BCP 47 tag of the language. */
  readonly language: string;
  readonly dates: Dates;
  render(template: string, model: object): string;
  /** A sentence as plain text, for what is not HTML or goes through autoescaping later. */
  translate(key: string, values?: Values): string;
  /** The words that tell a person what a scope allows, as plain text. @param found as `scopeWords` of `scopes/` finds them */
  words(found: ScopeWords): string;
}

/**
 * Templates see a few things besides their model: `t(key, values)`, a sentence that is already safe HTML; `asset(name)`,
 * the address of a style sheet or image; `day(at)`, `time(at)` and `moment(at)` for a `Date`; `locale` and `direction` of the
 * language. Mistakes throw instead of printing nothing: an unknown key, a place in a sentence without a value, an
 * undefined variable.
 *
 * @param timeZone in which days and times are told
 */
export function createRenderer(options: { locale: Locale; assets: Assets; timeZone: string }): Renderer {
  const { locale, assets, timeZone } = options;
  const translator = createTranslator(locale);
  const dates = createDates({ language: locale.tag, timeZone });
  // `…/dist/nhsuk/index.js` to `…/dist`, under which templates name each other as `nhsuk/components/…`.
  const components = dirname(dirname(createRequire(import.meta.url).resolve('nhsuk-frontend')));
  const views = fileURLToPath(new URL('../../views', import.meta.url));
  const env = new nunjucks.Environment(new nunjucks.FileSystemLoader([views, components]), {
    autoescape: true,
    throwOnUndefined: true,
    trimBlocks: true,
    lstripBlocks: true,
  });
  env.addGlobal('locale', locale.tag);
  env.addGlobal('direction', directionOf(locale.tag));
  for (const [name, format] of Object.entries(dates)) env.addGlobal(name, format);
  env.addGlobal('asset', assets.url);
  env.addGlobal('t', (key: string, values: Values = {}) => {
    return new nunjucks.runtime.SafeString(
      sentence(translator, 'html', key, mapValues(values, escapeUnlessSafe)),
    );
  });

  return {
    language: locale.tag,
    dates,
    render: (template, model) => env.render(template, model),
    translate: (key, values = {}) => sentence(translator, 'text', key, values),
    words({ key, values: { resourceKey, ...values } }) {
      // A resource type that has no words yet keeps its FHIR name.
      const known = resourceKey !== undefined && translator.exists(resourceKey);
      const said = known ? { ...values, resource: sentence(translator, 'text', resourceKey, {}) } : values;
      return sentence(translator, 'text', key, said);
    },
  };
}

/** In which direction a language is written. Node knows a method that TypeScript's library does not list yet. */
function directionOf(tag: string): string {
  const locale = new Intl.Locale(tag) as Intl.Locale & { getTextInfo(): { direction: string } };
  return locale.getTextInfo().direction;
}

/**
 * An own instance, not the global one. Each sentence is kept twice: as written, and escaped for HTML. So a sentence can
 * never carry mark-up, and `t` may be given to any component parameter, `text`, `html` or an attribute, with one result.
 */
function createTranslator({ tag, sentences: text }: Locale): i18n {
  const translator = createInstance();
  void translator.init({
    lng: tag,
    resources: { [tag]: { text, html: escapeSentences(text) } },
    ns: ['text', 'html'],
    initAsync: false,
    interpolation: { escapeValue: false },
    missingInterpolationHandler: (message: string, match: RegExpExecArray) => {
      throw new Error(`No value for ${match[0]} in "${message}"`);
    },
  });
  return translator;
}

function sentence(translator: i18n, ns: 'text' | 'html', key: string, values: Values): string {
  if (!translator.exists(key, { ...values, ns })) throw new Error(`No sentence for ${key}`);
  const found: unknown = translator.t(key, { ...values, ns, returnObjects: true });
  if (typeof found !== 'string') throw new Error(`${key} is a group of sentences, not one`);
  return found;
}

function escapeSentences(sentences: Sentences): Sentences {
  return Object.fromEntries(
    Object.entries(sentences).map(([key, value]) => [
      key,
      typeof value === 'string' ? escapeHtml(value) : escapeSentences(value),
    ]),
  );
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);
}

function mapValues(values: Values, change: (value: unknown) => unknown): Values {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));
}

/** Numbers stay numbers, for plurals; mark-up that the template itself declared safe stays too. */
function escapeUnlessSafe(value: unknown): unknown {
  if (value instanceof nunjucks.runtime.SafeString) return value.toString();
  return typeof value === 'string' ? escapeHtml(value) : value;
}
