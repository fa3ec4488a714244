import { jwtVerify } from 'jose';
import { Pool } from 'undici';
import type { Contestant } from './contestants.ts';
import { prepare, type TokenRequest, type Workload } from './workloads.ts';
import { RESOURCE, SCOPE, TOKEN_TTL } from './world.ts';

export const CONNECTIONS = 32;

export interface Round {
  readonly requestsPerSecond: number;
  readonly latencies: readonly number[];
}

/** Sends one request and returns its access token; anything but a token is an error that ends the whole run. */
async function obtainToken(
  pool: Pool,
  { headers, body }: TokenRequest,
  signal: AbortSignal,
): Promise<string> {
  const response = await pool.request({ method: 'POST', path: '/token', headers, body, signal });
  const text = await response.body.text();
  const answer: unknown = response.statusCode === 200 ? JSON.parse(text) : undefined;
  if (typeof answer === 'object' && answer !== null && 'access_token' in answer) {
    if (typeof answer.access_token === 'string') return answer.access_token;
  }
  throw new Error(`no token: ${response.statusCode} ${text}`);
}

/** A fast answer that no resource server would accept counts for nothing. */
async function verifyToken(contestant: Contestant, token: string): Promise<void> {
  const { payload } = await jwtVerify(token, contestant.jwks, {
    algorithms: ['ES256'],
    issuer: contestant.issuer,
    audience: RESOURCE,
    requiredClaims: ['sub', 'jti'],
    maxTokenAge: TOKEN_TTL,
  });
  if (payload.scope !== SCOPE)
    throw new Error(`${contestant.name}: scope is ${JSON.stringify(payload.scope)}`);
}

/**
 * One round: a closed loop, `CONNECTIONS` requests always on their way. The first requests, one a connection, are not
 * timed: they open the connections anew, because a server may have closed those of its last round while it waited.
 */
export async function runRound(
  contestant: Contestant,
  workload: Workload,
  count: number,
  signal: AbortSignal,
): Promise<Round> {
  const requests = await prepare(contestant, workload, count + CONNECTIONS);
  const pool = new Pool(contestant.issuer, { connections: CONNECTIONS, pipelining: 1 });
  try {
    const opening = requests.splice(0, CONNECTIONS);
    const [first] = await Promise.all(opening.map((request) => obtainToken(pool, request, signal)));
    if (first === undefined) throw new Error('no request was sent');
    await verifyToken(contestant, first);

    const latencies: number[] = [];
    const loop = async () => {
      for (let request = requests.pop(); request; request = requests.pop()) {
        const sent = performance.now();
        await obtainToken(pool, request, signal);
        latencies.push(performance.now() - sent);
      }
    };
    const guesses = await contestant.meanwhile?.();
    const start = performance.now();
    await Promise.all(Array.from({ length: CONNECTIONS }, loop));
    const seconds = (performance.now() - start) / 1000;
    const guessed = await guesses?.stop();
    if (guessed !== undefined) console.log(`${workload}: guesses in ${seconds.toFixed(1)} s`, guessed);
    return { requestsPerSecond: count / seconds, latencies };
  } finally {
    await pool.destroy();
  }
}
