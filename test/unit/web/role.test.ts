import { expect, test } from 'vitest';
import type { RoleModel } from '../../../src/web/sign-in/models.ts';
import { english } from '../../support/english.ts';
import { role } from './samples.ts';

const { render } = english;
const page = (changes: Partial<RoleModel> = {}) =>
  render('sign-in/role.njk', { ...role, ...changes }).replaceAll(/\s+/g, ' ');
const text = (html: string) => html.replaceAll(/<[^>]*>/g, '').replaceAll(/\s+/g, ' ');
const radios = (html: string) =>
  [...html.matchAll(/<input\b[^>]*>/g)].map(([tag]) => tag).filter((tag) => tag.includes(' type="radio"'));

test('asks for the role, and says who is signed in, where the roles are and which application asks', () => {
  const html = page();
  expect(html).toContain('<h1 class="nhsuk-heading-l">Which role are you working in?</h1>');
  expect(text(html)).toContain('You are signed in as Dr Priya Shah.');
  expect(text(html)).toContain(
    'When Fernhill Ward App asks for a patient’s record, it says which role you are in.',
  );
  expect(html).toMatch(/<legend\b[^>]*> Your roles at Fernhill Hospital <\/legend>/);
});

test('offers each role, and chooses none of them', () => {
  const found = radios(page());
  expect(found.map((tag) => tag.match(/ name="role" type="radio" value="([^"]*)"/)?.[1])).toEqual([
    'role-1',
    'role-2',
  ]);
  expect(found.join()).not.toContain('checked');
});

test('tells roles of the same name apart by their role profile, which belongs to the radio button', () => {
  const html = page({ roles: role.roles.map((one) => ({ ...one, name: 'Clinical Practitioner' })) });
  for (const [place, profile] of ['100000000203', '100000000204'].entries()) {
    const hint = radios(html)[place]?.match(/aria-describedby="([^"]*)"/)?.[1];
    expect(html).toMatch(new RegExp(`id="${hint}"[^>]*> Role profile ${profile} <`));
  }
});

test('says nothing of a role profile where there is none', () => {
  const html = page({ roles: role.roles.map((one) => ({ ...one, roleProfile: '' })) });
  expect(html).not.toContain('Role profile');
  expect(html).toContain('Health Professional');
});

test('going on without a role is an error that leads to the first one, and belongs to all of them', () => {
  const html = page({ problem: 'nothing-chosen' });
  expect(html).toContain('<title>Error: Which role are you working in? – Assent</title>');
  expect(html).toContain('<a href="#role"> Choose the role you are working in </a>');
  expect(radios(html)[0]).toContain(' id="role"');
  expect(html).toMatch(/<fieldset [^>]*aria-describedby="role-error"/);
  expect(text(html)).toContain('Error: Choose the role you are working in');
});

test('without a problem nothing is called one', () => {
  expect(page()).not.toMatch(/[Ee]rror|There is a problem/);
});

test('whoever is not the person signed in has a way out, and so has whoever does not want to go on', () => {
  const html = page();
  expect(text(html)).toContain('Not Dr Priya Shah?');
  const forms = html.split('<form ').slice(1);
  expect(forms.map((form) => form.match(/action="([^"]*)"/)?.[1])).toEqual([
    '/interaction/abc/role',
    '/interaction/abc/role',
    '/interaction/abc/cancel',
  ]);
  expect(forms[1]).toMatch(/name="decision" [^>]*value="switch"> Sign in as someone else/);
  expect(forms[2]).toContain('Go back to Fernhill Ward App');
  for (const form of forms) expect(form).toContain(`name="csrf" value="${role.csrf}"`);
});
