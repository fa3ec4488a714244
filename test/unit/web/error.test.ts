import { expect, test } from 'vitest';
import { type ErrorModel, errorModel } from '../../../src/web/models.ts';
import { english } from '../../support/english.ts';

const { render, translate } = english;

const kinds: ErrorModel['kind'][] = [
  'unexpected',
  'notFound',
  'expired',
  'badRequest',
  'unavailable',
  'interrupted',
  'forbidden',
  'tooLarge',
  'tooMany',
];

test.each(kinds)('the error page for %s says what happened, what to do and the number', (kind) => {
  const html = render('error.njk', { kind, incident: '7f3a-92' } satisfies ErrorModel);
  expect(html).toContain(`<h1 class="nhsuk-heading-l">${translate(`error.${kind}.heading`)}</h1>`);
  expect(html).toContain(translate(`error.${kind}.what`));
  expect(html).toContain('What you can do');
  expect(html).toContain(translate(`error.${kind}.next`));
  expect(html).toContain('7f3a-92');
  expect(html).not.toContain('<details');
  expect(html).not.toContain('nhsuk-button');
});

test('technical details are there for developers, folded away', () => {
  const html = render(
    'error.njk',
    errorModel({
      kind: 'badRequest',
      incident: '1',
      code: 'invalid_request',
      description: 'state <missing>',
    }),
  );
  const details = html.slice(html.indexOf('<details'), html.indexOf('</details>'));
  expect(details).toContain('For the people who make the application');
  expect(details).toContain('invalid_request');
  expect(details).toContain('state &lt;missing&gt;');
  expect(details).not.toMatch(/<details[^>]* open/);
});

test('the way on is a link', () => {
  const wayOn = { name: 'Kete Health', uri: 'https://kete.example.test/?a=1&b=2' };
  const html = render('error.njk', errorModel({ kind: 'expired', incident: '1', wayOn }));
  expect(html).toMatch(
    /<a class="[^"]*" href="https:\/\/kete\.example\.test\/\?a=1&amp;b=2">Go back to Kete Health<\/a>/,
  );
});

test('what a caller does not know is left out', () => {
  expect(errorModel({ kind: 'expired', incident: '1', code: undefined, wayOn: undefined })).toEqual({
    kind: 'expired',
    incident: '1',
    code: '',
    description: '',
    again: '',
    wayOn: null,
    place: '',
  });
});
