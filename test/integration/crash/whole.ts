import { expect } from 'vitest';
import type { TestServer } from '../../support/server.ts';

/** Each finds rows that stand for half of something; there must never be any. */
const halves = {
  'a token without its audit row': `
    SELECT id FROM oidc_artefacts a WHERE model = 'AccessToken'
    AND 1 <> (SELECT count(*) FROM audit_events e WHERE e.type = 'token.issued' AND e.token_id = a.id)`,
  'a consent without its audit row': `
    SELECT id FROM consents c
    WHERE 1 <> (SELECT count(*) FROM audit_events e WHERE e.type = 'consent.given' AND e.detail->>'consent' = c.id
      OR e.type = 'consent.withdrawn' AND e.detail->>'next' = c.id)`,
  'a consent that was taken back without its audit row, or the other way round': `
    SELECT id FROM consents c WHERE (coalesce(end_reason, '') IN ('withdrawn', 'narrowed'))
      <> EXISTS (SELECT FROM audit_events e WHERE e.type = 'consent.withdrawn' AND e.detail->>'consent' = c.id)`,
  'a narrower version beside what came from the one before': `
    SELECT g.grant_id FROM consents c JOIN grants g ON g.consent_id = c.id
    WHERE c.end_reason = 'narrowed' AND g.ended_at IS NULL`,
  'an audit row without its consent': `
    SELECT id FROM audit_events e
    WHERE type = 'consent.given' AND NOT EXISTS (SELECT FROM consents c WHERE e.detail->>'consent' = c.id)`,
  'a grant of the library without a consent': `
    SELECT id FROM oidc_artefacts a
    WHERE model = 'Grant' AND NOT EXISTS (SELECT FROM grants g WHERE g.grant_id = a.id AND g.ended_at IS NULL)`,
  'a live grant that the library does not have': `
    SELECT grant_id FROM grants g WHERE ended_at IS NULL
    AND NOT EXISTS (SELECT FROM oidc_artefacts a WHERE a.model = 'Grant' AND a.id = g.grant_id)`,
  'a code or token without a grant': `
    SELECT id FROM oidc_artefacts a WHERE model IN ('AuthorizationCode', 'AccessToken', 'RefreshToken')
    AND NOT EXISTS (SELECT FROM oidc_artefacts g WHERE g.model = 'Grant' AND g.id = a.grant_id)`,
  'a used code or refresh token without what it brought': `
    SELECT id FROM oidc_artefacts a WHERE consumed_at IS NOT NULL
    AND NOT EXISTS (SELECT FROM oidc_artefacts t WHERE t.model = 'AccessToken' AND t.grant_id = a.grant_id)
    -- Access tokens of a grant that was narrowed are taken away.
    AND NOT EXISTS (SELECT FROM revocations r WHERE r.kind = 'narrowed' AND r.id = a.grant_id)`,
  'two successors of one refresh token': `
    SELECT predecessor FROM oidc_artefacts WHERE predecessor IS NOT NULL GROUP BY 1 HAVING count(*) > 1`,
  'two live decisions of one person about one application': `
    SELECT account_id FROM consents WHERE ended_at IS NULL
    GROUP BY account_id, client_id, api_id, patient HAVING count(*) > 1`,
  'an answer to a consent page without a decision': `
    SELECT 1 AS answers FROM (SELECT count(*) AS n FROM consent_answers WHERE decision = 'allow') a,
      (SELECT count(*) AS n FROM consents one WHERE NOT EXISTS
        (SELECT FROM audit_events e WHERE e.type = 'consent.withdrawn' AND e.detail->>'next' = one.id)) c WHERE a.n <> c.n`,
} as const;

/** Looks at the whole database for anything that is half-done. */
export async function expectWhole(server: Pick<TestServer, 'sql'>): Promise<void> {
  const found: Record<string, unknown> = {};
  for (const [what, text] of Object.entries(halves)) {
    const rows = await server.sql(text);
    if (rows.length > 0) found[what] = rows;
  }
  expect(found).toEqual({});
}
