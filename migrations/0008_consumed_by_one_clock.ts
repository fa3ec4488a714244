/**
 * When something was used, by the database's own clock: the clocks of two nodes differ. Safe while running: it adds a column
 * that may be empty. The version before it leaves it so; what that uses up counts as used long ago.
 */
export const safety = 'safe-while-running';

/** One statement an entry: the embedded database takes no more at a time. */
export const statements: readonly string[] = [
  // Beside consumed_at, which the node wrote that used it. Empty: unused, or used at a node of the version before.
  `ALTER TABLE oidc_artefacts ADD COLUMN consumed_recorded_at timestamptz`,
];
