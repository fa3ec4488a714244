import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lasting } from '../../support/lasting.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { demoPassword, formTo, type Page, type PageForm, type Visitor } from '../../support/visitor.ts';
import { begin, beginSignedIn, leftBehind } from './steps.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

type Fields = PageForm['fields'];

/** A page that is ready to be sent, and the form that would do something. */
interface Ready {
  readonly visitor: Visitor;
  readonly page: Page;
  readonly action: string;
  readonly fields: Fields;
}

const credentials: Fields = [
  ['identifier', 'aroha@example.test'],
  ['password', demoPassword],
];

const forms: Readonly<Record<string, () => Promise<Ready>>> = {
  'sign-in': async () => {
    const { visitor, page } = await begin(server);
    const { action, fields } = formTo(page, '/sign-in');
    return { visitor, page, action, fields: [...fields, ...credentials] };
  },
  allow: async () => {
    const { visitor, page } = await beginSignedIn(server, { change: { prompt: 'consent' } });
    const { action, fields } = formTo(page, '/consent');
    return { visitor, page, action, fields: [...fields, ['decision', 'allow']] };
  },
  deny: async () => {
    const { visitor, page } = await beginSignedIn(server, { change: { prompt: 'consent' } });
    const { action, fields } = formTo(page, '/consent');
    return { visitor, page, action, fields: [...fields, ['decision', 'deny']] };
  },
  switch: async () => {
    const { visitor, page } = await beginSignedIn(server, { change: { prompt: 'consent' } });
    const { action, fields } = formTo(page, '/consent');
    return { visitor, page, action, fields: [...fields, ['decision', 'switch']] };
  },
  cancel: async () => {
    const { visitor, page } = await begin(server);
    const { action, fields } = formTo(page, '/cancel');
    return { visitor, page, action, fields };
  },
};

const replaced = (fields: Fields, value: string): Fields =>
  fields.map(([name, old]) => [name, name === 'csrf' ? value : old] as const);

/** What a browser sends with a form: both headers today, `Origin` alone before 2023, neither long ago. */
const none = { 'Sec-Fetch-Site': '', Origin: '' };

const attacks: Readonly<Record<string, (ready: Ready) => Promise<[Fields, Record<string, string>]>>> = {
  'without the token': async ({ fields }) => [fields.filter(([name]) => name !== 'csrf'), {}],
  'with an empty token': async ({ fields }) => [replaced(fields, ''), {}],
  'with a wrong token': async ({ fields }) => [replaced(fields, 'A'.repeat(43)), {}],
  'with the token twice': async ({ fields }) => [
    [...fields, ...fields.filter(([name]) => name === 'csrf')],
    {},
  ],
  'with the token of another interaction': async ({ fields }) => {
    const other = await begin(server);
    const [, token = ''] = formTo(other.page, '/sign-in').fields.find(([name]) => name === 'csrf') ?? [];
    return [replaced(fields, token), {}];
  },
  'cross-site': async ({ fields }) => [fields, { 'Sec-Fetch-Site': 'cross-site' }],
  'from a sister domain': async ({ fields }) => [fields, { 'Sec-Fetch-Site': 'same-site' }],
  'from no page': async ({ fields }) => [fields, { 'Sec-Fetch-Site': 'none' }],
  'cross-site, whatever the Origin': async ({ fields }) => [
    fields,
    { 'Sec-Fetch-Site': 'cross-site', Origin: server.issuer },
  ],
  'from a foreign Origin': async ({ fields }) => [fields, { ...none, Origin: 'https://evil.example' }],
  'from an Origin that begins like ours': async ({ fields }) => [
    fields,
    { ...none, Origin: `${server.issuer}.evil.example` },
  ],
  'from the Origin null': async ({ fields }) => [fields, { ...none, Origin: 'null' }],
};

describe.for(Object.keys(forms))('SE-03 %s', (name) => {
  const open = async () => {
    const make = forms[name];
    if (make === undefined) throw new Error(`no form ${name}`);
    return make();
  };

  test.for(Object.keys(attacks))('%s: 403, and nothing has changed', async (attack) => {
    const ready = await open();
    const [fields, headers] = (await attacks[attack]?.(ready)) ?? [[], {}];
    const before = await leftBehind(server);
    const answer = await ready.visitor.post(ready.action, fields, headers);
    expect(answer).toMatchObject({ status: 403, location: undefined });
    expect(answer.html).toContain('We could not accept that form');
    expect(await leftBehind(server)).toEqual(before);
    expect(lasting((await ready.visitor.get(ready.page.url)).html)).toBe(lasting(ready.page.html));
  });

  test.for([
    ['a browser of today', {}],
    ['a browser that only says Origin', { 'Sec-Fetch-Site': '' }],
    ['a browser that says neither, with the token', none],
  ] as const)('%s is let in', async ([, headers]) => {
    const { visitor, action, fields } = await open();
    expect(await visitor.post(action, fields, headers)).toMatchObject({ status: 303 });
  });
});
