/**
 * What people sign in with beside a password, how they are reached, who vouches for them, in which browsers they are signed
 * in, and how far an API trusts a sign-in. Safe while running: it adds tables, columns that have a default or may be empty,
 * and a kind of revocation that the version before reads and does not act on.
 */
export const safety = 'safe-while-running';

/** One statement an entry: the embedded database takes no more at a time. */
export const statements: readonly string[] = [
  // A birth date is as precise as it is known: year, month or day. disabled_reason says why disabled_at is set.
  // (In a pattern, Knex would take a question mark for the place of a value.)
  `ALTER TABLE accounts
     ADD COLUMN birth_date text CHECK (birth_date ~ '^[0-9]{4}(|-[0-9]{2}|-[0-9]{2}-[0-9]{2})$'),
     ADD COLUMN identity_level text NOT NULL DEFAULT 'none' CHECK (identity_level IN ('none', 'low', 'medium', 'high')),
     ADD COLUMN identity_source text,
     ADD COLUMN disabled_reason text CHECK (disabled_reason IN ('suspended', 'deceased')),
     ADD COLUMN email text,
     ADD COLUMN email_verified_at timestamptz,
     ADD COLUMN language text,
     ADD COLUMN signed_out_at timestamptz`,
  // NHS number, NHI: a FHIR Identifier that belongs to one account at most.
  `CREATE TABLE health_identifiers (
    system     text NOT NULL,
    value      text NOT NULL,
    account_id text NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    PRIMARY KEY (system, value)
  )`,
  `CREATE INDEX health_identifiers_account ON health_identifiers (account_id)`,
  // A WebAuthn credential. id and public_key are base64url.
  `CREATE TABLE passkeys (
    id           text PRIMARY KEY,
    account_id   text NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    public_key   text NOT NULL,
    counter      bigint NOT NULL,
    transports   jsonb NOT NULL,
    synced       boolean NOT NULL,
    name         text NOT NULL,
    created_at   timestamptz NOT NULL,
    last_used_at timestamptz
  )`,
  `CREATE INDEX passkeys_account ON passkeys (account_id)`,
  // The seed of an authenticator app (RFC 6238), encrypted. last_step: the time step of the last code that was taken.
  `CREATE TABLE authenticators (
    account_id text PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    secret     text NOT NULL,
    always     boolean NOT NULL,
    last_step  bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL
  )`,
  // A code that was used is deleted. hash is the SHA-256 of a random code.
  `CREATE TABLE recovery_codes (
    account_id text NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    hash       text NOT NULL,
    PRIMARY KEY (account_id, hash)
  )`,
  // A link or code that opens something once: whoever deletes the row has it. id is the SHA-256 of the bearer value.
  `CREATE TABLE one_time_links (
    id         text PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('invitation', 'address', 'reset')),
    account_id text REFERENCES accounts (id) ON DELETE CASCADE,
    data       jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
  )`,
  // One that is open, of a kind, is enough for an account: a new one takes the place of the one before.
  `CREATE UNIQUE INDEX one_time_links_account ON one_time_links (account_id, kind)`,
  `CREATE INDEX one_time_links_expiry ON one_time_links (expires_at)`,
  // Mail that waits to be sent. sealed: address, subject and text, encrypted.
  `CREATE TABLE mails (
    id         text PRIMARY KEY,
    account_id text,
    kind       text NOT NULL,
    sealed     text NOT NULL,
    attempts   integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    next_at    timestamptz,
    sent_at    timestamptz,
    expires_at timestamptz NOT NULL
  )`,
  `CREATE INDEX mails_next ON mails (next_at) WHERE next_at IS NOT NULL`,
  `CREATE INDEX mails_expiry ON mails (expires_at)`,
  // Where a person is signed in. uid is that of the session of oidc-provider, wherever sessions are kept.
  `CREATE TABLE browser_sessions (
    uid          text PRIMARY KEY,
    account_id   text NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    agent        text NOT NULL,
    acr          text NOT NULL,
    amr          jsonb NOT NULL,
    signed_in_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL
  )`,
  `CREATE INDEX browser_sessions_account ON browser_sessions (account_id)`,
  `CREATE INDEX browser_sessions_expiry ON browser_sessions (expires_at)`,
  // Logout tokens that clients are to be sent (OpenID Connect Back-Channel Logout 1.0).
  `CREATE TABLE logout_notices (
    id         text PRIMARY KEY,
    client_id  text NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    account_id text NOT NULL,
    sid        text,
    attempts   integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    next_at    timestamptz,
    expires_at timestamptz NOT NULL
  )`,
  `CREATE INDEX logout_notices_next ON logout_notices (next_at) WHERE next_at IS NOT NULL`,
  `CREATE INDEX logout_notices_expiry ON logout_notices (expires_at)`,
  // OpenID providers at which people may sign in instead of here. private_key is encrypted.
  `CREATE TABLE identity_sources (
    id          text PRIMARY KEY,
    issuer      text NOT NULL UNIQUE,
    settings    jsonb NOT NULL,
    public_jwk  jsonb NOT NULL,
    private_key text NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL
  )`,
  // Who somebody is elsewhere: issuer and subject say it, and nothing else does.
  `CREATE TABLE linked_identities (
    issuer       text NOT NULL,
    subject      text NOT NULL,
    account_id   text NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    linked_at    timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    PRIMARY KEY (issuer, subject)
  )`,
  `CREATE INDEX linked_identities_account ON linked_identities (account_id)`,
  // A sign-in elsewhere that has begun, or has come back. id is the SHA-256 of what the browser must bring; whoever deletes the
  // row goes on with it. sealed is encrypted.
  `CREATE TABLE source_requests (
    id         text PRIMARY KEY,
    source_id  text NOT NULL REFERENCES identity_sources (id) ON DELETE CASCADE,
    sealed     text NOT NULL,
    expires_at timestamptz NOT NULL
  )`,
  `CREATE INDEX source_requests_expiry ON source_requests (expires_at)`,
  // Which wording was shown, and in which language; how many decisions about the same there were before.
  `ALTER TABLE consents
     ADD COLUMN version integer NOT NULL DEFAULT 1,
     ADD COLUMN text_digest text,
     ADD COLUMN language text`,
  `CREATE INDEX consents_account ON consents (account_id, decided_at)`,
  // What applications added to the records of the demo world.
  `CREATE TABLE demo_resources (
    id         text PRIMARY KEY,
    patient    text NOT NULL,
    content    jsonb NOT NULL,
    created_at timestamptz NOT NULL
  )`,
  `CREATE INDEX demo_resources_patient ON demo_resources (patient, created_at)`,
  // Assurance that single resource types, or acting for somebody else, ask for beyond required_acr.
  `ALTER TABLE apis ADD COLUMN assurance jsonb NOT NULL DEFAULT '{}'`,
  // Of a grant that goes on with less: tokens that were made from the decision up to this version of it are taken back.
  `ALTER TABLE revocations DROP CONSTRAINT revocations_kind_check`,
  `ALTER TABLE revocations
     ADD CONSTRAINT revocations_kind_check CHECK (kind IN ('token', 'grant', 'narrowed')),
     ADD COLUMN to_version integer,
     ADD CONSTRAINT revocations_to_version CHECK ((kind = 'narrowed') = (to_version IS NOT NULL))`,
];
