import { createHash } from 'node:crypto';
import { type AdapterPayload, errors } from 'oidc-provider';
import type { Clock } from '../../clock.ts';
import { isStorable } from '../../db/index.ts';
import { asText } from '../../text.ts';
import type { Artefact, StoredArtefact } from './store.ts';

/** Models whose loss costs no more than a new sign-in. */
export const volatileModels = new Set(['Session', 'Interaction', 'PushedAuthorizationRequest']);

/** Grant ids are no secrets, and other artefacts refer to them. */
const plainIds = new Set(['Grant']);

/** SHA-256 in base64url. */
export const digest = (value: string) => createHash('sha256').update(value).digest('base64url');

/** The name under which a bearer value is kept: whoever reads the database cannot use it. */
export function keptId(model: string, id: string): string {
  return plainIds.has(model) ? id : digest(id);
}

/**
 * Takes out of a payload what must not be stored: `jti` repeats the bearer value, an interaction's
 * `session.cookie` is the session's (and is never read again), `consumed` has its own column.
 */
export function withoutSecrets(payload: AdapterPayload): Record<string, unknown> {
  const { jti: _jti, consumed: _consumed, ...rest } = payload;
  if (rest.session?.cookie === undefined) return rest;
  const { cookie: _cookie, ...session } = rest.session;
  return { ...rest, session };
}

/** The instant at which something expires. @throws InvalidRequest for a life that no calendar holds */
export function expiry(expiresIn: number, clock: Clock): Date {
  const at = new Date(clock.now().getTime() + expiresIn * 1000);
  if (Number.isNaN(at.getTime())) throw new errors.InvalidRequest('the request contains a time out of range');
  return at;
}

/** What a store keeps of what the library hands over. @throws InvalidRequest for what cannot be stored */
export function asArtefact(
  model: string,
  payload: AdapterPayload,
  expiresIn: number | undefined,
  clock: Clock,
): Artefact {
  const kept = withoutSecrets(payload);
  if (!isStorable(kept))
    throw new errors.InvalidRequest('the request contains a value that cannot be stored');
  return {
    payload: kept,
    // An interaction names the grant that it began with, but does not end with it.
    grantId: volatileModels.has(model) ? undefined : asText(payload.grantId),
    uid: asText(payload.uid),
    userCode: asText(payload.userCode),
    accountId: asText(payload.accountId),
    clientId: asText(payload.clientId),
    expiresAt: expiresIn === undefined ? undefined : expiry(expiresIn, clock),
  };
}

/** What the library gets back. @param jti the bearer value, where it is known */
export function asPayload(stored: StoredArtefact | undefined, jti?: string): AdapterPayload | undefined {
  if (stored === undefined) return undefined;
  const { payload, consumedAt } = stored;
  return {
    ...payload,
    ...(jti === undefined ? {} : { jti }),
    ...(consumedAt === undefined ? {} : { consumed: Math.floor(consumedAt.getTime() / 1000) }),
  };
}
