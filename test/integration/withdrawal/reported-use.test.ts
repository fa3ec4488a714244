import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ActivityPlace } from '../../../src/audit/index.ts';
import { grantOf, newFamily, renew } from '../../support/exchange.ts';
import { type Answer, form, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { watchStatements } from '../../support/taken-back.ts';
import type { TokenAnswer } from '../../support/visitor.ts';
import { fhirServer } from '../exchange/introspection.ts';
import { takeBack } from './taking.ts';

/** An API says what a token is used for when it asks about it (RFC 7662 section 2.1), and the person is shown it. */

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const ask = (
  tokens: Pick<TokenAnswer, 'access_token'>,
  use: readonly (readonly [string, string])[],
  headers: Readonly<Record<string, string>> = fhirServer,
): Promise<Answer> =>
  send(server, {
    ...form([['token', tokens.access_token], ...use], headers),
    path: '/token/introspection',
  });

const reading = [
  ['fhir_interaction', 'read'],
  ['fhir_resource', 'Immunization'],
] as const;

const reported = () =>
  server.sql<{ subject: string; client_id: string; api_id: string; detail: object }>(
    `SELECT subject, client_id, api_id, detail FROM audit_events WHERE type = 'access.reported' ORDER BY at`,
  );

/** What is added to the audit while something is done. */
async function added(work: () => Promise<unknown>) {
  const before = (await reported()).length;
  await work();
  return (await reported()).slice(before);
}

describe('what an API reports', () => {
  test('is a row: whose, by which application, whose record, what; and nothing more', async () => {
    const { first } = await newFamily(server);
    const rows = await added(async () => {
      const { status, body } = await ask(first, reading);
      expect([status, JSON.parse(body)]).toMatchObject([200, { active: true }]);
    });
    expect(rows).toEqual([
      {
        subject: 'aroha',
        client_id: 'kete-web',
        api_id: 'demo-fhir',
        detail: {
          grant: await grantOf(server, first.access_token),
          patient: 'p-aroha',
          interaction: 'read',
          resource: 'Immunization',
        },
      },
    ]);
  });

  test('is nothing where it says nothing', async () => {
    const { first } = await newFamily(server);
    expect(await added(() => ask(first, []))).toEqual([]);
    expect(await added(() => ask(first, [['fhir_interaction', '']]))).toEqual([]);
  });

  test('is nothing about a token that is over, unknown, or has no such scope', async () => {
    const { first, visitor } = await newFamily(server);
    const second = await renew(server, first);
    expect(await added(() => ask(second, [reading[0], ['fhir_resource', 'Condition']]))).toEqual([]);
    expect(await added(() => ask(second, [['fhir_interaction', 'create'], reading[1]]))).toEqual([]);
    expect(await added(() => ask({ access_token: 'nothing' }, reading))).toEqual([]);
    await takeBack(server, visitor, { clientId: 'kete-web' });
    expect(await added(() => ask(second, reading))).toEqual([]);
  });

  test('is nothing where somebody else says it', async () => {
    const { first } = await newFamily(server);
    expect(await added(() => ask(first, reading, {}))).toEqual([]);
    const credentials = Buffer.from('kete-web:demo-secret-kete-web').toString('base64');
    expect(await added(() => ask(first, reading, { Authorization: `Basic ${credentials}` }))).toEqual([]);
  });

  test.for([
    [['fhir_interaction', 'peek'], reading[1]],
    [reading[0], ['fhir_resource', '../Patient']],
    [reading[0], ['fhir_resource', `A${'a'.repeat(64)}`]],
    [reading[0]],
    [reading[1]],
    [['fhir_interaction', 'batch'], reading[1]],
    [...reading, ['fhir_interaction', 'read']],
  ] as const)('is refused when it is none: %j', async (use) => {
    const { first } = await newFamily(server);
    const rows = await added(async () => {
      const { status, body } = await ask(first, use);
      expect([status, JSON.parse(body)]).toMatchObject([400, { error: 'invalid_request' }]);
      expect(body).not.toContain('aroha');
    });
    expect(rows).toEqual([]);
  });

  test('is withheld together with the answer while it cannot be written', async () => {
    const { first } = await newFamily(server);
    const statements = watchStatements(server);
    statements.fail(/^audit_events_add$/);
    expect((await ask(first, reading)).status).toBe(503);
    statements.stop();
    expect((await ask(first, reading)).status).toBe(200);
  });
});

describe('the demo FHIR server', () => {
  test('says what it was asked for', async () => {
    const { first } = await newFamily(server);
    const get = (path: string) =>
      send(server, {
        method: 'GET',
        path: `/demo/fhir/r4/${path}`,
        headers: { Authorization: `Bearer ${first.access_token}` },
      });
    const rows = await added(async () => {
      expect((await get('Immunization?patient=p-aroha')).status).toBe(200);
      expect((await get('Patient/p-aroha')).status).toBe(200);
      expect((await get('No%20such')).status).toBe(404);
    });
    expect(rows.map(({ detail }) => detail)).toMatchObject([
      { patient: 'p-aroha', interaction: 'search-type', resource: 'Immunization' },
      { patient: 'p-aroha', interaction: 'read', resource: 'Patient' },
    ]);
  });
});

describe('what was done in somebody’s name', () => {
  test('comes by page, the latest first, and is hers alone', async () => {
    const { first } = await newFamily(server, { identifier: 'hana@example.test' });
    await ask(first, [reading[0], ['fhir_resource', 'Patient']]);
    const { activity } = server.services;
    const all = await activity.ofPerson('hana', { most: 100 });
    expect(all.next).toBeUndefined();
    expect(all.entries.map(({ type }) => type)).toEqual([
      'access.reported',
      'token.issued',
      'consent.given',
      'person.signed-in',
    ]);
    const seen: string[] = [];
    let after: ActivityPlace | undefined;
    do {
      const page = await activity.ofPerson('hana', { after, most: 1 });
      expect(page.entries).toHaveLength(1);
      seen.push(...page.entries.map(({ id }) => id));
      after = page.next;
    } while (after !== undefined);
    expect(seen).toEqual(all.entries.map(({ id }) => id));
  });
});
