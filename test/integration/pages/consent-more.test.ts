import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type ConsentLine, type Shown, textDigest } from '../../../src/consents/index.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import {
  allow,
  authorise,
  exchange,
  formTo,
  introspect,
  type Page,
  type Visitor,
} from '../../support/visitor.ts';
import { begin, beginSignedIn, leftBehind, linesOf, press, responseOf, visit } from './steps.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterEach(async () => {
  await server.sql("UPDATE consents SET ended_at = now(), end_reason = 'test' WHERE ended_at IS NULL");
});
afterAll(() => server.close());

const base = 'openid fhirUser launch/patient offline_access patient/Patient.rs patient/Immunization.r';
const medicines = 'patient/MedicationRequest.rs';
const allergies = 'patient/AllergyIntolerance.rs';
const first = { scope: base };
const more = { scope: `${base} ${medicines} ${allergies}` };

interface Kept {
  readonly version: number;
  readonly language: string;
  readonly text_digest: string;
  readonly shown: Shown;
  readonly lines: readonly ConsentLine[];
}

const live = async () =>
  (await server.sql<Kept>('SELECT * FROM consents WHERE ended_at IS NULL ORDER BY version DESC'))[0];

/** Somebody who has allowed the first request, and what she is asked by the next one. */
async function asked(change: Readonly<Record<string, string>> = more, without: readonly string[] = []) {
  const { visitor } = await authorise(server, { visitor: visit(server), change: first, without });
  return begin(server, { visitor, change });
}

const scopeOf = async (visitor: Visitor, change: Readonly<Record<string, string>>) =>
  (await exchange(server, await authorise(server, { visitor, change }))).scope;

const silent = async (visitor: Visitor, change: Readonly<Record<string, string>>) =>
  responseOf((await begin(server, { visitor, change: { ...change, prompt: 'none' } })).page);

const linesIn = (page: Page) => linesOf(page).ticked;

describe('a person who is asked for more', () => {
  test('CO-02 sees the new lines alone; allowed, one token opens everything', async () => {
    const { visitor, page } = await asked();
    expect(linesOf(page)).toEqual({ ticked: [medicines, allergies], unticked: [] });
    expect(page.html).toContain('Do you want to let Kete Health do more with your health record?');
    expect(page.html).toContain('See vaccinations in this health record');
    expect(page.html).toContain('href="/account"');
    await allow(visitor, page);
    expect(await scopeOf(visitor, more)).toBe(more.scope);
  });

  test('what she unticks is remembered: not asked again, not even where prompt=none forbids asking', async () => {
    const { visitor, page } = await asked();
    await allow(visitor, page, [allergies]);
    expect((await silent(visitor, more)).has('code')).toBe(true);
    expect(await scopeOf(visitor, more)).toBe(`${base} ${medicines}`);
  });

  test('she may untick everything: what she allowed before stays', async () => {
    const { visitor, page } = await asked();
    expect(responseOf(await allow(visitor, page, [medicines, allergies])).has('code')).toBe(true);
    expect(await scopeOf(visitor, more)).toBe(base);
  });

  test('a no to all that is new is remembered, and takes nothing back', async () => {
    const { visitor } = await authorise(server, { visitor: visit(server), change: first });
    const tokens = await exchange(server, await authorise(server, { visitor, change: first }));
    const { page } = await begin(server, { visitor, change: more });
    const denied = responseOf(await visitor.follow(await press(visitor, page, 'deny')));
    expect(denied.get('error')).toBe('access_denied');
    expect(await introspect(server, tokens.access_token)).toMatchObject({ active: true });
    expect((await silent(visitor, more)).has('code')).toBe(true);
    expect(await scopeOf(visitor, more)).toBe(base);
    const { page: again } = await begin(server, { visitor, change: { ...more, prompt: 'consent' } });
    expect(linesOf(again).unticked).toEqual([medicines, allergies]);
  });

  test('a no to more of the same leaves what she allowed of it', async () => {
    const change = { scope: `${base} patient/Immunization.rs` };
    const { visitor, page } = await asked(change);
    expect(linesIn(page)).toEqual(['patient/Immunization.rs']);
    await allow(visitor, page, ['patient/Immunization.rs']);
    expect(await scopeOf(visitor, change)).toBe(base);
  });

  test('what she refused the first time is told, and not asked', async () => {
    const refused = 'patient/Immunization.r';
    const { page } = await asked(more, [refused]);
    expect(linesIn(page)).toEqual([medicines, allergies]);
    expect(page.html).toContain('You said no to this before.');
  });

  test('prompt=consent asks about everything, as she left it', async () => {
    const { page } = await asked({ ...more, prompt: 'consent' });
    expect([...linesIn(page)].sort()).toEqual(more.scope.split(' ').sort());
    expect(page.html).not.toContain('You already allow');
  });

  test('who took everything back meanwhile has decided nothing: the page asks about everything', async () => {
    const { visitor, page } = await asked();
    await server.sql("UPDATE consents SET ended_at = now(), end_reason = 'withdrawn' WHERE ended_at IS NULL");
    expect((await allow(visitor, page)).status).toBe(403);
    expect(await live()).toBeUndefined();
    const again = await visitor.get(page.url);
    expect(linesIn(again)).toContain('patient/Patient.rs');
    await allow(visitor, again);
    expect(await scopeOf(visitor, more)).toBe(more.scope);
  });

  test('two tabs ask the same; each is answered', async () => {
    const { visitor, page } = await asked();
    const { page: other } = await begin(server, { visitor, change: more });
    expect(responseOf(await allow(visitor, page)).has('code')).toBe(true);
    expect(linesIn(await visitor.get(other.url))).toEqual([medicines, allergies]);
    expect(responseOf(await allow(visitor, other, [allergies])).has('code')).toBe(true);
    expect(await scopeOf(visitor, more)).toBe(`${base} ${medicines}`);
  });
});

describe('a form that was changed', () => {
  test.for<
    [string, (fields: readonly (readonly [string, string])[]) => readonly (readonly [string, string])[]]
  >([
    ['a line that holds already', (fields) => [...fields, ['line', 'patient/Patient.rs']]],
    ['a line of another page', (fields) => [...fields, ['line', 'patient/Appointment.rs']]],
    ['everything', (fields) => [...fields, ['line', 'patient/*.rs']]],
    ['a line twice', (fields) => [...fields, ['line', medicines]]],
  ])('%s: refused, and nothing is decided', async ([, edit]) => {
    const { visitor, page } = await asked();
    const before = await leftBehind(server);
    const sent = await press(visitor, page, 'allow', edit(formTo(page, '/consent').fields));
    expect(sent).toMatchObject({ status: 403, location: undefined });
    expect(await leftBehind(server)).toEqual(before);
  });

  test('the form of one page sent to another: refused', async () => {
    const { visitor, page } = await asked();
    const { page: other } = await begin(server, { visitor, change: { scope: `${base} ${allergies}` } });
    const { fields } = formTo(page, '/consent');
    const sent = await press(visitor, other, 'allow', fields);
    expect(sent).toMatchObject({ status: 403, location: undefined });
    expect((await live())?.version).toBeGreaterThan(0);
    expect((await live())?.lines.map(({ scope }) => scope)).not.toContain(allergies);
  });
});

describe('a request with nothing new in it', () => {
  const older = { scope: `${base} patient/Patient.read patient/Patient.r` };

  test('asks nothing, also in another spelling of what was allowed', async () => {
    const { visitor } = await authorise(server, { visitor: visit(server), change: first });
    const before = await live();
    expect((await silent(visitor, older)).has('code')).toBe(true);
    expect((await scopeOf(visitor, older)).split(' ').sort()).toEqual(older.scope.split(' ').sort());
    const after = await live();
    expect(after).toMatchObject({ version: before?.version, text_digest: before?.text_digest });
    expect(after?.lines.filter(({ covered }) => covered).map(({ scope }) => scope)).toEqual([
      'patient/Patient.read',
      'patient/Patient.r',
    ]);
  });

  test('the same at once, many times: one decision, and nobody is asked', async () => {
    const { visitor } = await authorise(server, { visitor: visit(server), change: first });
    const answers = await Promise.all([1, 2, 3, 4, 5, 6].map(() => silent(visitor.copy(), older)));
    expect(answers.map((answer) => answer.has('code'))).toEqual(answers.map(() => true));
    const scopes = (await live())?.lines.map(({ scope }) => scope) ?? [];
    expect(new Set(scopes).size).toBe(scopes.length);
  });

  test('what was refused is not to be had by another spelling', async () => {
    const refused = 'patient/Patient.rs';
    const { visitor } = await authorise(server, {
      visitor: visit(server),
      change: first,
      without: [refused],
    });
    const answer = await silent(visitor, older);
    expect(answer.get('error')).toBe('consent_required');
    const { page } = await begin(server, { visitor, change: older });
    expect(linesOf(page)).toEqual({ ticked: [], unticked: ['patient/Patient.read'] });
  });
});

describe('what is kept', () => {
  test('versions count up, also after one ended, for each application', async () => {
    const identifier = 'hana@example.test';
    const versions: (number | undefined)[] = [];
    const visitor = visit(server);
    for (const change of [first, more]) {
      await authorise(server, { visitor, identifier, change });
      versions.push((await live())?.version);
    }
    await server.sql("UPDATE consents SET ended_at = now(), end_reason = 'test' WHERE ended_at IS NULL");
    await authorise(server, { visitor, identifier, change: first });
    versions.push((await live())?.version);
    expect(versions).toEqual([1, 2, 3]);
    await server.sql("UPDATE consents SET ended_at = now(), end_reason = 'test' WHERE ended_at IS NULL");
    await authorise(server, { visitor, change: { scope: 'openid' } });
    expect((await live())?.version).toBe(1);
  });

  test('the words of the page, its language, and a digest of them that anybody can make again', async () => {
    const { visitor, page } = await asked();
    await allow(visitor, page);
    const kept = await live();
    if (kept === undefined) throw new Error('nothing was kept');
    expect(kept).toMatchObject({ language: 'en', text_digest: textDigest(kept.shown) });
    expect(kept.shown.lines.map(({ scope }) => scope)).toEqual([medicines, allergies]);
    expect(kept.shown.held).toHaveLength(6);
    for (const { words } of kept.shown.lines) expect(page.html).toContain(words);
    for (const words of kept.shown.held) expect(page.html).toContain(words);
  });

  test('words that have changed since are not asked again, and stay as they were read', async () => {
    const { visitor } = await authorise(server, { visitor: visit(server), change: first });
    const then = 'See jabs in this health record';
    await server.sql(
      `UPDATE consents SET lines = replace(lines::text, 'See vaccinations in this health record', '${then}')::jsonb
       WHERE ended_at IS NULL`,
    );
    expect((await silent(visitor, first)).has('code')).toBe(true);
    const { page } = await begin(server, { visitor, change: more });
    await allow(visitor, page);
    expect((await live())?.lines.map(({ words }) => words)).toContain(then);
  });
});

test('somebody else who signs in in the same browser is asked about everything', async () => {
  const { page } = await asked();
  expect(linesIn(page)).toEqual([medicines, allergies]);
  const hana = await beginSignedIn(server, { identifier: 'tom@example.test', change: more });
  expect([...linesIn(hana.page)].sort()).toEqual(more.scope.split(' ').sort());
});
