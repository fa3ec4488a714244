import { expect, test } from 'vitest';
import { createAssets } from '../../../src/web/assets.ts';
import type { ConsentModel } from '../../../src/web/models.ts';
import { createRenderer } from '../../../src/web/render.ts';
import { consent } from './samples.ts';

const { render } = createRenderer({ locale: 'en', assets: createAssets() });
const page = (changes: Partial<ConsentModel> = {}) =>
  render('consent.njk', { ...consent, ...changes })
    .replaceAll(/\s+/g, ' ')
    .replaceAll('&#39;', "'");
const inputs = (html: string, type: string) =>
  [...html.matchAll(/<input\b[^>]*>/g)].map(([tag]) => tag).filter((tag) => tag.includes(` type="${type}"`));

test('says who asks, from where, whose record, what and for how long', () => {
  const html = page();
  expect(html).toContain('Do you want to let Kete Health use your health record?');
  for (const fact of [
    consent.client.name,
    consent.client.organization,
    consent.client.site,
    'Aroha Ngata (you)',
    `until ${consent.until}`,
    ...consent.required.map(({ sentence }) => sentence),
    ...consent.optional.map(({ sentence }) => sentence),
  ])
    expect(html).toContain(fact);
});

test('names the person whose record it is, and who is signed in, where they are two', () => {
  const html = page({ patient: { name: 'Tama Ngata', isAccount: false } });
  expect(html).toContain('use the health record of Tama Ngata?');
  expect(html).toContain('You are signed in as');
  expect(html).not.toContain('(you)');
});

test('speaks of no record where the request is about none', () => {
  const html = page({ patient: null });
  expect(html).toContain('Do you want to connect Kete Health to your account?');
  expect(html).not.toContain('Health record of');
});

test('tells access that stays from access that ends with the session', () => {
  expect(page({ offline: true })).toContain('It asks to keep its access when you are not using it.');
  expect(page({ offline: false })).toContain('It has access only while you are signed in.');
});

test('a line is ticked as the model says, and what is required cannot be unticked', () => {
  const html = page();
  expect(inputs(html, 'checkbox').map((tag) => / checked/.test(tag))).toEqual(
    consent.optional.map(({ checked }) => checked),
  );
  const hidden = inputs(html, 'hidden').filter((tag) => tag.includes('name="line"'));
  expect(hidden.map((tag) => tag.match(/value="([^"]*)"/)?.[1])).toEqual(
    consent.required.map(({ scope }) => scope),
  );
});

test('sections without lines are left out', () => {
  expect(page({ optional: [] })).not.toMatch(/<fieldset|type="checkbox"|You choose/);
  expect(page({ required: [] })).not.toContain('always needs');
});

test('says what follows from saying no', () => {
  expect(page()).toContain('If you choose “Do not allow”, Kete Health gets nothing.');
});
