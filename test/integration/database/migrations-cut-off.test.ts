import { PGlite } from '@electric-sql/pglite';
import { expect, test } from 'vitest';
import { migrate, migrationStatus } from '../../../src/db/index.ts';

/** A starter that dies when a migration is done, but not yet written down as done. */

type Query = PGlite['query'];

/** The database as a process sees it that is killed at a statement: from then on it does nothing. */
function mortal(pglite: PGlite, isLast: (sql: string, values: unknown) => boolean): PGlite {
  let killed = false;
  const query: Query = (sql, values, ...rest) => {
    killed ||= isLast(sql, values);
    return killed ? Promise.reject(new Error('killed')) : pglite.query(sql, values, ...rest);
  };
  return new Proxy(pglite, {
    get(target, name) {
      if (name === 'query') return query;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

test.for([
  '0001_first_token',
  '0003_a_practitioner_asks',
  '0005_consents_by_role',
  '0007_audit_written',
  '0009_oldest_program',
  '0010_people_decide',
  '0011_audit_by_person',
  '0012_proofs_counted',
])('killed before %s is written down: the next start does it, and all that follow', async (name) => {
  const pglite = await PGlite.create();
  const isLast = (sql: string, values: unknown) =>
    /^insert into "knex_migrations"/.test(sql) && JSON.stringify(values).includes(name);
  await expect(migrate({ pglite: mortal(pglite, isLast) })).rejects.toThrow('killed');
  // What the end of its session does.
  await pglite.exec('ROLLBACK');
  const { applied, pending } = await migrationStatus({ pglite });
  expect(pending[0]?.name).toBe(name);
  expect(await migrate({ pglite })).toEqual(pending.map((one) => one.name));
  expect((await migrationStatus({ pglite })).applied).toEqual([
    ...applied,
    ...pending.map((one) => one.name),
  ]);
  await pglite.close();
});
