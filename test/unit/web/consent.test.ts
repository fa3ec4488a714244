import { expect, test } from 'vitest';
import type { ConsentModel } from '../../../src/web/sign-in/models.ts';
import { english } from '../../support/english.ts';
import { consent, wardConsent } from './samples.ts';

const { render } = english;
const page = (changes: Partial<ConsentModel> = {}) =>
  render('sign-in/consent.njk', { ...consent, ...changes })
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
    ...consent.required.map(({ words }) => words),
    ...consent.optional.map(({ words }) => words),
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

test('a practitioner is told who she is and in which role, and that it is about patients', () => {
  const html = page(wardConsent);
  const facts = [...html.matchAll(/<dt\b[^>]*>(.*?)<\/dt>\s*<dd\b[^>]*>(.*?)<\/dd>/g)].map(
    ([, key, value]) => [key?.trim(), value?.trim()],
  );
  expect(html).toContain('let Fernhill Ward App use patients’ health records that you may open?');
  expect(facts).toContainEqual(['You are signed in as', 'Dr Priya Shah']);
  expect(facts).toContainEqual(['You are working as', 'Clinical Practitioner at Fernhill Hospital']);
  expect(html).not.toContain('(you)');
});

test('somebody who asks for herself is told of no role', () => {
  expect(page()).not.toContain('You are working as');
  const html = page({ patient: null, records: true });
  expect(html).toContain('let Kete Health use the health records that you may open?');
  expect(html).not.toMatch(/You are working as|patients/);
});

test('tells access that stays from access that ends with the session', () => {
  expect(page({ offline: true })).toContain('It asks to keep its access when you are not using it.');
  expect(page({ offline: false })).toContain('It has access only while you are signed in.');
});

test('a line is ticked as the model says, and what is required cannot be unticked', () => {
  const html = page();
  expect(inputs(html, 'checkbox').map((tag) => / checked/.test(tag))).toEqual(
    [...consent.optional, ...consent.writing].map(({ checked }) => checked),
  );
  const hidden = inputs(html, 'hidden').filter((tag) => tag.includes('name="line"'));
  expect(hidden.map((tag) => tag.match(/value="([^"]*)"/)?.[1])).toEqual(
    consent.required.map(({ scope }) => scope),
  );
});

test('what is added or changed stands apart from what is read, and says that it stays', () => {
  const html = page();
  const groups = html.split('<fieldset').slice(1);
  expect(groups).toHaveLength(2);
  expect(groups[0]).not.toContain('MedicationRequest');
  expect(groups[1]).toContain('What may Kete Health add or change?');
  expect(groups[1]).toContain('What it adds stays in the health record');
  expect(groups[1]).toContain('value="patient/MedicationRequest.cud"');
  expect(new Set(html.match(/ id="[^"]*"/g)).size).toBe(html.match(/ id="[^"]*"/g)?.length);
});

test('a line about everything lists what that is at the moment, and stays one line', () => {
  const html = page();
  expect(html).toContain('At the moment, that is:');
  for (const kind of ['vaccinations', 'prescribed medicines']) expect(html).toContain(`<li>${kind}</li>`);
  expect(html.match(/value="patient\/\*/g)).toHaveLength(1);
});

test('asked for more, she reads what she allows already, what stays refused, and where to change it', () => {
  const held = { allowed: ['Know your name', 'See vaccinations'], refused: ['See allergies'] };
  const html = page({ held, required: [], optional: [] });
  expect(html).toContain('Do you want to let Kete Health do more with your health record?');
  expect(html).toContain('You already allow 2 things');
  for (const words of [...held.allowed, ...held.refused]) expect(html).toContain(`<li>${words}</li>`);
  expect(html).toContain('You said no to this before.');
  expect(html).toContain('href="/account"');
  expect(html).toContain('It keeps what you allowed before.');
  expect(page()).not.toMatch(/You already allow|You said no|It keeps/);
});

test('sections without lines are left out', () => {
  expect(page({ optional: [], writing: [] })).not.toMatch(/<fieldset|type="checkbox"|You choose/);
  expect(page({ required: [] })).not.toMatch(/always needs|wants to do/);
});

test('where nothing can be chosen apart, it says that it is all or nothing', () => {
  const html = page({ optional: [], writing: [] });
  expect(html).toContain('What Kete Health wants to do');
  expect(html).toContain('You can allow all of this, or nothing. If you allow it, it can:');
  expect(html).not.toMatch(/always needs|cannot work without/);
  expect(page()).toContain('What Kete Health always needs');
  expect(page()).not.toContain('all of this, or nothing');
});

test('says what follows from saying no', () => {
  expect(page()).toContain('If you choose “Do not allow”, Kete Health gets nothing.');
});

test.each([
  ['directcare', 'Caring for the patient'],
  ['secondaryuses', 'Not the care of the patient, but for example planning or research'],
  ['patientaccess', 'The patient wants to see it'],
  ['migration', 'Moving the record to another GP practice'],
])('says what %s means', (reason, words) => {
  const html = page({ ...wardConsent, reason });
  expect(html).toContain('What it is for');
  expect(html).toContain(words);
  expect(page(consent)).not.toContain('What it is for');
});
