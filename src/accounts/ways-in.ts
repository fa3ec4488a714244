/**
 * SQL of the rule that nobody takes out her last way to sign in: whether the account `$1` has another one. A password is one with a
 * name to go with it, a link where its identity source is still offered.
 *
 * @param but the way that is taken out: of its kind, `$2` does not count
 */
export function anotherWayIn(but: 'passkey' | 'link'): string {
  const other = (kind: typeof but, column: string) => (but === kind ? ` AND ${column} <> $2` : '');
  return `(
    EXISTS (SELECT FROM accounts w JOIN account_identifiers n ON n.account_id = w.id
            WHERE w.id = $1 AND w.password_hash IS NOT NULL)
    OR EXISTS (SELECT FROM passkeys w WHERE w.account_id = $1${other('passkey', 'w.id')})
    OR EXISTS (SELECT FROM linked_identities w JOIN identity_sources s ON s.issuer = w.issuer
               WHERE w.account_id = $1${other('link', 'w.issuer')}))`;
}
