import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';
import { decrypt, encrypt } from './cipher.ts';

/** Algorithms that Assent signs with: ES256 for tokens, RS256 for id_tokens of SMART clients. */
export const signingAlgorithms = ['ES256', 'RS256'] as const;
export type SigningAlgorithm = (typeof signingAlgorithms)[number];

/** next: published, not used yet. active: signs. retiring: published for tokens that still live. */
export type KeyState = 'next' | 'active' | 'retiring';

export interface SigningKey {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly state: KeyState;
  readonly createdAt: Date;
  /** When a retiring key leaves the published set. */
  readonly expiresAt: Date | undefined;
}

/**
 * How long a retiring key stays published, in seconds: far longer than an access token (300 s) plus any
 * cache of the key set, so that also id_tokens shown as a hint on the same day can be checked.
 */
const RETIRING_LIFE = 24 * 3600;

const columns = 'kid, alg, state, public_jwk, private_key, created_at, expires_at';

const statements = {
  live: {
    name: 'signing_keys_live',
    text: `SELECT ${columns} FROM signing_keys WHERE expires_at IS NULL OR expires_at > $1 ORDER BY alg, state, created_at`,
  },
  add: {
    name: 'signing_keys_add',
    text: `INSERT INTO signing_keys (kid, alg, state, public_jwk, private_key, created_at, active_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING kid`,
  },
  retire: {
    name: 'signing_keys_retire',
    text: `UPDATE signing_keys SET state = 'retiring', expires_at = $2 WHERE alg = $1 AND state = 'active' RETURNING kid`,
  },
  activate: {
    name: 'signing_keys_activate',
    text: `UPDATE signing_keys SET state = 'active', active_at = $2 WHERE alg = $1 AND state = 'next' RETURNING kid`,
  },
  lock: { name: 'signing_keys_lock', text: 'SELECT pg_advisory_xact_lock($1)' },
  forget: { name: 'signing_keys_forget', text: 'DELETE FROM signing_keys WHERE expires_at <= $1' },
} satisfies Record<string, Statement>;

/** Key of the advisory lock under which one rotation runs at a time; chosen once, arbitrary. */
const ROTATION_LOCK = 7_202_612;

/** A new pair, ready to be stored. */
interface KeyPair {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  /** JSON. */
  readonly publicJwk: string;
  readonly sealed: string;
}

interface KeyRow {
  kid: string;
  alg: SigningAlgorithm;
  state: KeyState;
  public_jwk: JWK;
  private_key: string;
  created_at: Date;
  expires_at: Date | null;
}

export interface SigningKeys {
  /** Makes what is missing: an active and a next key for each algorithm. Safe for several starters at once. */
  ensure(): Promise<void>;
  /** The live keys, without their secrets. */
  list(): Promise<SigningKey[]>;
  /** The live keys as private JWKs, the active one of each algorithm first (the first one signs). */
  privateJwks(): Promise<JWK[]>;
  /** next becomes active, active becomes retiring, and a new next is made, for each algorithm; all or nothing. */
  rotate(actor: string): Promise<SigningKey[]>;
}

const order: readonly KeyState[] = ['active', 'next', 'retiring'];

const label = (kid: string, alg: string) => `signing-key:${alg}:${kid}`;

/** The signing keys in the database, encrypted under the master key. */
export function createSigningKeys(options: {
  db: Database;
  masterKey: Buffer;
  clock: Clock;
  audit: Audit;
}): SigningKeys {
  const { db, masterKey, clock, audit } = options;

  const rows = () => db.query<KeyRow>(statements.live, [clock.now()]);

  async function generate(alg: SigningAlgorithm): Promise<KeyPair> {
    const { privateKey } = await generateKeyPair(alg, { extractable: true, modulusLength: 2048 });
    const jwk = await exportJWK(privateKey);
    const kid = await calculateJwkThumbprint(jwk);
    const { kty, crv, x, y, n, e } = jwk;
    return {
      kid,
      alg,
      publicJwk: JSON.stringify({ kty, crv, x, y, n, e, kid, alg, use: 'sig' }),
      sealed: encrypt(masterKey, label(kid, alg), JSON.stringify({ ...jwk, kid, alg, use: 'sig' })),
    };
  }

  /** Stores a pair in a state, unless another starter has filled it meanwhile. */
  async function add({ kid, alg, publicJwk, sealed }: KeyPair, state: KeyState): Promise<boolean> {
    const now = clock.now();
    const values = [kid, alg, state, publicJwk, sealed, now, state === 'active' ? now : null];
    return (await db.query(statements.add, values)).length === 1;
  }

  async function list(): Promise<SigningKey[]> {
    return (await rows()).map(({ kid, alg, state, created_at, expires_at }) => ({
      kid,
      alg,
      state,
      createdAt: created_at,
      expiresAt: expires_at ?? undefined,
    }));
  }

  return {
    list,
    async ensure() {
      const present = new Set((await rows()).map((row) => `${row.alg}:${row.state}`));
      for (const alg of signingAlgorithms) {
        for (const state of ['active', 'next'] as const) {
          if (present.has(`${alg}:${state}`)) continue;
          const pair = await generate(alg);
          await db.transaction(async () => {
            const added = await add(pair, state);
            if (added) await audit.record({ type: 'key.created', detail: { kid: pair.kid, alg, state } });
          });
        }
      }
    },
    async privateJwks() {
      const sorted = (await rows()).toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
      return sorted.map(
        (row) => JSON.parse(decrypt(masterKey, label(row.kid, row.alg), row.private_key)) as JWK,
      );
    },
    async rotate(actor) {
      // Made beforehand: an RSA key takes its time, and nobody should wait for a lock meanwhile.
      const pairs = await Promise.all(signingAlgorithms.flatMap((alg) => [generate(alg), generate(alg)]));
      await db.transaction(async () => {
        await db.query(statements.lock, [ROTATION_LOCK]);
        const now = clock.now();
        await db.query(statements.forget, [now]);
        for (const alg of signingAlgorithms) {
          const [next, spare] = pairs.filter((pair) => pair.alg === alg) as [KeyPair, KeyPair];
          const until = new Date(now.getTime() + RETIRING_LIFE * 1000);
          const [old] = await db.query<{ kid: string }>(statements.retire, [alg, until]);
          const [promoted] = await db.query<{ kid: string }>(statements.activate, [alg, now]);
          if (promoted === undefined) await add(spare, 'active');
          await add(next, 'next');
          const active = promoted?.kid ?? spare.kid;
          await audit.record({
            type: 'key.rotated',
            detail: { alg, actor, retiring: old?.kid ?? null, active, next: next.kid },
          });
        }
      });
      return list();
    },
  };
}
