/**
 * Counts, for each account, what ends proofs of who somebody is: signing out everywhere, another password, a way to sign in that
 * was taken out; and finds the mails of an account. Safe while running: it adds a column with a default, which the version before does
 * not look at, and an index on a table of a week's mails.
 *
 * A node of the version before does not count up: until the last of them has stopped, signing out everywhere on one of them ends the
 * sessions that there are, as before, and no sign-in that is not finished. What is proved on one has no version, which stands for 0.
 */
export const safety = 'safe-while-running';

/** One statement an entry: the embedded database takes no more at a time. */
export const statements: readonly string[] = [
  'ALTER TABLE accounts ADD COLUMN proof_version integer NOT NULL DEFAULT 0',
  'CREATE INDEX mails_account ON mails (account_id, kind, created_at)',
];
