import type { Context } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { asText } from '../../text.ts';
import type { RequestState } from '../request-state.ts';

/** RFC 6749 section 5.2 has a code of its own for a grant type that the client may not use; the library answers `invalid_request`. */
export function nameUnauthorizedClient(ctx: KoaContextWithOIDC, state: RequestState): void {
  const { client, params } = ctx.oidc;
  const body = ctx.body as { error?: string };
  const grantType = asText(params?.grant_type);
  if (
    ctx.status !== 400 ||
    body.error !== 'invalid_request' ||
    client === undefined ||
    grantType === undefined
  )
    return;
  if (!state.authenticated || client.grantTypeAllowed(grantType)) return;
  ctx.body = { error: 'unauthorized_client', error_description: 'the client may not use this grant type' };
}

/** A verifier that cannot be one is a wrong one (RFC 7636 section 4.6); the library answers `invalid_request`. */
export function nameWrongVerifier(ctx: KoaContextWithOIDC): void {
  const { error, error_description: description = '' } = ctx.body as {
    error?: string;
    error_description?: string;
  };
  if (error === 'invalid_request' && description.startsWith('code_verifier'))
    ctx.body = { error: 'invalid_grant', error_description: 'grant request is invalid' };
}

/**
 * A registration that the library cannot use (its rules may have become stricter since it was stored) looks like any
 * other failed authentication: its own error would tell that the client exists.
 */
export function hideBrokenRegistration(ctx: KoaContextWithOIDC): void {
  const { error } = ctx.body as { error?: string };
  if (error !== 'invalid_client_metadata' && error !== 'invalid_redirect_uri') return;
  ctx.status = 401;
  const description = 'client authentication failed';
  ctx.body = { error: 'invalid_client', error_description: description };
  if (ctx.headers.authorization === undefined) return;
  const realm = ctx.oidc.issuer;
  ctx.set(
    'WWW-Authenticate',
    `Basic realm="${realm}", error="invalid_client", error_description="${description}"`,
  );
}

/** A passing fault looks like one: 503 with Retry-After (RFC 9110 section 15.6.4), never like a decision. */
export function answerUnavailable(ctx: Context): void {
  ctx.status = 503;
  ctx.set('Retry-After', '1');
  ctx.set('Cache-Control', 'no-store');
  ctx.body = {
    error: 'temporarily_unavailable',
    error_description: 'the service is not available at the moment',
  };
}

/**
 * Adds to a token response what SMART App Launch 2.2 wants in it: whose record it opens, and whether the application
 * must say so itself. It need not where people see their own.
 */
export function addLaunchContext(ctx: KoaContextWithOIDC, { patient }: RequestState): void {
  if (patient === undefined) return;
  ctx.body = { ...(ctx.body as object), patient, need_patient_banner: false };
}
