import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { outcome, redeem, refreshForm, renew, tokenRequest } from '../../support/exchange.ts';
import {
  clinicalRole,
  clinicTokens,
  gpConnect,
  healthRole,
  practise,
  wardApp,
  wardChange,
} from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { createVisitor, demoPassword, exchangeForm, type TokenAnswer } from '../../support/visitor.ts';
import { ask } from '../authorisation/answers.ts';
import { beginSignedIn, press, responseOf } from '../pages/steps.ts';
import { beginAtRole, clinicalId, priya, professionalId, sendRole } from './role-page.ts';
import { putShah } from './surgery.ts';

/** What a practitioner's request leaves in the audit, and what it leaves in the log. */

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const rows = (type: string, after = '') =>
  server.sql(
    `SELECT type, client_id, organization, api_id, grant_type, scope, subject, error, detail FROM audit_events
     WHERE type = $1 AND at >= coalesce(nullif($2, '')::timestamptz, '-infinity') ORDER BY at`,
    [type, after],
  );

const grantRow = async () => {
  const [row] = await server.sql<{ grant_id: string }>(
    'SELECT grant_id FROM grants ORDER BY created_at DESC LIMIT 1',
  );
  return row?.grant_id;
};

describe('the audit', () => {
  let tokens: TokenAnswer;

  test('of a consent has the role and the reason', async () => {
    const visitor = createVisitor(server.issuer);
    for (const role of [clinicalRole, healthRole]) {
      const { authorised } = await practise(server, { visitor, role });
      if (authorised === undefined) throw new Error('no code');
      tokens = await redeem(server, authorised, wardApp);
    }
    expect(await rows('consent.given')).toEqual(
      [clinicalId, professionalId].map((role) => ({
        type: 'consent.given',
        client_id: 'ward-app',
        organization: null,
        api_id: 'reasonable-adjustments',
        grant_type: null,
        scope: wardChange.scope,
        subject: 'priya',
        error: null,
        detail: {
          consent: expect.any(String),
          patient: null,
          role,
          reason: 'directcare',
          refused: [],
          version: 1,
          ending_grants: [],
        },
      })),
    );
  });

  test('of a token says whose, for which organisation, why, and from which grant; of a refreshed one, too', async () => {
    const refreshed = await renew(server, tokens, wardApp);
    for (const [answer, grantType] of [
      [tokens, 'authorization_code'],
      [refreshed, 'refresh_token'],
    ] as const) {
      const { jti, requested_scope: scope } = decodeJwt(answer.access_token);
      const found = await server.sql(
        `SELECT type, client_id, organization, api_id, grant_type, scope, subject, error, detail FROM audit_events
         WHERE token_id = $1`,
        [jti],
      );
      expect(found).toEqual([
        {
          type: 'token.issued',
          client_id: 'ward-app',
          organization: 'fernhill',
          api_id: 'reasonable-adjustments',
          grant_type: grantType,
          scope: expect.stringContaining(String(scope)),
          subject: 'priya',
          error: null,
          detail: {
            reason: 'directcare',
            role: professionalId,
            sds_user: '100000000101',
            role_profile: healthRole,
            grant: await grantRow(),
            refresh_token: true,
          },
        },
      ]);
    }
  });

  test('of a GP Connect token, too', async () => {
    const answer = await clinicTokens(server);
    const { jti } = decodeJwt(answer.access_token);
    expect(
      await server.sql(
        'SELECT type, api_id, subject, organization, detail FROM audit_events WHERE token_id = $1',
        [jti],
      ),
    ).toEqual([
      {
        type: 'token.issued',
        api_id: 'gp-connect',
        subject: 'priya',
        organization: 'fernhill',
        detail: expect.objectContaining({ reason: 'directcare' }),
      },
    ]);
    expect(decodeJwt(answer.access_token).aud).toBe(gpConnect);
  });

  test('of a refused consent and of a token that was denied has a row each', async () => {
    const { visitor, page } = await beginSignedIn(server, {
      ...priya,
      change: { ...wardChange, prompt: 'consent', scope: 'user/List.read' },
    });
    const chosen = await visitor.follow(await sendRole(visitor, page, [['role', clinicalId]]));
    expect(responseOf(await visitor.follow(await press(visitor, chosen, 'deny'))).get('error')).toBe(
      'access_denied',
    );
    expect(await rows('consent.refused')).toMatchObject([
      { client_id: 'ward-app', api_id: 'reasonable-adjustments', subject: 'priya', scope: 'user/List.read' },
    ]);
    const { authorised } = await practise(server);
    if (authorised === undefined) throw new Error('no code');
    await putShah(server, { clinical: undefined });
    const seen = (await rows('token.denied')).length;
    expect(outcome(await tokenRequest(server, exchangeForm(authorised), wardApp))).toBe('400 invalid_grant');
    await putShah(server);
    expect((await rows('token.denied')).slice(seen)).toMatchObject([
      {
        client_id: 'ward-app',
        grant_type: 'authorization_code',
        error: 'invalid_grant',
        organization: 'fernhill',
      },
    ]);
  });

  test('of a change of roles names the person and her roles', async () => {
    await putShah(server, { professional: undefined });
    await putShah(server);
    const all = await rows('practitioner.written');
    expect(all.slice(-2)).toMatchObject([
      { subject: 'priya', detail: { roles: ['priya-millbrook-clinical', clinicalId] } },
      { subject: 'priya', detail: { roles: ['priya-millbrook-clinical', clinicalId, professionalId] } },
    ]);
  });

  test('has no name and no secret', async () => {
    const found = await server.sql<{ text: string }>('SELECT to_jsonb(e)::text AS text FROM audit_events e');
    const text = found.map((row) => row.text).join('\n');
    // The national ids of person and role have to be there (spine-jwt.md section 9); what she is called, not.
    for (const word of ['Shah', 'Priya', 'Rangi', demoPassword, 'priya@example.test'])
      expect([word, text.includes(word)]).toEqual([word, false]);
    for (const value of [tokens.access_token, tokens.refresh_token ?? 'none', tokens.id_token ?? 'none'])
      expect(text).not.toContain(value);
  });
});

describe('the log', () => {
  test('has no personal data, whatever goes wrong', async () => {
    const { visitor, page } = await beginAtRole(server);
    for (const role of ['rangi-millbrook-reception', '', 'x'.repeat(3000), '\u0000'])
      await sendRole(visitor, page, [['role', role]]);
    await beginSignedIn(server, { change: wardChange, identifier: 'rangi@example.test' });
    await beginSignedIn(server, { change: wardChange, identifier: 'aroha@example.test' });
    await ask(server, { ...wardChange, reason_for_request: 'because of Dr Shah' });
    const { authorised } = await practise(server);
    if (authorised === undefined) throw new Error('no code');
    const tokens = await redeem(server, authorised, wardApp);
    await putShah(server, { clinical: undefined });
    await tokenRequest(server, refreshForm(tokens.refresh_token), wardApp);
    await putShah(server);
    await tokenRequest(server, refreshForm(tokens.refresh_token, { scope: 'user/Shah.read' }), wardApp);
    const log = server.logLines.join('\n');
    for (const word of [
      'Shah',
      'Priya',
      'Rangi',
      'Cooper',
      'Aroha',
      '100000000101',
      clinicalRole,
      'pr-priya',
      demoPassword,
      'example.test"',
      tokens.access_token,
      tokens.refresh_token ?? 'none',
      authorised.code,
    ])
      expect([word, log.includes(word)]).toEqual([word, false]);
  });

  test('has no error of ours', () => {
    const levels = server.logLines.map((line) => (JSON.parse(line) as { level: number }).level);
    expect(levels.filter((level) => level >= 50)).toEqual([]);
  });
});
