import { readFileSync } from 'node:fs';
import { importJWK, type JWK, type JWTPayload, SignJWT } from 'jose';
import { demoKeyFile } from '../../src/demo/index.ts';
import type { TestServer } from './server.ts';

/** The private key of a demo client. */
export function demoKey(server: Pick<TestServer, 'dataDir'>, clientId: string): JWK {
  return JSON.parse(readFileSync(demoKeyFile(server.dataDir, clientId), 'utf8')) as JWK;
}

/** Signs a client assertion; `claims` replaces or (with undefined) removes the usual ones. */
export async function assertion(
  jwk: JWK,
  clientId: string,
  issuer: string,
  claims: Partial<Record<keyof JWTPayload, unknown>> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const usual = {
    iss: clientId,
    sub: clientId,
    aud: issuer,
    jti: crypto.randomUUID(),
    iat: now,
    exp: now + 60,
  };
  const payload = JSON.parse(JSON.stringify({ ...usual, ...claims })) as JWTPayload;
  return new SignJWT(payload)
    .setProtectedHeader({
      alg: String(jwk.alg),
      ...(jwk.kid === undefined ? {} : { kid: jwk.kid }),
      ...header,
    })
    .sign(await importJWK(jwk, jwk.alg));
}

/** The form members that carry an assertion (RFC 7521 section 4.2). */
export function assertionForm(assertionJwt: string): Record<string, string> {
  return {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertionJwt,
  };
}
