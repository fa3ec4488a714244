import { expect, test } from 'vitest';
import { english } from '../../support/english.ts';
import { sampleList } from './samples.ts';

/** A tag's attributes by name. */
function attributesOf(tag: string): Map<string, string> {
  return new Map(
    [...tag.matchAll(/\s([\w-]+)(?:="([^"]*)")?/g)].map(([, name = '', value = '']) => [name, value]),
  );
}

const typed = new Set(['text', 'password', 'email', 'tel', 'number', 'search', 'url']);

/** Fields that a person types in. */
const fieldsOf = (html: string) =>
  [...html.matchAll(/<(?:input|textarea)\b[^>]*>/g)]
    .map(([tag]) => attributesOf(tag))
    .filter((field) => typed.has(field.get('type') ?? 'text'));

/** Fields about something else than the person, which a browser cannot know. */
const aboutSomethingElse = new Set(['systolic', 'diastolic', 'name', 'code', 'label']);

/** What browsers and password managers fill in (HTML, section "Autofill"; WCAG 2.2, success criteria 1.3.5 and 3.3.8). */
const purposes = new Set([
  ...['username', 'current-password', 'new-password', 'one-time-code', 'email', 'name', 'bday'],
  ...['bday-day', 'bday-month', 'bday-year', 'off', 'username webauthn'],
]);

test.each(sampleList)(
  '%s: each field says what it is for, so that nobody has to remember or retype',
  (_name, template, model) => {
    for (const field of fieldsOf(english.render(template, model))) {
      const purpose = field.get('autocomplete');
      const name = field.get('name') ?? '';
      if (purpose === undefined)
        expect(aboutSomethingElse.has(name), `${name} has no autocomplete`).toBe(true);
      else expect(purposes.has(purpose), `${name}: ${purpose}`).toBe(true);
      // A password may be pasted and kept by a password manager.
      if (field.get('type') === 'password') expect(purpose).toMatch(/^(current|new)-password$/);
      expect(field.has('maxlength') && field.get('type') === 'password', `${name} is cut off`).toBe(false);
    }
  },
);

test.each(sampleList)(
  '%s: an error is named in the title, leads to its field, and is told there',
  (_name, template, model) => {
    const html = english.render(template, model);
    const summary = /<div class="nhsuk-error-summary"[\s\S]*?<\/ul>/.exec(html)?.[0];
    const title = /<title>([^<]*)/.exec(html)?.[1]?.trim() ?? '';
    if (summary === undefined) {
      expect(title).not.toMatch(/^Error:/);
      expect(html).not.toMatch(/nhsuk-error-message"|nhsuk-form-group--error/);
      return;
    }
    expect(title).toMatch(/^Error: /);
    for (const [, id = ''] of summary.matchAll(/href="#([^"]*)"/g)) {
      const field = [...html.matchAll(/<(?:input|textarea|select)\b[^>]*>/g)]
        .map(([tag]) => attributesOf(tag))
        .find((one) => one.get('id') === id);
      expect(html, `nothing has the id ${id}`).toContain(`id="${id}"`);
      // A part of the page with a button of its own.
      if (field === undefined) continue;
      const group = new RegExp(`<fieldset[^>]*aria-describedby="[^"]*${field?.get('name')}-error`).test(html);
      expect(
        group || field?.get('aria-describedby')?.includes(`${id}-error`),
        `#${id} is not described`,
      ).toBe(true);
      expect(html).toContain(`id="${group ? field?.get('name') : id}-error"`);
    }
  },
);

test.each(sampleList)('%s: every field has a label', (_name, template, model) => {
  const html = english.render(template, model);
  for (const field of fieldsOf(html)) expect(html).toMatch(new RegExp(`<label[^>]*for="${field.get('id')}"`));
});
