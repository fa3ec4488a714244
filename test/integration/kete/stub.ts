import { createHash, randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import type Koa from 'koa';
import { bundle, checkUp, penicillin, ramipril, sugar, tetanus, wiremu } from '../../unit/kete/fhir.ts';

/** What the stub does, until a test changes it. */
export interface Behaviour {
  /** Members of the answer of the authorisation endpoint, beside or instead of a code. */
  answer: (usual: Record<string, string>) => Record<string, string>;
  /** Answer of the token endpoint instead of tokens. */
  tokenFault: { status: number; body: object | string } | undefined;
  idToken: (usual: JWTPayload) => JWTPayload;
  /** Whether ID tokens are signed with a key that is not published. */
  forged: boolean;
  patient: string | undefined;
  discovery: (usual: object) => object | undefined;
  /** HTTP status of a resource type; 200 where it is not told. */
  fhir: Map<string, number>;
  /** Scopes that are granted of those that were asked for. */
  grant: (asked: string) => string;
}

export const usual = (): Behaviour => ({
  answer: (given) => given,
  tokenFault: undefined,
  idToken: (claims) => claims,
  forged: false,
  patient: 'p-wiremu',
  discovery: (document) => document,
  fhir: new Map(),
  grant: (asked) => asked,
});

export interface Stub {
  readonly middleware: Koa.Middleware;
  behaviour: Behaviour;
  /** Requests so far, as `POST /token`, with their parameters. */
  readonly asked: { readonly what: string; readonly form: URLSearchParams; readonly body: string }[];
  /** Every secret that was given out. */
  readonly secrets: string[];
}

const record: Record<string, object> = {
  Patient: wiremu,
  Immunization: bundle(tetanus),
  Appointment: bundle(checkUp),
  MedicationRequest: bundle(ramipril),
  AllergyIntolerance: bundle(penicillin),
  Observation: bundle(sugar),
};

/** RFC 6749 section 2.3.1: name and secret are form-encoded before they are put together. */
function isKete(authorization: string): boolean {
  const pair = Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString();
  return decodeURIComponent(pair) === 'kete-web:demo-secret-kete-web';
}

async function bodyOf(ctx: Koa.Context): Promise<string> {
  return ctx.method === 'GET' ? ctx.querystring : Buffer.concat(await ctx.req.toArray()).toString();
}

/** An OpenID provider whose person always says yes at once, and a FHIR server with one record, under one address. */
export async function createStub(issuer: string): Promise<Stub> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const { privateKey: otherKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', use: 'sig', alg: 'ES256' };
  /** Authorisation requests by code. */
  const codes = new Map<string, URLSearchParams>();
  let current = { access: '', refresh: '', scope: '' };

  const stub: Stub = { behaviour: usual(), asked: [], secrets: [], middleware: answer };

  const document = {
    issuer,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    end_session_endpoint: `${issuer}/session/end`,
    revocation_endpoint: `${issuer}/token/revocation`,
    id_token_signing_alg_values_supported: ['ES256'],
    authorization_response_iss_parameter_supported: true,
  };

  function authorise(ctx: Koa.Context, request: URLSearchParams): void {
    const code = randomUUID();
    codes.set(code, request);
    stub.secrets.push(code);
    const params = stub.behaviour.answer({ code, state: request.get('state') ?? '', iss: issuer });
    ctx.redirect(`${request.get('redirect_uri')}?${new URLSearchParams(params)}`);
  }

  /** The nonce of the request that the code or refresh token comes from; undefined if it is no good. */
  function redeem(form: URLSearchParams): string | undefined {
    if (form.get('grant_type') === 'refresh_token') {
      return form.get('refresh_token') === current.refresh ? '' : undefined;
    }
    const request = codes.get(form.get('code') ?? '');
    codes.delete(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    current.scope = stub.behaviour.grant(request?.get('scope') ?? '');
    const matches = request?.get('redirect_uri') === form.get('redirect_uri');
    return matches && request?.get('code_challenge') === challenge ? (request.get('nonce') ?? '') : undefined;
  }

  async function tokens(ctx: Koa.Context, form: URLSearchParams): Promise<void> {
    const { tokenFault, patient, idToken, forged } = stub.behaviour;
    const nonce = tokenFault === undefined ? redeem(form) : undefined;
    if (tokenFault !== undefined || nonce === undefined || !isKete(ctx.get('Authorization'))) {
      ctx.status = tokenFault?.status ?? 400;
      ctx.body = tokenFault?.body ?? {
        error: 'invalid_grant',
        error_description: 'grant request is invalid',
      };
      return;
    }
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: issuer, sub: 'wiremu', aud: 'kete-web', iat: now, exp: now + 600 };
    const id = await new SignJWT(idToken(nonce === '' ? claims : { ...claims, nonce }))
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .sign(forged ? otherKey : privateKey);
    current = { ...current, access: randomUUID(), refresh: randomUUID() };
    stub.secrets.push(current.access, current.refresh, id);
    ctx.body = {
      access_token: current.access,
      refresh_token: current.refresh,
      id_token: id,
      token_type: 'Bearer',
      expires_in: 600,
      scope: current.scope,
      patient,
      need_patient_banner: true,
    };
  }

  function readRecord(ctx: Koa.Context, body: string): void {
    const [type = ''] = ctx.path.slice('/demo/fhir/r4/'.length).split('/');
    ctx.status = ctx.get('Authorization') === `Bearer ${current.access}` ? 200 : 401;
    ctx.status = stub.behaviour.fhir.get(type) ?? ctx.status;
    if (ctx.method === 'POST' && ctx.status === 200) ctx.status = 201;
    if (ctx.status === 201) ctx.body = { ...JSON.parse(body), id: randomUUID() };
    else ctx.body = ctx.status === 200 ? record[type] : { resourceType: 'OperationOutcome' };
  }

  async function answer(ctx: Koa.Context): Promise<void> {
    const body = await bodyOf(ctx);
    const form = new URLSearchParams(body);
    stub.asked.push({ what: `${ctx.method} ${ctx.path}`, form, body });
    if (ctx.path.startsWith('/demo/fhir/r4/')) return readRecord(ctx, body);
    if (ctx.path === '/.well-known/openid-configuration') ctx.body = stub.behaviour.discovery(document);
    else if (ctx.path === '/jwks') ctx.body = { keys: [jwk] };
    else if (ctx.path === '/auth') authorise(ctx, form);
    else if (ctx.path === '/token') await tokens(ctx, form);
    else if (ctx.path === '/token/revocation') ctx.body = '';
  }

  return stub;
}
