import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { assertion, assertionForm } from '../../support/assertion.ts';
import type { Credentials } from '../../support/exchange.ts';
import { type Answer, basic, form, register, type Sent, send } from '../../support/fixtures.ts';
import type { TestServer } from '../../support/server.ts';

/** A key of a client for its proofs. */
export interface ProofKey {
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly privateJwk: JWK;
  readonly publicJwk: JWK;
  /** `jkt` of tokens that are bound to it. */
  readonly thumbprint: string;
}

export async function createProofKey(alg = 'ES256'): Promise<ProofKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const publicJwk = await exportJWK(publicKey);
  const thumbprint = await calculateJwkThumbprint(publicJwk);
  return { alg, privateKey, privateJwk: await exportJWK(privateKey), publicJwk, thumbprint };
}

/** What replaces or (with undefined) removes a usual part of a proof. */
export interface ProofChange {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  /** Signs instead of the key that the header names. */
  readonly signer?: CryptoKey | Uint8Array;
}

/** Signs a proof for a POST to an address (RFC 9449 section 4.2). */
export async function proof(key: ProofKey, url: string, change: ProofChange = {}): Promise<string> {
  const { claims = {}, header = {}, signer = key.privateKey } = change;
  const iat = Math.floor(Date.now() / 1000);
  const payload = { jti: crypto.randomUUID(), htm: 'POST', htu: url, iat, ...claims };
  const usual = { alg: key.alg, typ: 'dpop+jwt', jwk: key.publicJwk, ...header };
  return new SignJWT(JSON.parse(JSON.stringify(payload)))
    .setProtectedHeader(JSON.parse(JSON.stringify(usual)))
    .sign(signer, { crit: { unheard: true } });
}

/** The token request of a client with a proof; without one it is as any other. */
export function request(
  parameters: Readonly<Record<string, string>>,
  [clientId, secret]: Credentials,
  dpop?: string,
): Sent {
  const header: Record<string, string> = dpop === undefined ? {} : { DPoP: dpop };
  return secret === undefined
    ? form({ ...parameters, client_id: clientId }, header)
    : form(parameters, { ...basic(clientId, secret), ...header });
}

/** Sends a token request with a new proof of a key. */
export async function prove(
  server: Pick<TestServer, 'issuer'>,
  key: ProofKey,
  parameters: Readonly<Record<string, string>>,
  client: Credentials,
): Promise<Answer> {
  const sent = await asClient(server, parameters, client);
  return send(server, request(sent, client, await proof(key, `${server.issuer}/token`)));
}

/** A back end of Fernhill Hospital that needs no bound tokens, with tokens of every kind. */
export const backEnd: Credentials = ['ward-back-end', 'a-secret-of-the-back-end-long-enough'];

/** The same for one that demands them (RFC 9449 section 5.2). */
export const strictBackEnd: Credentials = ['strict-back-end', 'a-secret-of-the-strict-one-long-enough'];

/** Applications for people that demand bound tokens: one with a secret, one without. */
export const strictWeb: Credentials = ['strict-web', 'a-secret-of-strict-web-that-is-long-enough'];
export const strictSpa: Credentials = ['strict-spa'];

/** One that proves with a key of its own who it is, and demands bound tokens. */
export const strictKeys: Credentials = ['strict-keys'];

const clientKey = await createClientKey();

async function createClientKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  return { ...(await exportJWK(privateKey)), alg: 'ES256', kid: 'strict-keys' };
}

/** A client's parameters, with an assertion of its own for `strictKeys`. */
export async function asClient(
  { issuer }: Pick<TestServer, 'issuer'>,
  parameters: Readonly<Record<string, string>>,
  client: Credentials,
): Promise<Readonly<Record<string, string>>> {
  if (client !== strictKeys) return parameters;
  return { ...parameters, ...assertionForm(await assertion(clientKey, strictKeys[0], issuer)) };
}

const page = 'http://127.0.0.1:8090/cb';

/** What an authorisation request of another client than the usual one says. */
export const changeFor = ([client_id]: Credentials) => ({ client_id, redirect_uri: page });

export async function registerClients(server: TestServer): Promise<void> {
  const ward = {
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: ['client_credentials'],
    organization: 'fernhill',
    asid: '200000990800',
    apis: {
      'reasonable-adjustments': 'system/Flag.read',
      'admin-api': 'admin.read',
      'demo-fhir': 'system/Patient.rs',
    },
  };
  const app = {
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: [page],
    organization: 'kete',
    apis: { 'demo-fhir': 'openid profile fhirUser launch/patient offline_access patient/*.rs' },
    dpop_bound_access_tokens: true,
  };
  const { d: _d, ...publicKey } = clientKey;
  await register(
    server,
    { ...ward, client_id: backEnd[0], client_secret: backEnd[1] },
    { ...ward, client_id: strictBackEnd[0], client_secret: strictBackEnd[1], dpop_bound_access_tokens: true },
    {
      ...app,
      client_id: strictWeb[0],
      client_secret: strictWeb[1],
      token_endpoint_auth_method: 'client_secret_basic',
    },
    { ...app, client_id: strictSpa[0], token_endpoint_auth_method: 'none' },
    {
      ...app,
      client_id: strictKeys[0],
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [publicKey] },
    },
  );
}
