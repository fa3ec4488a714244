/**
 * Keys of the advisory locks that nodes on one database take (PostgreSQL 13.3.5): each is another one. Chosen once,
 * arbitrary; a key that changes would let an old and a new version do the same at once.
 */
export const locks = {
  /** One process migrates at a time. */
  migration: 7_202_611,
  /** One rotation of the signing keys runs at a time. */
  keyRotation: 7_202_612,
  /** One node seals the audit at a time. */
  sealer: 7_202_613,
  /** One node clears away expired rows at a time. */
  housekeeping: 7_202_614,
} as const;
