/** What a person needs to sign in and to authorise an application. Safe while running: it adds tables and a column. */
export const safety = 'safe-while-running';

/** One statement an entry: the embedded database takes no more at a time. */
export const statements: readonly string[] = [
  // A person who signs in. patient and practitioner are ids of the FHIR resources that are this person.
  `CREATE TABLE accounts (
    id            text PRIMARY KEY,
    name          text NOT NULL,
    password_hash text,
    patient       text UNIQUE,
    practitioner  text UNIQUE,
    disabled_at   timestamptz,
    demo          boolean NOT NULL DEFAULT false,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL
  )`,
  // What a person types to say who she is; value is in lower case, without spaces around it.
  `CREATE TABLE account_identifiers (
    value      text PRIMARY KEY,
    account_id text NOT NULL REFERENCES accounts (id) ON DELETE CASCADE
  )`,
  `CREATE INDEX account_identifiers_account ON account_identifiers (account_id)`,
  // What a person decided about an application, line by line, with the words that were shown. Never changed but to end it.
  `CREATE TABLE consents (
    id         text PRIMARY KEY,
    account_id text NOT NULL REFERENCES accounts (id),
    client_id  text NOT NULL REFERENCES clients (client_id),
    api_id     text REFERENCES apis (id),
    patient    text,
    lines      jsonb NOT NULL,
    shown      jsonb NOT NULL,
    decided_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at   timestamptz,
    end_reason text,
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
  )`,
  // One live consent for each of these; there may be any number of ended ones.
  `CREATE UNIQUE INDEX consents_live
     ON consents (account_id, client_id, coalesce(api_id, ''), coalesce(patient, '')) WHERE ended_at IS NULL`,
  // A consent page is answered once. interaction is the SHA-256 of the interaction's id.
  `CREATE TABLE consent_answers (
    interaction text PRIMARY KEY,
    decision    text NOT NULL CHECK (decision IN ('allow', 'deny')),
    expires_at  timestamptz NOT NULL
  )`,
  `CREATE INDEX consent_answers_expiry ON consent_answers (expires_at)`,
  // Which consent a grant of oidc-provider was made from. A grant is one family of codes and tokens.
  `CREATE TABLE grants (
    grant_id   text PRIMARY KEY,
    consent_id text NOT NULL REFERENCES consents (id),
    created_at timestamptz NOT NULL,
    ended_at   timestamptz
  )`,
  `CREATE INDEX grants_consent ON grants (consent_id) WHERE ended_at IS NULL`,
  // The refresh token that this one replaced. Unique: no token ever has two successors.
  `ALTER TABLE oidc_artefacts ADD COLUMN predecessor text`,
  `CREATE UNIQUE INDEX oidc_artefacts_predecessor ON oidc_artefacts (predecessor) WHERE predecessor IS NOT NULL`,
];
