import { existsSync } from 'node:fs';
import { jwtVerify } from 'jose';
import { jwtBearerGrant } from '../clients/index.ts';
import { demoKeyFile, demoSecret, isDemoClient } from '../demo/index.ts';
import { Refused } from '../errors.ts';
import { notRequested, readKey, type SigningKey, signAssertion } from './assertions.ts';
import { callJson, discover, fetchKeys, safeJson } from './issuer.ts';
import { configuration, print } from './run.ts';
import { userClaims } from './user-context.ts';

/** What `assent token` was told. */
export interface TokenOptions {
  readonly client: string;
  /** File of the client's private JWK. */
  readonly key?: string;
  readonly secret?: string;
  /** Who asks: a practitioner of the demo world, or a .json file with the claims. */
  readonly user?: string;
  /** SDS role profile id of the user. */
  readonly role?: string;
  readonly reason?: string;
  readonly scope?: string;
  readonly resource?: string;
  readonly issuer?: string;
  readonly raw?: boolean;
}

/** Proves who the client is: by its secret if one was given, else by its key, else by the secret of a demo client. */
async function authenticate(
  options: TokenOptions,
  key: SigningKey | undefined,
  issuer: string,
): Promise<{ headers: Record<string, string>; members: Record<string, string> }> {
  const { client, secret } = options;
  if (secret === undefined && key !== undefined) {
    const claims = { sub: client };
    const members = {
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await signAssertion(key, { clientId: client, audience: issuer, claims }),
    };
    return { headers: {}, members };
  }
  if (secret === undefined && !isDemoClient(client)) {
    throw notRequested(`${client} is not a demo client: give its --secret or its --key`);
  }
  // RFC 6749 section 2.3.1: both parts are form-encoded before they are joined.
  const parts = [client, secret ?? demoSecret(client)].map(encodeURIComponent);
  return {
    headers: { Authorization: `Basic ${Buffer.from(parts.join(':')).toString('base64')}` },
    members: {},
  };
}

/** What is asked for: client credentials or, for a user, the grant for the assertion of who that is. */
async function grantMembers(
  options: TokenOptions,
  key: SigningKey | undefined,
  issuer: string,
): Promise<Record<string, string>> {
  const { client, user, role, scope, reason } = options;
  if (user === undefined) {
    if (role !== undefined) throw notRequested('--role is for a --user');
    return {
      grant_type: 'client_credentials',
      scope: scope ?? 'system/Flag.read',
      ...(reason === undefined ? {} : { reason_for_request: reason }),
    };
  }
  const claims = userClaims({ ...options, user });
  if (key === undefined) {
    throw notRequested(`what ${client} says of its user must be signed: give its --key`);
  }
  return {
    grant_type: jwtBearerGrant,
    assertion: await signAssertion(key, { clientId: client, audience: issuer, claims }),
    scope: scope ?? (claims.requesting_user === undefined ? 'patient/*.read conf/N' : 'user/Flag.read'),
  };
}

/**
 * `assent token`: obtains a token by client credentials or, with a user, by a user context assertion (RFC 7523 section
 * 2.1), as every client does, and checks it against /jwks. Uses the key file or the secret that is given, else those of
 * the demo client of that name.
 */
export async function obtainToken(options: TokenOptions): Promise<void> {
  const config = configuration();
  const issuer = options.issuer ?? config.issuer;
  const demoFile = demoKeyFile(config.dataDir, options.client);
  const keyFile = options.key ?? (existsSync(demoFile) ? demoFile : undefined);
  const key = keyFile === undefined ? undefined : readKey(keyFile);
  const grant = await grantMembers(options, key, issuer);
  const { headers, members } = await authenticate(options, key, issuer);
  const form = new URLSearchParams({ ...grant, ...members });
  const endpoints = await discover(issuer, 'token_endpoint', 'jwks_uri');
  if (options.resource !== undefined) form.set('resource', options.resource);
  const answer = await callJson(endpoints.token_endpoint, { method: 'POST', headers, body: form });
  if (answer.status !== 200) {
    throw new Refused(`The token was refused (HTTP ${answer.status}):`, [
      `${answer.body.error ?? 'no error is named'}: ${answer.body.error_description ?? 'no reason is given'}`,
    ]);
  }
  await show(answer.body, { issuer, jwksUri: endpoints.jwks_uri, raw: options.raw === true });
}

/** Prints the answer of the token endpoint, and what is in the token once its signature was checked. */
async function show(
  answer: Readonly<Record<string, unknown>>,
  at: { issuer: string; jwksUri: string; raw: boolean },
): Promise<void> {
  const { access_token: token } = answer;
  if (typeof token !== 'string') throw new Refused('No token was obtained:', ['the answer holds none']);
  if (at.raw) return print(token);
  if (token.split('.').length !== 3) return print(safeJson(answer));
  const keys = await fetchKeys(at.jwksUri);
  const { payload, protectedHeader } = await jwtVerify(token, keys, { issuer: at.issuer }).catch(
    (error: Error) => {
      throw new Refused(`The token does not hold against ${at.jwksUri}:`, [error.message]);
    },
  );
  print(
    safeJson({ ...answer, header: protectedHeader, payload }),
    'The signature was checked against the published keys.',
  );
}
