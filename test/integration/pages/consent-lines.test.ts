import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import sentences from '../../../locales/en.json' with { type: 'json' };
import { startServer, type TestServer } from '../../support/server.ts';
import { allow, exchange, formTo, introspect, type PageForm, usualScope } from '../../support/visitor.ts';
import { type Begun, begin, beginSignedIn, leftBehind, linesOf, press, responseOf } from './steps.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const change = { prompt: 'consent' };
const required = ['openid', 'fhirUser', 'launch/patient'];
const optional = usualScope.split(' ').filter((scope) => !required.includes(scope));

type Fields = PageForm['fields'];
type Edit = (fields: Fields) => Fields;

const line = (scope: string) => ['line', scope] as const;

/** Exchanges the code of a browser that has come back. */
async function tokensOf({ visitor, request, page }: Begun) {
  const response = responseOf(page);
  const code = response.get('code') ?? '';
  const { verifier, parameters } = request;
  return exchange(server, { code, verifier, redirectUri: parameters.redirect_uri ?? '', visitor, response });
}

describe('the consent page', () => {
  test('CO-02 names who asks, whose record, where it leads, what for and for how long', async () => {
    const { page } = await beginSignedIn(server, { change });
    const until = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'Europe/London' }).format(
      Date.now() + 90 * 86_400_000,
    );
    const shown = [
      'Do you want to let Kete Health use your health record?',
      'Kete Health Ltd',
      'Aroha Ngata (you)',
      '127.0.0.1:8090',
      `We remember your choice until ${until}. Then Kete Health must ask you again.`,
      'It asks to keep its access when you are not using it.',
      'See vaccinations in this health record',
      'See appointments in this health record',
      sentences.scope.smart.fhirUser,
      sentences.scope.smart['launch/patient'],
    ];
    expect(shown.filter((sentence) => !page.html.includes(sentence))).toEqual([]);
    expect(linesOf(page)).toMatchObject({ unticked: [] });
  });

  test('without offline_access it says that access ends with the session', async () => {
    const scope = usualScope.replace('offline_access ', '');
    const { page } = await beginSignedIn(server, { change: { ...change, scope } });
    expect(page.html).toContain('It has access only while you are signed in.');
    expect(page.html).not.toContain('It asks to keep its access');
  });
});

describe('a form that is not the one that was shown', () => {
  test.for<[string, Edit]>([
    ...required.map((scope): [string, Edit] => [
      `the required line ${scope} taken out`,
      (fields) => fields.filter(([name, value]) => name !== 'line' || value !== scope),
    ]),
    ['a line added by hand', (fields) => [...fields, line('patient/Condition.rs')]],
    ['a wider line added by hand', (fields) => [...fields, line('patient/*.rs')]],
    ['a line doubled', (fields) => [...fields, line('patient/Patient.rs')]],
    ['a required line doubled', (fields) => [...fields, line('openid')]],
    ['an empty line', (fields) => [...fields, line('')]],
    ['U+0000 in a line', (fields) => [...fields, line('patient/Patient.rs\u0000')]],
    ['two scopes in a line', (fields) => [...fields, line('patient/Patient.rs patient/Appointment.rs')]],
    ['no line at all', (fields) => fields.filter(([name]) => name !== 'line')],
  ])('%s: refused, and nothing is decided', async ([, edit]) => {
    const { visitor, page } = await beginSignedIn(server, { change });
    const before = await leftBehind(server);
    const answer = await press(visitor, page, 'allow', edit(formTo(page, '/consent').fields));
    expect(answer).toMatchObject({ status: 403, location: undefined });
    expect(answer.html).toContain('We could not accept that form');
    // Whoever answered honestly, and late, finds the page as it is now.
    const [, again = ''] = /<a class="[^"]*" href="(\/interaction\/[^"]+)"/.exec(answer.html) ?? [];
    expect((await visitor.get(again)).html).toContain('/consent"');
    expect(await leftBehind(server)).toEqual(before);
    expect(responseOf(await allow(visitor, page)).has('code')).toBe(true);
  });

  test.for(['', 'ALLOW', 'yes', 'allow deny'])('the decision "%s": refused', async (decision) => {
    const { visitor, page } = await beginSignedIn(server, { change });
    const before = await leftBehind(server);
    expect(await press(visitor, page, decision)).toMatchObject({ status: 403, location: undefined });
    expect(await leftBehind(server)).toEqual(before);
  });

  test('both decisions at once: refused', async () => {
    const { visitor, page } = await beginSignedIn(server, { change });
    const { fields } = formTo(page, '/consent');
    const both = await press(visitor, page, 'allow', [...fields, ['decision', 'deny']]);
    expect(both).toMatchObject({ status: 403, location: undefined });
  });

  test('nothing chosen of the record: the page again, with what is wrong, as it was left', async () => {
    const { visitor, page } = await beginSignedIn(server, { change });
    const before = await leftBehind(server);
    const kept = ['offline_access'];
    const again = await allow(
      visitor,
      page,
      optional.filter((scope) => !kept.includes(scope)),
    );
    expect(again).toMatchObject({ status: 200, location: undefined });
    expect(again.html).toContain('<title>Error: Do you want to let Kete Health');
    expect(again.html).toContain('Tick at least one part of the health record');
    expect(linesOf(again).ticked).toEqual([...required, ...kept]);
    expect(await leftBehind(server)).toEqual(before);
    expect(responseOf(await press(visitor, again, 'deny').then(visitor.follow)).get('error')).toBe(
      'access_denied',
    );
  });
});

describe('lines that were unticked', () => {
  test.for([
    ['patient/Appointment.rs', 'hana', '/Appointment?patient=p-hana'],
    ['patient/Immunization.rs', 'tom', '/Immunization?patient=p-tom'],
  ] as const)('%s: no token has it', async ([scope, person, path]) => {
    const begun = await beginSignedIn(server, { change, identifier: `${person}@example.test` });
    const page = await allow(begun.visitor, begun.page, [scope]);
    const answer = await tokensOf({ ...begun, page });
    const granted = usualScope.replace(` ${scope}`, '');
    expect(answer.scope).toBe(granted);
    expect(await introspect(server, answer.access_token)).toMatchObject({ active: true, scope: granted });
    const read = await fetch(`${server.issuer}/demo/fhir/r4${path}`, {
      headers: { Authorization: `Bearer ${answer.access_token}` },
    });
    expect(read.status).toBe(403);
  });

  test('offline_access: no refresh token', async () => {
    const begun = await beginSignedIn(server, { change, identifier: 'mere@example.test' });
    const page = await allow(begun.visitor, begun.page, ['offline_access']);
    const answer = await tokensOf({ ...begun, page });
    expect(answer.refresh_token).toBeUndefined();
    expect(answer.scope).not.toContain('offline_access');
    const silent = await begin(server, { visitor: begun.visitor });
    expect((await tokensOf(silent)).refresh_token).toBeUndefined();
  });

  test('a line stays as it was left, until she ticks it again', async () => {
    const identifier = 'wiremu@example.test';
    const { visitor, page: first } = await beginSignedIn(server, { change, identifier });
    await allow(visitor, first, ['patient/Appointment.rs', 'offline_access']);
    const { page, request } = await begin(server, { visitor, change });
    const { unticked } = linesOf(page);
    expect(unticked).toEqual(['patient/Appointment.rs', 'offline_access']);
    const fields = [...formTo(page, '/consent').fields, ...unticked.map(line)];
    const end = await visitor.follow(await press(visitor, page, 'allow', fields));
    const answer = await tokensOf({ visitor, request, page: end });
    expect(answer.scope).toBe(usualScope);
    expect(answer.refresh_token).toBeDefined();
    expect(linesOf((await begin(server, { visitor, change })).page).unticked).toEqual([]);
  });
});
