import type Provider from 'oidc-provider';
import type { Grant, KoaContextWithOIDC } from 'oidc-provider';
import { proofVersionOf } from '../../accounts/index.ts';
import type { RecordChoice, RoleChoice } from '../../authorisation/index.ts';
import type { Api } from '../../catalogue/index.ts';
import { accountClientId, isIdentityScope } from '../../clients/index.ts';
import type { Clock } from '../../clock.ts';
import {
  type Consent,
  type ConsentKey,
  type Consents,
  consentUnder,
  scopesOf,
  undecided,
  withCovered,
} from '../../consents/index.ts';
import { lifetimes } from '../lifetimes.ts';
import { standingIn } from '../person/standing.ts';
import { reachAt } from '../reach.ts';
import type { Records } from '../record-choice.ts';
import type { RequestStates } from '../request-state.ts';
import type { Roles } from '../role-choice.ts';
import { ConsentEnded } from '../storage/index.ts';

/** Whether a grant says exactly what a consent says; it does not after the person has decided anew. */
function agrees(grant: Grant, { lines }: Consent, api: Api | undefined): boolean {
  const same = (text: string, scopes: readonly string[]) =>
    text.split(' ').filter(Boolean).sort().join(' ') === [...scopes].sort().join(' ');
  const [allowed, refused] = [scopesOf(lines, true), scopesOf(lines, false)];
  return api === undefined
    ? same(grant.getOIDCScope(), allowed) && same(grant.getRejectedOIDCScope(), refused)
    : same(grant.getResourceScope(api.audience), allowed) &&
        same(grant.getRejectedResourceScope(api.audience), refused);
}

/** The library's grants, made from what people decided. */
export interface Grants {
  /**
   * `loadExistingGrant`: the grant by which a request goes on, made from what was decided; the one that the session has, if it
   * says the same, else a new one. Undefined where somebody must be asked.
   */
  load(ctx: KoaContextWithOIDC): Promise<Grant | undefined>;
}

/** What a request's decision is kept under. */
export function consentKey(request: {
  accountId: string;
  clientId: string;
  api: Api | undefined;
  record: RecordChoice;
  role: RoleChoice;
  reason: string | undefined;
}): ConsentKey {
  const { accountId, clientId, api, record, role, reason } = request;
  const patient = record.kind === 'chosen' ? record.patient : undefined;
  const roleId = role.kind === 'chosen' ? role.role.id : undefined;
  return { accountId, clientId, apiId: api?.id, patient, role: roleId, reason };
}

/** Connects consents to the library's grants (docs/adr/0006). */
export function createGrants(options: {
  provider: () => Provider;
  clock: Clock;
  consents: Consents;
  states: RequestStates;
  roles: Roles;
  records: Records;
}): Grants {
  const { provider, clock, consents, states, roles, records } = options;

  function build(consent: Consent, api: Api | undefined): Grant {
    const left = Math.floor((consent.expiresAt.getTime() - clock.now().getTime()) / 1000);
    const { accountId, clientId, lines } = consent;
    const properties = { accountId, clientId, expiresIn: Math.max(1, left) };
    const grant = new (provider().Grant)(properties);
    const [allowed, refused] = [scopesOf(lines, true), scopesOf(lines, false)];
    grant.addOIDCScope(allowed.filter(isIdentityScope).join(' '));
    grant.rejectOIDCScope(refused.filter(isIdentityScope).join(' '));
    if (api !== undefined) {
      // The identity scopes too: `scope` of a SMART token names everything that was granted.
      grant.addResourceScope(api.audience, allowed.join(' '));
      grant.rejectResourceScope(api.audience, refused.join(' '));
    }
    return grant;
  }

  /** Makes and keeps a grant; undefined when the consent has ended meanwhile. */
  async function make(
    ctx: KoaContextWithOIDC,
    consent: Consent,
    api: Api | undefined,
  ): Promise<Grant | undefined> {
    const grant = build(consent, api);
    const state = states.of(ctx);
    if (state.account === undefined) return undefined;
    state.grantedBy = { consentId: consent.id, proofVersion: proofVersionOf(state.account) };
    try {
      await grant.save();
      return grant;
    } catch (error) {
      if (error instanceof ConsentEnded) return undefined;
      throw error;
    } finally {
      delete state.grantedBy;
    }
  }

  async function existing(grantId: string | undefined, consent: Consent, api: Api | undefined) {
    if (grantId === undefined || (await consents.ofGrant(grantId))?.id !== consent.id) return undefined;
    const grant = await provider().Grant.find(grantId);
    return grant !== undefined && agrees(grant, consent, api) ? grant : undefined;
  }

  /**
   * A decision that names each of these scopes, all of which it covers. Undefined when it ended meanwhile; in the time of one
   * statement, so that somebody is asked, and no more.
   */
  async function naming(
    held: Consent,
    key: ConsentKey,
    scopes: readonly string[],
    api: Api | undefined,
  ): Promise<Consent | undefined> {
    const lines = withCovered(held.lines, scopes, reachAt(api));
    if (lines.length === held.lines.length) return held;
    const named = (await consents.extend(held, lines)) ?? (await consents.find(key));
    const isNamed = (scope: string) => named?.lines.some((line) => line.scope === scope);
    return scopes.every(isNamed) ? named : undefined;
  }

  /**
   * The grant by which a request goes on after a decision. Undefined where somebody must be asked; `ended` where another version
   * took the place of it while the grant was made.
   */
  async function goOnBy(
    ctx: KoaContextWithOIDC,
    held: Consent | undefined,
    key: ConsentKey,
  ): Promise<Grant | 'ended' | undefined> {
    const { oidc } = ctx;
    const { api } = states.of(ctx);
    if (held === undefined || oidc.session === undefined) return undefined;
    const scopes = [...oidc.requestParamScopes];
    const fresh = undecided(held.lines, scopes, reachAt(api));
    if (fresh.length > 0) {
      states.of(ctx).undecided = fresh;
      return undefined;
    }
    const consent = await naming(held, key, scopes, api);
    if (consent === undefined) return undefined;
    const found = await existing(oidc.session.grantIdFor(key.clientId), consent, api);
    if (found !== undefined || oidc.promptPending('consent') || oidc.promptPending('login')) return found;
    return (await make(ctx, consent, api)) ?? 'ended';
  }

  /** Our own account pages ask nobody for consent: their code, which nobody exchanges, lives no longer than a grant of theirs. */
  async function ofAccountPages(accountId: string): Promise<Grant> {
    const properties = { accountId, clientId: accountClientId, expiresIn: lifetimes.code };
    const grant = new (provider().Grant)(properties);
    grant.addOIDCScope('openid');
    await grant.save();
    return grant;
  }

  return {
    async load(ctx) {
      const { oidc } = ctx;
      const { account, api, client, reason } = states.of(ctx);
      if (account === undefined || client === undefined || oidc.session === undefined) return undefined;
      const scopes = [...oidc.requestParamScopes];
      const { clientId } = client;
      if (clientId === accountClientId) return ofAccountPages(account.id);
      const record = await records.choose({ account, api, scopes });
      if (record.kind === 'missing') return undefined;
      const role = await roles.of(ctx);
      if (role.kind === 'missing' || role.kind === 'open') return undefined;
      const key = consentKey({ accountId: account.id, clientId, api, record, role, reason });
      const standing = await standingIn(states.of(ctx), consents, account.id, clientId);
      const grant = await goOnBy(ctx, standing && consentUnder(standing, key), key);
      if (grant !== 'ended') return grant;
      // She took a line back elsewhere while she answered here: by what is left nobody needs to be asked.
      const again = await goOnBy(ctx, await consents.find(key), key);
      return again === 'ended' ? undefined : again;
    },
  };
}
