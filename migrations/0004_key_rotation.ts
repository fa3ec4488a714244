/** When a key that waits begins to sign. Safe while running: it adds columns that may be empty. */
export const safety = 'safe-while-running';

/** One statement an entry: the embedded database takes no more at a time. */
export const statements: readonly string[] = [
  // From when a `next` key signs, and who asked for it; both empty while nobody has.
  `ALTER TABLE signing_keys ADD COLUMN signs_from timestamptz`,
  `ALTER TABLE signing_keys ADD COLUMN asked_by text CHECK ((asked_by IS NULL) = (signs_from IS NULL))`,
];
