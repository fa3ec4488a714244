/** Who a practitioner is, and in which role she decided. Safe while running: it adds tables and columns that may be empty. */
export const safety = 'safe-while-running';

/** One statement an entry: the embedded database takes no more at a time. */
export const statements: readonly string[] = [
  // The professional identity of a person who works in health care; accounts.practitioner is the id of the FHIR resource.
  `CREATE TABLE practitioners (
    account_id  text PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    sds_user_id text UNIQUE,
    family      text NOT NULL,
    given       jsonb NOT NULL,
    prefix      jsonb NOT NULL
  )`,
  // What she may be at an organisation. role_profile_id is the SDS role profile, where there is a national one.
  `CREATE TABLE practitioner_roles (
    id              text PRIMARY KEY,
    account_id      text NOT NULL REFERENCES practitioners (account_id) ON DELETE CASCADE,
    organization    text NOT NULL REFERENCES organizations (key),
    role_profile_id text,
    job_role        text NOT NULL,
    name            text NOT NULL,
    ended_at        timestamptz
  )`,
  `CREATE UNIQUE INDEX practitioner_roles_profile ON practitioner_roles (role_profile_id) WHERE ended_at IS NULL`,
  `CREATE INDEX practitioner_roles_by_profile ON practitioner_roles (role_profile_id)`,
  `CREATE INDEX practitioner_roles_account ON practitioner_roles (account_id) WHERE ended_at IS NULL`,
  // In which role a decision was made and what for: both are part of what was decided.
  `ALTER TABLE consents ADD COLUMN role text REFERENCES practitioner_roles (id)`,
  `ALTER TABLE consents ADD COLUMN reason text`,
];
