import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  digest,
  grantOf,
  keteSpa,
  labWeb,
  newFamily,
  outcome,
  refreshForm,
  registerLab,
  spaChange,
  tokenRequest,
} from '../../support/exchange.ts';
import { eventually } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorise, exchangeForm, type TokenAnswer, usualScope } from '../../support/visitor.ts';
import { tally } from '../token-endpoint/refusals.ts';

/** What exchanges leave in the audit: one row a token, one a denial of a client that proved who it is. */

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
  await registerLab(server);
});
afterAll(() => server.close());

const rowsOf = ({ access_token: token }: TokenAnswer) =>
  server.sql(
    `SELECT type, client_id, organization, api_id, grant_type, scope, subject, error, source, detail
     FROM audit_events WHERE token_id = $1`,
    [digest(token)],
  );

describe('a token that was issued', () => {
  test.each([
    ['for a code', 'authorization_code'],
    ['for a refresh token', 'refresh_token'],
  ])(
    '%s has exactly one row: whose, for whom, from which grant, under its hash',
    async (_what, grantType) => {
      const { first } = await newFamily(server);
      const answer =
        grantType === 'authorization_code'
          ? first
          : (JSON.parse((await tokenRequest(server, refreshForm(first.refresh_token))).body) as TokenAnswer);
      expect(await rowsOf(answer)).toEqual([
        {
          type: 'token.issued',
          client_id: 'kete-web',
          organization: 'kete',
          api_id: 'demo-fhir',
          grant_type: grantType,
          scope: expect.stringContaining('patient/Patient.rs'),
          subject: 'aroha',
          error: null,
          source: expect.stringMatching(/127\.0\.0\.1|::1/),
          detail: {
            reason: null,
            grant: await grantOf(server, answer.access_token),
            refresh_token: true,
          },
        },
      ]);
    },
  );

  test('says when no refresh token came with it', async () => {
    const scope = usualScope.replace('offline_access ', '');
    const { first } = await newFamily(server, { change: { scope }, identifier: 'tom@example.test' });
    expect(await rowsOf(first)).toMatchObject([{ subject: 'tom', detail: { refresh_token: false } }]);
  });

  test('to an application in a browser is one of its own', async () => {
    const { first } = await newFamily(server, { change: spaChange, client: keteSpa });
    expect(await rowsOf(first)).toMatchObject([{ client_id: 'kete-spa', subject: 'aroha' }]);
  });

  test('every one that is kept has its row, and no token, code or refresh token stands there in full', async () => {
    const { first, authorised } = await newFamily(server);
    const lost = await server.sql(
      `SELECT id FROM oidc_artefacts a WHERE model = 'AccessToken'
       AND 1 <> (SELECT count(*) FROM audit_events e WHERE e.type = 'token.issued' AND e.token_id = a.id)`,
    );
    expect(lost).toEqual([]);
    const rows = await server.sql<{ text: string }>(
      `SELECT to_jsonb(e)::text AS text FROM audit_events e
       UNION ALL SELECT to_jsonb(a)::text FROM oidc_artefacts a UNION ALL SELECT to_jsonb(g)::text FROM grants g`,
    );
    const all = rows.map(({ text }) => text).join('\n');
    for (const value of [first.access_token, first.refresh_token, authorised.code, authorised.verifier]) {
      expect(all).not.toContain(value);
    }
    const log = server.logLines.join('\n');
    for (const value of [first.access_token, first.refresh_token, authorised.code])
      expect(log).not.toContain(value);
  });
});

const denials = (clientId: string) =>
  server.sql(
    `SELECT client_id, grant_type, error, token_id, subject FROM audit_events
     WHERE type = 'token.denied' AND client_id = $1`,
    [clientId],
  );

describe('an exchange that was refused', () => {
  test.each([
    ['of a code', 'authorization_code'],
    ['of a refresh token', 'refresh_token'],
  ])('%s leaves one row of the client that tried it, and nothing else', async (_what, grantType) => {
    const { first, visitor } = await newFamily(server);
    const waiting = await authorise(server, { visitor });
    const form = grantType === 'refresh_token' ? refreshForm(first.refresh_token) : exchangeForm(waiting);
    const [before, seen] = [await tally(server), await denials('lab-web')];
    expect(outcome(await tokenRequest(server, form, labWeb))).toBe('400 invalid_grant');
    expect(await tally(server)).toEqual(before);
    const rows = await denials('lab-web');
    expect(rows).toHaveLength(seen.length + 1);
    expect(rows).toContainEqual({
      client_id: 'lab-web',
      grant_type: grantType,
      error: 'invalid_grant',
      token_id: null,
      subject: null,
    });
  });

  test('late, when tokens were made already, leaves none of them', async () => {
    const { visitor } = await newFamily(server);
    const waiting = await authorise(server, { visitor });
    const before = await tally(server);
    const form = { ...exchangeForm(waiting), resource: 'https://elsewhere.example.test/' };
    expect(outcome(await tokenRequest(server, form))).toBe('400 invalid_target');
    expect(await tally(server)).toEqual(before);
    expect(outcome(await tokenRequest(server, exchangeForm(waiting)))).toBe('200');
  });

  test('by somebody who proved nothing is counted, without a row', async () => {
    const { first } = await newFamily(server);
    const rows = async () =>
      (await server.sql(`SELECT id FROM audit_events WHERE type = 'token.denied'`)).length;
    const counted = async () => {
      const [row] = await server.sql<{ sum: number }>(
        `SELECT coalesce(sum(count), 0)::integer AS sum FROM anonymous_denials WHERE error = 'invalid_client'`,
      );
      return row?.sum ?? 0;
    };
    const [before, seen] = [await rows(), await counted()];
    const answer = await tokenRequest(server, refreshForm(first.refresh_token), ['kete-web', 'wrong']);
    expect(outcome(answer)).toBe('401 invalid_client');
    await eventually(async () => ((await counted()) === seen + 1 ? true : undefined));
    expect(await rows()).toBe(before);
  });
});

describe('an exchange whose audit row cannot be written', () => {
  test('brings no token, and the code is good when it can be written again', async () => {
    const { visitor, first } = await newFamily(server);
    const waiting = await authorise(server, { visitor });
    await server.sql(
      `ALTER TABLE audit_events ADD CONSTRAINT none_of_this CHECK (type <> 'token.issued') NOT VALID`,
    );
    const before = await tally(server);
    for (const form of [exchangeForm(waiting), refreshForm(first.refresh_token)]) {
      const answer = await tokenRequest(server, form);
      expect(outcome(answer)).toBe('503 temporarily_unavailable');
      expect(answer.headers).toMatchObject({ 'retry-after': '1', 'cache-control': 'no-store' });
    }
    expect(await tally(server)).toEqual(before);
    await server.sql('ALTER TABLE audit_events DROP CONSTRAINT none_of_this');
    expect(outcome(await tokenRequest(server, exchangeForm(waiting)))).toBe('200');
    expect(outcome(await tokenRequest(server, refreshForm(first.refresh_token)))).toBe('200');
  });
});
