import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { english } from '../../support/english.ts';
import { sampleList, samples } from './samples.ts';
import { withPasskeys } from './security-samples.ts';

const { render } = english;
const views = fileURLToPath(new URL('../../../views', import.meta.url));
/** What other templates are made of; it is no page by itself. */
const isPart = (file: string) => file.startsWith('parts/') || file.endsWith('layout.njk');

test('every template that is a page has samples, and no sample is of a template that is gone', () => {
  const pages = globSync('**/*.njk', { cwd: views })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => !isPart(file));
  expect(Object.keys(samples).sort()).toEqual(pages.sort());
  for (const [template, states] of Object.entries(samples)) {
    expect(Object.keys(states).length, template).toBeGreaterThan(0);
  }
});

test.each(sampleList)('%s is one whole page with a title and a main heading', (_name, template, model) => {
  // The demo application is another site and says so; the outbox is ours.
  const site = template.startsWith('demo/') && template !== 'demo/outbox.njk' ? 'Kete Health' : 'Assent';
  const html = render(template, model);
  expect(html.match(/<h1\b/g)).toHaveLength(1);
  expect(html).toMatch(new RegExp(`<title>(\\S[^<]* – ${site}|${site} – [^<]*\\S)</title>`));
  expect(html).toMatch(/^<!DOCTYPE html>\n<html lang="en" dir="ltr">/);
  expect(html).toContain('</html>');
});

/** The script that asks whether more time is needed. */
const timeScript = /<script src="\/assets\/more-time\.[0-9a-f]{12}\.js" defer><\/script>/;

/** The scripts for passkeys, which a page loads that needs them. */
const ownScripts = /<script src="\/assets\/(simplewebauthn|passkey)\.[0-9a-f]{12}\.js" defer><\/script>/g;

function withoutOwnScripts(template: string, html: string): string {
  const rest = html.replace(timeScript, '');
  if (!withPasskeys.has(template)) return rest;
  expect(rest.match(ownScripts)).toHaveLength(2);
  return rest.replaceAll(ownScripts, '');
}

test.each(sampleList)(
  '%s runs no script but ours for passkeys and for more time, and no style of its own',
  (_name, template, model) => {
    const html = withoutOwnScripts(template, render(template, model));
    expect(html).not.toMatch(/<script|<style|\sstyle=|\son\w+=|javascript:/i);
  },
);

test.each(sampleList)(
  '%s sends its forms to this server, by POST if they change anything',
  (_name, template, model) => {
    for (const [tag] of render(template, model).matchAll(/<form\b[^>]*>/g)) {
      expect(tag).toMatch(/ method="post"| id="stay" method="get"/);
      expect(tag).toMatch(/ action="\/[^/]/);
    }
  },
);

test.each(sampleList)('%s uses each id once', (_name, template, model) => {
  const ids = [...render(template, model).matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
  expect(ids).toEqual([...new Set(ids)]);
});

/** Members that choose between states or are mark-up by contract; all others are text from outside. */
const notText = new Set(['kind', 'problem', 'form', 'notice']);

function poison(value: unknown, name = ''): unknown {
  if (typeof value === 'string') return notText.has(name) || value === '' ? value : `"><script>${name}`;
  if (Array.isArray(value)) return value.map((item) => poison(item, name));
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, poison(item, key)]));
}

const asked = sampleList.filter(
  ([, template]) => !template.startsWith('demo/') && template !== 'landing.njk',
);

test.each(asked)('%s shows what comes from outside as text, escaped once', (_name, template, model) => {
  const html = withoutOwnScripts(template, render(template, poison(model) as object));
  expect(html).not.toContain('<script');
  expect(html).not.toContain('&amp;lt;');
});
