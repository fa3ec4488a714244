import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lasting } from '../../support/lasting.ts';
import { chooseRole, clinicalRole } from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { createVisitor, formTo, type PageForm } from '../../support/visitor.ts';
import { signOut } from '../pages/leaving.ts';
import { begin, leftBehind, visit } from '../pages/steps.ts';
import {
  beginAtRole,
  clinicalId,
  expectChanged,
  expectConsentPage,
  expectOver,
  expectRolePage,
} from './role-page.ts';

/** The role page and other web sites, other browsers, and people who are gone. */

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

type Fields = PageForm['fields'];

/** The forms of the role page: where each is sent, and what a person adds. */
const forms: Readonly<Record<string, readonly [ending: string, added: Fields]>> = {
  'the role': ['/role', [['role', clinicalId]]],
  'somebody else': ['/role', [['decision', 'switch']]],
  'the way back': ['/cancel', []],
};

const replaced = (fields: Fields, value: string): Fields =>
  fields.map(([name, old]) => [name, name === 'csrf' ? value : old] as const);

const none = { 'Sec-Fetch-Site': '', Origin: '' };

const attacks: Readonly<Record<string, (fields: Fields) => [Fields, Record<string, string>]>> = {
  'without the token': (fields) => [fields.filter(([name]) => name !== 'csrf'), {}],
  'with an empty token': (fields) => [replaced(fields, ''), {}],
  'with a wrong token': (fields) => [replaced(fields, 'A'.repeat(43)), {}],
  'with the token twice': (fields) => [[...fields, ...fields.filter(([name]) => name === 'csrf')], {}],
  'cross-site': (fields) => [fields, { 'Sec-Fetch-Site': 'cross-site' }],
  'from a sister domain': (fields) => [fields, { 'Sec-Fetch-Site': 'same-site' }],
  'from no page': (fields) => [fields, { 'Sec-Fetch-Site': 'none' }],
  'from a foreign Origin': (fields) => [fields, { ...none, Origin: 'https://evil.example' }],
  'from the Origin null': (fields) => [fields, { ...none, Origin: 'null' }],
};

describe.for(Object.entries(forms))('SE-03 %s', ([, [ending, added]]) => {
  test('sent by others: 403, and nothing has changed', async () => {
    const { visitor, page } = await beginAtRole(server);
    const { action, fields } = formTo(page, ending);
    const other = await beginAtRole(server);
    const before = await leftBehind(server);
    for (const [name, attack] of Object.entries(attacks)) {
      const [sent, headers] = attack([...fields, ...added]);
      const answer = await visitor.post(action, sent, headers);
      expect([name, answer.status, answer.location]).toEqual([name, 403, undefined]);
      expectChanged(answer);
    }
    const [, token = ''] = formTo(other.page, '/role').fields.find(([name]) => name === 'csrf') ?? [];
    expectChanged(await visitor.post(action, replaced([...fields, ...added], token)));
    expect(await leftBehind(server)).toEqual(before);
    expect(lasting((await visitor.get(page.url)).html)).toBe(lasting(page.html));
  });

  test.for([
    ['a browser of today', {}],
    ['a browser that only says Origin', { 'Sec-Fetch-Site': '' }],
    ['a browser that says neither, with the token', none],
  ] as const)('%s is let in', async ([, headers]) => {
    const { visitor, page } = await beginAtRole(server);
    const { action, fields } = formTo(page, ending);
    expect(await visitor.post(action, [...fields, ...added], headers)).toMatchObject({ status: 303 });
  });

  test('another browser cannot open or answer the page, with no cookies or with its own', async () => {
    const { visitor, page } = await beginAtRole(server);
    const other = await beginAtRole(server);
    const { action, fields } = formTo(page, ending);
    for (const stranger of [visit(server), other.visitor]) {
      expectOver(await stranger.get(page.url));
      const answer = await stranger.post(action, [...fields, ...added]);
      expect([400, 403]).toContain(answer.status);
      expect(answer.location).toBeUndefined();
    }
    expectRolePage(await visitor.get(page.url));
  });

  test('the page’s cookies without those of the session answer nothing', async () => {
    const { visitor, page } = await beginAtRole(server);
    const { action, fields } = formTo(page, ending);
    const own = visitor.cookies(new URL(action, server.issuer).pathname);
    const headers = { Cookie: own.filter((one) => !one.startsWith('assent_session')).join('; ') };
    const before = await leftBehind(server);
    expectOver(await createVisitor(server.issuer).post(action, [...fields, ...added], headers));
    expect(await leftBehind(server)).toEqual(before);
    expectRolePage(await visitor.get(page.url));
  });

  test('the page’s cookies with the session of another person answer nothing', async () => {
    const { visitor, page } = await beginAtRole(server);
    const hana = await begin(server);
    const signedIn = formTo(hana.page, '/sign-in');
    await hana.visitor
      .post(signedIn.action, [
        ...signedIn.fields,
        ['identifier', 'hana@example.test'],
        ['password', 'kereru sings at dawn'],
      ])
      .then(hana.visitor.follow);
    const { action, fields } = formTo(page, ending);
    const own = visitor.cookies(new URL(action, server.issuer).pathname);
    const mixed = [
      ...own.filter((one) => !one.startsWith('assent_session')),
      ...hana.visitor.cookies('/').filter((one) => one.startsWith('assent_session')),
    ];
    const before = await leftBehind(server);
    const headers = { Cookie: mixed.join('; ') };
    expectOver(await createVisitor(server.issuer).post(action, [...fields, ...added], headers));
    expect(await leftBehind(server)).toEqual(before);
  });

  test('left open while she signed out, the page answers nothing', async () => {
    const { visitor, page } = await beginAtRole(server);
    const { action, fields } = formTo(page, ending);
    await signOut(server, visitor);
    const before = await leftBehind(server);
    expectOver(await visitor.post(action, [...fields, ...added]));
    expectOver(await visitor.get(page.url));
    expect(await leftBehind(server)).toEqual(before);
  });
});

test('what another person chose on a planted page is not hers: each browser has its own question', async () => {
  const mine = await beginAtRole(server);
  const theirs = await beginAtRole(server);
  await chooseRole(theirs.visitor, theirs.page, clinicalRole);
  expectRolePage(await mine.visitor.get(mine.page.url));
  expectConsentPage(await chooseRole(mine.visitor, mine.page, clinicalRole));
});

test('an account that was disabled while its role page was open goes nowhere', async () => {
  const { visitor, page } = await beginAtRole(server);
  await server.sql("UPDATE accounts SET disabled_at = now() WHERE id = 'priya'");
  const form = formTo(page, '/role');
  const answer = await visitor.post(form.action, [...form.fields, ['role', clinicalId]]);
  const end = await visitor.follow(answer);
  expect(end.location ?? '').not.toContain('code=');
  expect(end.html).not.toContain('/consent"');
  await server.sql("UPDATE accounts SET disabled_at = NULL WHERE id = 'priya'");
});
