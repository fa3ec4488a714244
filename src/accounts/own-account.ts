import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';

const statements = {
  // No password hash, public key, seed or code: what proves who she is, is not about her.
  kept: {
    name: 'accounts_kept',
    text: `SELECT jsonb_build_object(
             'id', a.id, 'name', a.name, 'birthDate', a.birth_date, 'patient', a.patient, 'practitioner', a.practitioner,
             'identityLevel', a.identity_level, 'identitySource', a.identity_source, 'email', a.email,
             'emailVerifiedAt', a.email_verified_at, 'language', a.language, 'createdAt', a.created_at,
             'updatedAt', a.updated_at, 'signedOutEverywhereAt', a.signed_out_at, 'hasPassword', a.password_hash IS NOT NULL,
             'signInNames', (SELECT coalesce(jsonb_agg(i.value ORDER BY i.value), '[]')
                FROM account_identifiers i WHERE i.account_id = a.id),
             'healthIdentifiers', (SELECT coalesce(jsonb_agg(jsonb_build_object('system', h.system, 'value', h.value)
                ORDER BY h.system, h.value), '[]') FROM health_identifiers h WHERE h.account_id = a.id),
             'passkeys', (SELECT coalesce(jsonb_agg(jsonb_build_object('name', p.name, 'synced', p.synced,
                'createdAt', p.created_at, 'lastUsedAt', p.last_used_at) ORDER BY p.created_at, p.id), '[]')
                FROM passkeys p WHERE p.account_id = a.id),
             'authenticator', (SELECT jsonb_build_object('always', t.always, 'createdAt', t.created_at)
                FROM authenticators t WHERE t.account_id = a.id),
             'recoveryCodesLeft', (SELECT count(*) FROM recovery_codes r WHERE r.account_id = a.id),
             'openLinks', (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', l.kind, 'createdAt', l.created_at,
                'expiresAt', l.expires_at) ORDER BY l.created_at, l.id), '[]')
                FROM one_time_links l WHERE l.account_id = a.id)) AS kept
           FROM accounts a WHERE a.id = $1`,
  },
  speak: {
    name: 'accounts_speak',
    text: `UPDATE accounts SET language = $2, updated_at = $3
           WHERE id = $1 AND disabled_at IS NULL AND language IS DISTINCT FROM $2 RETURNING id`,
  },
} satisfies Record<string, Statement>;

/** What a person may ask of her own account. */
export interface OwnAccount {
  /** All that this room keeps about her, as JSON, without what proves who she is. Times are ISO 8601. */
  kept(accountId: string): Promise<Readonly<Record<string, unknown>>>;
  /** Notes in which language she is written to. @param language BCP 47 */
  speak(accountId: string, language: string): Promise<void>;
  /** Notes that she was handed all that is kept about her. @param source network address of the caller */
  handed(accountId: string, source: string): Promise<void>;
}

/** Reads and writes accounts for those whose they are. */
export function createOwnAccount(options: { db: Database; clock: Clock; audit: Audit }): OwnAccount {
  const { db, clock, audit } = options;
  return {
    async kept(accountId) {
      const [row] = await db.query<{ kept: Record<string, unknown> }>(statements.kept, [accountId]);
      return row?.kept ?? {};
    },
    speak: (accountId, language) =>
      db.transaction(async () => {
        const changed = await db.query(statements.speak, [accountId, language, clock.now()]);
        if (changed.length === 1)
          await audit.record({ type: 'account.language-chosen', subject: accountId, detail: { language } });
      }),
    handed: (accountId, source) =>
      audit.record({ type: 'account.data-downloaded', subject: accountId, source }),
  };
}
