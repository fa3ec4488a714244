import type { Clock } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';
import type { Count, LimitStore } from './store.ts';

/** A counter that is over begins anew; one that is there keeps its life. $1: milliseconds since 1970. */
const countOn = `ON CONFLICT (key) DO UPDATE SET
  points = CASE WHEN rate_limits.expire <= $1 THEN 1 ELSE rate_limits.points + 1 END,
  expire = CASE WHEN rate_limits.expire <= $1 THEN excluded.expire ELSE rate_limits.expire END`;

const statements = {
  // A try of somebody who has not failed much is this one statement. Places are named as by `placeKey`. Keys in order, here and
  // in `end`: two tries that share a source must not wait for each other.
  begin: {
    name: 'rate_limits_begin',
    text: `WITH asked AS (
             SELECT * FROM jsonb_to_recordset($2::jsonb) AS a (key text, expire bigint, places integer)),
           counted AS (
             INSERT INTO rate_limits (key, points, expire)
             SELECT key, 1, expire FROM asked
             WHERE NOT EXISTS (SELECT FROM rate_limits m WHERE m.key = ANY ($3) AND m.expire > $1)
             ORDER BY key
             ${countOn} RETURNING key, points, expire),
           placed AS (
             INSERT INTO rate_limits (key, points, expire)
             SELECT c.key || ':' || abs(c.points) % a.places, 1, a.expire
             FROM counted c JOIN asked a ON a.key = c.key WHERE c.points <= a.places
             ORDER BY 1
             ${countOn} RETURNING key, points)
           SELECT c.key, c.points, c.expire, a.places IS NULL OR coalesce(p.points = 1, false) AS placed
           FROM counted c JOIN asked a ON a.key = c.key
             LEFT JOIN placed p ON p.key = c.key || ':' || abs(c.points) % a.places`,
  },
  end: {
    name: 'rate_limits_end',
    text: `WITH held AS (
             SELECT key FROM rate_limits WHERE key = ANY ($2) OR key = ANY ($3) ORDER BY key FOR UPDATE),
           dropped AS (
             DELETE FROM rate_limits r USING held h WHERE r.key = h.key AND h.key = ANY ($2))
           UPDATE rate_limits r SET points = r.points - 1 FROM held h
           WHERE r.key = h.key AND h.key = ANY ($3) AND r.expire > $1 AND r.points > 0`,
  },
  add: {
    name: 'rate_limits_add',
    text: `INSERT INTO rate_limits (key, points, expire) VALUES ($2, 1, $3) ${countOn} RETURNING points, expire`,
  },
  find: {
    name: 'rate_limits_find',
    text: 'SELECT points, expire FROM rate_limits WHERE key = $2 AND expire > $1',
  },
  set: {
    name: 'rate_limits_set',
    text: `INSERT INTO rate_limits (key, points, expire) VALUES ($1, $2, $3)
           ON CONFLICT (key) DO UPDATE SET points = excluded.points, expire = excluded.expire`,
  },
} satisfies Record<string, Statement>;

interface Row {
  points: number;
  /** In milliseconds since 1970; a bigint, which drivers may give as text. */
  expire: number | string;
}

/** The prefix under which the version before kept its counters, too. */
const named = (key: string) => `assent:limit:${key}`;

/** Counters in the table `rate_limits`. */
export function createSqlStore(options: { db: Database; clock: Clock }): LimitStore {
  const { db, clock } = options;
  const now = () => clock.now().getTime();
  const until = (seconds: number) => now() + seconds * 1000;
  const asCount = ({ points, expire }: Row): Count => ({
    count: points,
    left: Math.max(0, Math.ceil((Number(expire) - now()) / 1000)),
  });

  return {
    async begin(counters, marks) {
      const asked = counters.map(({ key, seconds, places }) => ({
        key: named(key),
        expire: until(seconds),
        places,
      }));
      const rows = await db.query<Row & { key: string; placed: boolean }>(statements.begin, [
        now(),
        JSON.stringify(asked),
        marks.map(named),
      ]);
      if (rows.length === 0) return undefined;
      return asked.map(({ key }) => {
        const row = rows.find((one) => one.key === key);
        if (row === undefined) throw new Error('a counter that was asked for was not counted');
        return { ...asCount(row), placed: row.placed };
      });
    },
    async end({ drop, takeBack }) {
      await db.query(statements.end, [now(), drop.map(named), takeBack.map(({ key }) => named(key))]);
    },
    async add({ key, seconds }) {
      const [row] = await db.query<Row>(statements.add, [now(), named(key), until(seconds)]);
      if (row === undefined) throw new Error('a counter was not counted');
      return asCount(row);
    },
    async find(key) {
      const [row] = await db.query<Row>(statements.find, [now(), named(key)]);
      return row && asCount(row);
    },
    async set({ key, seconds }, count) {
      await db.query(statements.set, [named(key), count, until(seconds)]);
    },
  };
}
