import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { CryptoKey, JWK } from 'jose';
import { createLocalJWKSet, exportJWK, generateKeyPair, importJWK, type JSONWebKeySet } from 'jose';
import { request } from 'undici';
import type { Cleanup } from './cleanup.ts';
import { createDatabase } from './databases.ts';
import { type Guesses, startGuessing } from './guesses.ts';
import type { ContestantName } from './options.ts';
import { freePort, startServer } from './server-process.ts';
import { ASSERTION_ALG } from './world.ts';

/** A running server with what is needed to ask it for tokens and to check them. */
export interface Contestant {
  readonly name: ContestantName;
  readonly issuer: string;
  readonly assertionKey: CryptoKey;
  readonly assertionKid: string;
  readonly jwks: ReturnType<typeof createLocalJWKSet>;
  /** What goes on at the server while it is measured. */
  readonly meanwhile?: () => Promise<Guesses>;
}

interface Surroundings {
  readonly databaseUrl: string;
  readonly cleanup: Cleanup;
  readonly signal: AbortSignal;
}

interface Address {
  readonly issuer: string;
  readonly env: { readonly PORT: string; readonly ISSUER: string };
}

/** More requests a minute than any machine answers. */
const UNREACHED = '100000000';

const secret = () => randomBytes(32).toString('base64');

async function address(): Promise<Address> {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  return { issuer, env: { PORT: String(port), ISSUER: issuer } };
}

/** Starts the real server on an empty database; its demo seed makes the clients and leaves their private keys. */
async function startAssent({ issuer, env }: Address, around: Surroundings): Promise<JWK> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'assent-bench-'));
  around.cleanup.defer(() => rm(dataDir, { recursive: true, force: true }));
  const server = {
    command: ['src/main.ts'],
    env: {
      ...env,
      DATABASE_URL: await createDatabase(around.databaseUrl, 'assent', around.cleanup),
      DATA_DIR: dataDir,
      DEMO: '1',
      LOG_LEVEL: 'warn',
      // On, and out of the way: the load comes from one address in the name of one client.
      RATE_LIMIT_ENDPOINTS: UNREACHED,
      RATE_LIMIT_CLIENT: UNREACHED,
      RATE_LIMIT_PAGES: UNREACHED,
      METRICS_TOKEN: secret(),
      ASSENT_MASTER_KEY: secret(),
      COOKIE_KEYS: secret(),
    },
    readyUrl: `${issuer}/health/ready`,
  };
  await startServer(server, around.cleanup, around.signal);
  return JSON.parse(await readFile(path.join(dataDir, 'demo-keys', 'clinic-jwt.json'), 'utf8'));
}

/** Starts the bare library with the given store; the client's key is made here and only its public half handed on. */
async function startBare({ issuer, env }: Address, around: Surroundings, store: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair(ASSERTION_ALG, { extractable: true });
  const jwk: JWK = { ...(await exportJWK(privateKey)), kid: 'bench-client', alg: ASSERTION_ALG, use: 'sig' };
  const { d: _private, ...publicJwk } = jwk;
  const database =
    store === 'postgres'
      ? { DATABASE_URL: await createDatabase(around.databaseUrl, 'bare', around.cleanup) }
      : undefined;
  const server = {
    command: ['bench/bare.ts', store],
    env: { ...env, ...database, CLIENT_JWK: JSON.stringify(publicJwk) },
    readyUrl: `${issuer}/jwks`,
  };
  await startServer(server, around.cleanup, around.signal);
  return jwk;
}

const STARTERS: Record<StartedName, (at: Address, around: Surroundings) => Promise<JWK>> = {
  assent: startAssent,
  'bare-postgres': (at, around) => startBare(at, around, 'postgres'),
  'bare-memory': (at, around) => startBare(at, around, 'memory'),
};

/** Contestants that are servers of their own. */
type StartedName = Exclude<ContestantName, 'assent-guessed-at'>;

/** The same server as `assent`, while somebody tries passwords at it. */
export function guessedAt(assent: Contestant): Contestant {
  return { ...assent, name: 'assent-guessed-at', meanwhile: () => startGuessing(assent.issuer) };
}

/** Starts one contestant and gets ready to talk to it. */
export async function startContestant(name: StartedName, around: Surroundings): Promise<Contestant> {
  const at = await address();
  const jwk = await STARTERS[name](at, around);
  if (jwk.kid === undefined) throw new Error(`${name}: the client's key has no kid`);
  const assertionKey = await importJWK(jwk, ASSERTION_ALG);
  if (assertionKey instanceof Uint8Array) throw new Error(`${name}: the client's key is not an EC key`);
  const { body } = await request(`${at.issuer}/jwks`);
  const jwks = createLocalJWKSet((await body.json()) as JSONWebKeySet);
  return { name, issuer: at.issuer, assertionKey, assertionKid: jwk.kid, jwks };
}
