/**
 * What a program must know to work with the migrations of a newer one, for older programs to read: they do not have its
 * files. Safe while running: it adds a table that the version before it does not look at.
 */
export const safety = 'safe-while-running';

/** One statement an entry: the embedded database takes no more at a time. */
export const statements: readonly string[] = [
  `CREATE TABLE migration_requirements (
    migration      text PRIMARY KEY,
    oldest_program integer NOT NULL CHECK (oldest_program > 0)
  )`,
];
