import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import type { Contestant } from './contestants.ts';
import { ASSERTION_ALG, JWT_CLIENT, RESOURCE, SCOPE, SECRET, SECRET_CLIENT } from './world.ts';

/** One token request: what is added to the common headers, and the whole body. */
export interface TokenRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const COMMON = { grant_type: 'client_credentials', resource: RESOURCE, scope: SCOPE };
const FORM = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
const BASIC = `Basic ${Buffer.from(`${SECRET_CLIENT}:${SECRET}`).toString('base64')}`;
const ASSERTION_TTL = 120;

function withSecret(): TokenRequest {
  return { headers: { ...FORM, authorization: BASIC }, body: new URLSearchParams(COMMON).toString() };
}

async function withAssertion(contestant: Contestant): Promise<TokenRequest> {
  const now = Math.floor(Date.now() / 1000);
  const assertion = await new SignJWT({ jti: randomUUID() })
    .setProtectedHeader({ alg: ASSERTION_ALG, kid: contestant.assertionKid, typ: 'JWT' })
    .setIssuer(JWT_CLIENT)
    .setSubject(JWT_CLIENT)
    .setAudience(contestant.issuer)
    .setIssuedAt(now)
    .setExpirationTime(now + ASSERTION_TTL)
    .sign(contestant.assertionKey);
  const body = new URLSearchParams({
    ...COMMON,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  });
  return { headers: FORM, body: body.toString() };
}

export const WORKLOADS = {
  client_secret_basic: withSecret,
  private_key_jwt: withAssertion,
} as const satisfies Record<string, (contestant: Contestant) => TokenRequest | Promise<TokenRequest>>;

export type Workload = keyof typeof WORKLOADS;
export const WORKLOAD_NAMES = Object.keys(WORKLOADS) as Workload[];

/** Makes all requests of a round beforehand: signing an assertion is the client's work and is not timed. */
export function prepare(contestant: Contestant, workload: Workload, count: number): Promise<TokenRequest[]> {
  return Promise.all(Array.from({ length: count }, () => WORKLOADS[workload](contestant)));
}
