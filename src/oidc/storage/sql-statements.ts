import type { Statement } from '../../db/index.ts';

const values = '(model, id, payload, grant_id, uid, user_code, account_id, client_id, expires_at)';

/** consumed_at and consumed_recorded_at are left out on purpose: saving again must not make a used artefact usable. */
const replace = `payload = excluded.payload, grant_id = excluded.grant_id, uid = excluded.uid,
  user_code = excluded.user_code, account_id = excluded.account_id, client_id = excluded.client_id,
  expires_at = excluded.expires_at`;

const alive = '(expires_at IS NULL OR expires_at > $3)';

/**
 * What is asked of the table `oidc_artefacts`. The values of a row are $1 to $9, in the order of its columns; a time that is now
 * is $3 where something is found.
 */
export const statements = {
  put: {
    name: 'oidc_artefacts_put',
    text: `INSERT INTO oidc_artefacts ${values} VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
           ON CONFLICT (model, id) DO UPDATE SET ${replace}`,
  },
  putAgain: {
    name: 'oidc_artefacts_put_again',
    text: `UPDATE oidc_artefacts SET payload = $3, grant_id = $4, uid = $5, user_code = $6, account_id = $7,
             client_id = $8, expires_at = $9
           WHERE model = $1 AND id = $2 RETURNING id`,
  },
  // A plain INSERT: the unique index on predecessor refuses a second successor.
  addSuccessor: {
    name: 'oidc_artefacts_add_successor',
    text: `INSERT INTO oidc_artefacts (model, id, payload, grant_id, uid, user_code, account_id, client_id, expires_at,
             predecessor) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
  },
  // A grant is there with the decision that it is made from, and while nothing of the account's ended since the request saw who
  // it is, or not at all. The account first, as everybody locks them.
  addGrant: {
    name: 'oidc_artefacts_add_grant',
    text: `WITH account AS (
             SELECT id FROM accounts WHERE id = $7 AND disabled_at IS NULL AND proof_version = $11 FOR SHARE),
           decided AS (
             SELECT c.id FROM account a, consents c
             WHERE c.account_id = a.id AND c.id = $10 AND c.ended_at IS NULL FOR SHARE OF c),
           kept AS (
             INSERT INTO oidc_artefacts ${values}
             SELECT $1, $2, $3::jsonb, $4, $5, $6, $7, $8, $9::timestamptz FROM decided)
           INSERT INTO grants (grant_id, consent_id, created_at)
           SELECT $2, id, $12::timestamptz FROM decided RETURNING grant_id`,
  },
  // Two requests of one browser may both give the session a new id, or both save it for the first time: the uid is
  // the session, and the later id is kept. Both unique keys may be in the way, hence two statements.
  addSession: {
    name: 'oidc_artefacts_add_session',
    text: `INSERT INTO oidc_artefacts ${values} VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
           ON CONFLICT DO NOTHING RETURNING id`,
  },
  replaceByUid: {
    name: 'oidc_artefacts_replace_by_uid',
    text: `UPDATE oidc_artefacts SET id = $2, payload = $3, grant_id = $4, user_code = $6, account_id = $7,
             client_id = $8, expires_at = $9
           WHERE model = $1 AND uid = $5 RETURNING id`,
  },
  // Hardly ever has another request saved it meanwhile. Where one has, what this one changed is merged (`lockByUid`).
  replaceFound: {
    name: 'oidc_artefacts_replace_found',
    text: `UPDATE oidc_artefacts SET id = $2, payload = $3, grant_id = $4, user_code = $6, account_id = $7,
             client_id = $8, expires_at = $9
           WHERE model = $1 AND uid = $5 AND payload = $10 RETURNING id`,
  },
  // `exp` is the library's own copy, in seconds.
  prolong: {
    name: 'oidc_artefacts_prolong',
    text: `UPDATE oidc_artefacts SET expires_at = $4::timestamptz, payload = jsonb_set(payload, '{exp}', to_jsonb($5::bigint))
           WHERE model = $1 AND id = $2 AND expires_at > $3 AND expires_at < $4::timestamptz RETURNING id`,
  },
  putMany: {
    name: 'oidc_artefacts_put_many',
    text: `INSERT INTO oidc_artefacts ${values}
           SELECT model, id, payload, grant_id, uid, user_code, account_id, client_id, expires_at
           FROM jsonb_to_recordset($1::jsonb) AS artefact
             (model text, id text, payload jsonb, grant_id text, uid text, user_code text, account_id text,
              client_id text, expires_at timestamptz)`,
  },
  find: {
    name: 'oidc_artefacts_find',
    text: `SELECT payload, consumed_at FROM oidc_artefacts WHERE model = $1 AND id = $2 AND ${alive}`,
  },
  findSome: {
    name: 'oidc_artefacts_find_some',
    text: `SELECT model, id, payload, consumed_at FROM oidc_artefacts
           WHERE (model, id) IN (SELECT * FROM unnest($1::text[], $2::text[])) AND ${alive}`,
  },
  // Inside a transaction the grant stays as it is until the end: whoever revokes it waits, and then ends what was made.
  findLocked: {
    name: 'oidc_artefacts_find_locked',
    text: `SELECT payload, consumed_at FROM oidc_artefacts WHERE model = $1 AND id = $2 AND ${alive} FOR SHARE`,
  },
  // In this store SQL reads a clock of its own here and in `consume` only: the clocks of the node that used it
  // and of the one that sees it again may be two minutes apart, which a thief would have beside the ten seconds. Where the
  // database did not write a time (the version before), or is not yet as far (another server took over), it is no retry:
  // that costs a client a new sign-in, the other way round a theft would not be seen.
  replay: {
    name: 'oidc_artefacts_replay',
    text: `SELECT used.grant_id,
             used.consumed_at > $3
               AND used.consumed_recorded_at IS NOT NULL
               AND used.consumed_recorded_at > clock_timestamp() - make_interval(secs => $4::integer)
               AND used.consumed_recorded_at <= clock_timestamp()
               AND EXISTS (SELECT FROM oidc_artefacts AS successor
                 WHERE successor.predecessor = used.id AND successor.consumed_at IS NULL) AS retry
           FROM oidc_artefacts AS used
           WHERE used.model = $1 AND used.id = $2 AND used.consumed_at IS NOT NULL`,
  },
  findByUid: {
    name: 'oidc_artefacts_find_by_uid',
    text: `SELECT payload, consumed_at FROM oidc_artefacts WHERE model = $1 AND uid = $2 AND ${alive}`,
  },
  findByUserCode: {
    name: 'oidc_artefacts_find_by_user_code',
    text: `SELECT payload, consumed_at FROM oidc_artefacts WHERE model = $1 AND user_code = $2 AND ${alive}`,
  },
  consume: {
    name: 'oidc_artefacts_consume',
    text: `UPDATE oidc_artefacts SET consumed_at = $3, consumed_recorded_at = clock_timestamp()
           WHERE model = $1 AND id = $2 AND consumed_at IS NULL AND ${alive} RETURNING id`,
  },
  lockByUid: {
    name: 'oidc_artefacts_lock_by_uid',
    text: 'SELECT payload, consumed_at FROM oidc_artefacts WHERE model = $1 AND uid = $2 FOR UPDATE',
  },
  destroyByUid: {
    name: 'oidc_artefacts_destroy_by_uid',
    text: 'DELETE FROM oidc_artefacts WHERE model = $1 AND uid = $2 RETURNING payload, consumed_at',
  },
  destroy: {
    name: 'oidc_artefacts_destroy',
    text: 'DELETE FROM oidc_artefacts WHERE model = $1 AND id = $2 RETURNING id',
  },
  clear: {
    name: 'oidc_artefacts_clear',
    text: `DELETE FROM oidc_artefacts WHERE ctid = ANY (ARRAY (SELECT ctid FROM oidc_artefacts LIMIT $1))
           RETURNING model`,
  },
  lock: {
    name: 'oidc_artefacts_lock',
    text: 'SELECT id FROM oidc_artefacts WHERE model = $1 AND id = $2 FOR UPDATE',
  },
  revokeSome: {
    name: 'oidc_artefacts_revoke_some',
    text: 'DELETE FROM oidc_artefacts WHERE grant_id = $1 AND model = ANY ($2)',
  },
  revoke: { name: 'oidc_artefacts_revoke', text: 'DELETE FROM oidc_artefacts WHERE grant_id = $1' },
} satisfies Record<string, Statement>;
