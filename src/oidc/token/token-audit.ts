import type { KoaContextWithOIDC } from 'oidc-provider';
import type { AuditEvent } from '../../audit/index.ts';
import { asText } from '../../text.ts';
import type { RequestState } from '../request-state.ts';
import { keptId } from '../storage/index.ts';

/** The role in which somebody asked, and whom the client's own system signed in. */
function whoAsked({ role, asserted }: RequestState): Readonly<Record<string, unknown>> {
  if (asserted !== undefined) {
    const { subject, sdsUser = null, roleProfile = null } = asserted;
    return { asserted: subject, sds_user: sdsUser, role_profile: roleProfile };
  }
  if (role === undefined) return {};
  return { role: role.id, sds_user: role.sdsUser ?? null, role_profile: role.roleProfile ?? null };
}

/** What the audit says of a token that is going to be answered. */
export function issuedEvent(ctx: KoaContextWithOIDC, state: RequestState, source: string): AuditEvent {
  const { AccessToken: personal, ClientCredentials: systemic } = ctx.oidc.entities;
  const token = personal ?? systemic;
  const opaque = token?.format === 'opaque' && token.jti !== undefined;
  return {
    type: 'token.issued',
    clientId: state.client?.clientId,
    organization: state.client?.organization?.key,
    apiId: state.api?.id,
    grantType: asText(ctx.oidc.params?.grant_type),
    scope: token?.scope,
    // Whom a client asserted, the token names in its own way; the client's word for her stands in the detail.
    subject:
      state.asserted === undefined
        ? (personal?.accountId ?? state.subject ?? state.client?.clientId)
        : state.subject,
    tokenId: opaque && token.jti !== undefined ? keptId(token.kind, token.jti) : state.tokenId,
    source,
    detail: {
      reason: state.reason ?? null,
      ...whoAsked(state),
      ...(personal === undefined
        ? {}
        : { grant: personal.grantId ?? null, refresh_token: ctx.oidc.entities.RefreshToken !== undefined }),
    },
  };
}

/** What the audit says of a client that proved who it is and was refused. */
export function deniedEvent(ctx: KoaContextWithOIDC, state: RequestState, source: string): AuditEvent {
  const { error, error_description: description } = ctx.body as { error: string; error_description?: string };
  return {
    type: 'token.denied',
    clientId: ctx.oidc.client?.clientId,
    organization: state.client?.organization?.key,
    apiId: state.api?.id,
    grantType: asText(ctx.oidc.params?.grant_type),
    scope: asText(ctx.oidc.params?.scope),
    error,
    source,
    detail: { description: description ?? null },
  };
}
