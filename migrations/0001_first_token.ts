/** What a system needs to obtain its first token. Safe while running: it only adds tables. */
export const safety = 'safe-while-running';

/** One statement an entry: the embedded database takes no more at a time. */
export const statements: readonly string[] = [
  `CREATE TABLE organizations (
    key        text PRIMARY KEY,
    name       text NOT NULL,
    ods_code   text UNIQUE CHECK (ods_code ~ '^[A-Z0-9]{3,8}$'),
    asid       text CHECK (asid ~ '^[0-9]{1,18}$'),
    kind       text NOT NULL,
    demo       boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
  )`,
  // A resource server. scopes and reasons are space-separated lists, as OAuth writes them.
  `CREATE TABLE apis (
    id             text PRIMARY KEY,
    audience       text NOT NULL UNIQUE,
    profile        text NOT NULL CHECK (profile IN ('spine-core', 'gp-connect', 'smart', 'none')),
    token_format   text NOT NULL CHECK (token_format IN ('jwt', 'opaque')),
    token_typ      text NOT NULL DEFAULT 'at+jwt' CHECK (token_typ IN ('at+jwt', 'JWT')),
    signing_alg    text NOT NULL DEFAULT 'ES256' CHECK (signing_alg IN ('ES256', 'RS256')),
    token_lifetime integer NOT NULL,
    scopes         text NOT NULL,
    reasons        text NOT NULL DEFAULT 'directcare',
    sensitivity    text NOT NULL CHECK (sensitivity IN ('unclassified', 'medical-in-confidence')),
    required_acr   integer CHECK (required_acr BETWEEN 0 AND 3),
    demo           boolean NOT NULL DEFAULT false,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    -- A Spine-style token is a signed JWT of exactly 300 s; an opaque token lives 600 s at most.
    CHECK (profile NOT IN ('spine-core', 'gp-connect') OR (token_format = 'jwt' AND token_lifetime = 300)),
    CHECK (token_lifetime BETWEEN 1 AND CASE token_format WHEN 'jwt' THEN 300 ELSE 600 END)
  )`,
  // metadata holds the members of RFC 7591; secrets and the APIs a client may use stand in their own tables.
  `CREATE TABLE clients (
    client_id    text PRIMARY KEY,
    metadata     jsonb NOT NULL,
    organization text REFERENCES organizations (key),
    asid         text CHECK (asid ~ '^[0-9]{1,18}$'),
    device       jsonb,
    demo         boolean NOT NULL DEFAULT false,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL
  )`,
  // hash is the SHA-256 (base64url) of a random secret; several may be valid at once.
  `CREATE TABLE client_secrets (
    client_id  text NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    hash       text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    PRIMARY KEY (client_id, hash)
  )`,
  `CREATE TABLE client_apis (
    client_id text NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    api_id    text NOT NULL REFERENCES apis (id),
    scopes    text NOT NULL,
    PRIMARY KEY (client_id, api_id)
  )`,
  // What oidc-provider stores. id is the SHA-256 of the bearer value (grants: the plain id).
  `CREATE TABLE oidc_artefacts (
    model       text NOT NULL,
    id          text NOT NULL,
    payload     jsonb NOT NULL,
    grant_id    text,
    uid         text,
    user_code   text,
    account_id  text,
    client_id   text,
    expires_at  timestamptz,
    consumed_at timestamptz,
    PRIMARY KEY (model, id)
  )`,
  `CREATE UNIQUE INDEX oidc_artefacts_session_uid ON oidc_artefacts (uid) WHERE model = 'Session'`,
  `CREATE UNIQUE INDEX oidc_artefacts_user_code ON oidc_artefacts (user_code) WHERE model = 'DeviceCode'`,
  `CREATE INDEX oidc_artefacts_grant ON oidc_artefacts (grant_id) WHERE grant_id IS NOT NULL`,
  `CREATE INDEX oidc_artefacts_expiry ON oidc_artefacts (expires_at)`,
  // One row for each client assertion or DPoP proof that was used.
  `CREATE TABLE replay_guards (
    id         text PRIMARY KEY,
    expires_at timestamptz NOT NULL
  )`,
  `CREATE INDEX replay_guards_expiry ON replay_guards (expires_at)`,
  // The last good answer of a client's jwks_uri.
  `CREATE TABLE remote_jwks (
    uri        text PRIMARY KEY,
    body       text NOT NULL,
    fetched_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
  )`,
  // private_key is encrypted under the master key (AES-256-GCM).
  `CREATE TABLE signing_keys (
    kid         text PRIMARY KEY,
    alg         text NOT NULL,
    state       text NOT NULL CHECK (state IN ('next', 'active', 'retiring')),
    public_jwk  jsonb NOT NULL,
    private_key text NOT NULL,
    created_at  timestamptz NOT NULL,
    active_at   timestamptz,
    expires_at  timestamptz
  )`,
  `CREATE UNIQUE INDEX signing_keys_one_next ON signing_keys (alg) WHERE state = 'next'`,
  `CREATE UNIQUE INDEX signing_keys_one_active ON signing_keys (alg) WHERE state = 'active'`,
  // One row for each token, each denial of an authenticated party and each act of administration.
  `CREATE TABLE audit_events (
    id           text PRIMARY KEY,
    at           timestamptz NOT NULL,
    type         text NOT NULL,
    client_id    text,
    organization text,
    api_id       text,
    grant_type   text,
    scope        text,
    subject      text,
    token_id     text,
    error        text,
    source       text,
    detail       jsonb NOT NULL
  )`,
  `CREATE INDEX audit_events_at ON audit_events (at)`,
  `CREATE UNIQUE INDEX audit_events_token ON audit_events (token_id) WHERE type = 'token.issued'`,
  // Denials of parties that did not prove who they are, counted per source and minute.
  `CREATE TABLE anonymous_denials (
    minute timestamptz NOT NULL,
    source text NOT NULL,
    error  text NOT NULL,
    count  integer NOT NULL,
    PRIMARY KEY (minute, source, error)
  )`,
  // A row here says that the demo world was seeded into this database.
  `CREATE TABLE demo_marker (
    one       boolean PRIMARY KEY DEFAULT true CHECK (one),
    seeded_at timestamptz NOT NULL
  )`,
];
