import { existsSync, readFileSync } from 'node:fs';
import { createRemoteJWKSet, importJWK, type JWK, jwtVerify, SignJWT } from 'jose';
import { demoKeyFile, demoSecret, isDemoClient } from '../demo/index.ts';
import { AssentError, Refused } from '../errors.ts';
import { configuration, print } from './run.ts';

/** What `assent token` was told. */
export interface TokenOptions {
  readonly client: string;
  readonly key?: string;
  readonly secret?: string;
  readonly scope: string;
  readonly resource?: string;
  readonly issuer?: string;
  readonly raw?: boolean;
}

function readKey(file: string): JWK {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as JWK;
  } catch {
    throw new Refused('No token was requested:', [`the key file ${file} cannot be read as a JWK`]);
  }
}

/** Makes a client assertion (RFC 7523 section 2.2) that lives one minute. */
async function assertion(jwk: JWK, clientId: string, issuer: string): Promise<string> {
  if (jwk.alg === undefined) throw new Refused('No token was requested:', ['the key file names no alg']);
  return new SignJWT()
    .setProtectedHeader({ alg: jwk.alg, ...(jwk.kid === undefined ? {} : { kid: jwk.kid }) })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(issuer)
    .setJti(crypto.randomUUID())
    .setIssuedAt()
    .setExpirationTime('1 minute')
    .sign(await importJWK(jwk, jwk.alg));
}

async function call(
  url: string,
  init?: RequestInit,
): Promise<{ status: number; body: Record<string, unknown> }> {
  try {
    const response = await fetch(url, init);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  } catch (cause) {
    throw new AssentError(
      'no_answer',
      502,
      `There is no answer from ${new URL(url).origin}: is Assent running there?`,
      { cause },
    );
  }
}

/**
 * `assent token`: obtains a token by client credentials, as every client does, and checks it against /jwks.
 * Uses the key file or the secret that is given, else those of the demo client of that name.
 */
export async function obtainToken(options: TokenOptions): Promise<void> {
  const config = configuration();
  const issuer = options.issuer ?? config.issuer;
  const { client, scope, resource } = options;
  const form = new URLSearchParams({ grant_type: 'client_credentials', scope });
  if (resource !== undefined) form.set('resource', resource);
  const headers = new Headers();
  const demoFile = demoKeyFile(config.dataDir, client);
  const keyFile =
    options.key ?? (options.secret === undefined && existsSync(demoFile) ? demoFile : undefined);
  if (keyFile !== undefined) {
    form.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    form.set('client_assertion', await assertion(readKey(keyFile), client, issuer));
  } else {
    if (options.secret === undefined && !isDemoClient(client)) {
      throw new Refused('No token was requested:', [
        `${client} is not a demo client: give its --secret or its --key`,
      ]);
    }
    // RFC 6749 section 2.3.1: both parts are form-encoded before they are joined.
    const parts = [client, options.secret ?? demoSecret(client)].map(encodeURIComponent);
    headers.set('Authorization', `Basic ${Buffer.from(parts.join(':')).toString('base64')}`);
  }
  const { body: discovery } = await call(`${issuer}/.well-known/openid-configuration`);
  const { status, body } = await call(String(discovery.token_endpoint), {
    method: 'POST',
    headers,
    body: form,
  });
  if (status !== 200)
    throw new Refused(`The token was refused (HTTP ${status}):`, [
      `${body.error}: ${body.error_description}`,
    ]);
  const token = String(body.access_token);
  if (options.raw) return print(token);
  if (token.split('.').length !== 3) return print(JSON.stringify(body, null, 2));
  const { payload, protectedHeader } = await jwtVerify(
    token,
    createRemoteJWKSet(new URL(String(discovery.jwks_uri))),
    { issuer },
  );
  print(
    JSON.stringify({ ...body, header: protectedHeader, payload }, null, 2),
    'The signature was checked against the published keys.',
  );
}
