import type { Context, Middleware } from 'koa';
import { type Configuration, errors, type KoaContextWithOIDC } from 'oidc-provider';
import { isAt } from '../../addresses/index.ts';
import type { Audit, AuditEvent } from '../../audit/index.ts';
import { isPublic } from '../../clients/index.ts';
import type { Database } from '../../db/index.ts';
import type { DenyList, Revocations } from '../../revocations/index.ts';
import { asText } from '../../text.ts';
import type { RequestStates } from '../request-state.ts';
import { keptId } from '../storage/index.ts';
import type { IssuedToken, IssuedTokens } from './issued-tokens.ts';

type AllowedPolicy = NonNullable<
  NonNullable<NonNullable<Configuration['features']>['revocation']>['allowedPolicy']
>;

/** What a client is told that would take back somebody else's token (RFC 7009 section 2.1). */
const NOT_ITS_OWN = 'the token was issued to another client';

/** `revocation.allowedPolicy`: a token is taken back by the client that it was issued to. A public client is told nothing. */
export const mayRevoke: AllowedPolicy = async (_ctx, client, token) => {
  if (token.clientId === client.clientId) return true;
  if (client.clientAuthMethod === 'none') return false;
  throw new errors.InvalidRequest(NOT_ITS_OWN);
};

/** Which token was taken back, as the audit says it. */
function tokenFacts({ entities }: KoaContextWithOIDC['oidc']): Pick<AuditEvent, 'tokenId' | 'detail'> {
  const { AccessToken, ClientCredentials, RefreshToken } = entities;
  const token = RefreshToken ?? AccessToken ?? ClientCredentials;
  if (token === undefined) throw new Error('nothing was taken back');
  const grant = 'grantId' in token ? (token.grantId ?? null) : null;
  return { tokenId: keptId(token.kind, token.jti), detail: { kind: token.kind, grant } };
}

/**
 * Goes around the library's revocation endpoint (RFC 7009). What is taken back and its audit row are one transaction, which
 * the storage adapter begins; a JWT, which the library does not know, goes on the deny-list. The answer is JSON, because
 * there are client libraries that take an empty text for an error.
 *
 * @param onRevoked told when something was taken back and is durable
 */
export function createRevocationEndpoint(options: {
  db: Database;
  audit: Audit;
  revocations: Revocations;
  denyList: DenyList;
  issuedTokens: IssuedTokens;
  states: RequestStates;
  sourceOf: (ctx: Context) => string;
  onRevoked: () => void;
}): Middleware {
  const { db, audit, revocations, denyList, issuedTokens, states, sourceOf, onRevoked } = options;

  async function record(
    ctx: Context,
    facts: Pick<AuditEvent, 'tokenId' | 'detail' | 'apiId'>,
  ): Promise<void> {
    const { client } = states.of(ctx);
    await audit.record({
      type: 'token.revoked',
      clientId: client?.clientId,
      organization: client?.organization?.key,
      source: sourceOf(ctx),
      ...facts,
    });
  }

  /** A client that proved who it is and was refused, as one that would take back somebody else's token. */
  async function recordDenial(ctx: Context): Promise<void> {
    const { client, authenticated } = states.of(ctx);
    const { error } = (ctx.body || {}) as { error?: string };
    if (ctx.status !== 400 || !authenticated || error === undefined) return;
    await audit.record({
      type: 'token.denied',
      clientId: client?.clientId,
      organization: client?.organization?.key,
      error,
      source: sourceOf(ctx),
      detail: { endpoint: 'revocation' },
    });
  }

  async function revokeJwt(ctx: Context, { ids, api, expiresAt }: IssuedToken): Promise<boolean> {
    await db.begin();
    if ((await revocations.add([{ kind: 'token', id: ids.token, expiresAt }])) === 0) return false;
    const detail = { kind: 'JWT', grant: ids.grant ?? null };
    await record(ctx, { tokenId: ids.token, apiId: api.id, detail });
    return true;
  }

  /** What the library refused to look at, once it has found out who asks. */
  async function afterRefusal(ctx: KoaContextWithOIDC): Promise<'commit' | 'rollback'> {
    const { client } = states.of(ctx);
    const token = await issuedTokens.read(asText(ctx.oidc.params?.token) ?? '');
    ctx.status = 200;
    if (client === undefined || token === undefined) return 'rollback';
    if (token.clientId !== client.clientId) {
      if (isPublic(client)) return 'rollback';
      ctx.status = 400;
      ctx.body = { error: 'invalid_request', error_description: NOT_ITS_OWN };
      return 'rollback';
    }
    return (await revokeJwt(ctx, token)) ? 'commit' : 'rollback';
  }

  async function around(
    ctx: KoaContextWithOIDC,
    next: () => Promise<unknown>,
  ): Promise<'commit' | 'rollback'> {
    await next();
    const { error } = (ctx.body || {}) as { error?: string };
    if (error === 'unsupported_token_type') return afterRefusal(ctx);
    if (ctx.status !== 200 || !states.of(ctx).tookBack) return 'rollback';
    await record(ctx, tokenFacts(ctx.oidc));
    return 'commit';
  }

  return async (ctx, next) => {
    if (ctx.method !== 'POST' || !isAt(ctx.path, '/token/revocation')) return next();
    let wish: 'commit' | 'rollback' = 'rollback';
    await db.deferred(async () => {
      wish = await around(ctx as unknown as KoaContextWithOIDC, next);
      return wish;
    });
    ctx.set('Cache-Control', 'no-store');
    await recordDenial(ctx);
    if (ctx.status === 200) ctx.body = {};
    if ((wish as string) !== 'commit') return;
    await denyList.poll();
    onRevoked();
  };
}
