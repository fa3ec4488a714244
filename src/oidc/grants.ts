import type Provider from 'oidc-provider';
import type { Grant, KoaContextWithOIDC } from 'oidc-provider';
import type { Api } from '../catalogue/index.ts';
import { identityScopes } from '../clients/index.ts';
import type { Clock } from '../clock.ts';
import { type Consent, type ConsentKey, type Consents, decided, scopesOf } from '../consents/index.ts';
import type { Database } from '../db/index.ts';
import { needsPatient } from './person-admission.ts';
import type { RequestStates } from './request-state.ts';

const isIdentity = (scope: string) => identityScopes.some((name) => name === scope);

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
  /** Makes and keeps a grant from a consent. Inside a transaction it is part of it. */
  make(consent: Consent, api: Api | undefined): Promise<string>;
  /** `loadExistingGrant`: the grant by which a request goes on without asking; undefined where somebody must be asked. */
  load(ctx: KoaContextWithOIDC): Promise<Grant | undefined>;
}

/** What a request's decision is kept under. */
export function consentKey(request: {
  accountId: string;
  clientId: string;
  api: Api | undefined;
  scopes: readonly string[];
  patient: string | undefined;
}): ConsentKey {
  const { accountId, clientId, api, scopes, patient } = request;
  return { accountId, clientId, apiId: api?.id, patient: needsPatient(scopes) ? patient : undefined };
}

/** Connects consents to the library's grants (docs/adr/0006). */
export function createGrants(options: {
  provider: () => Provider;
  db: Database;
  clock: Clock;
  consents: Consents;
  states: RequestStates;
}): Grants {
  const { provider, db, clock, consents, states } = options;

  function build(consent: Consent, api: Api | undefined): Grant {
    const left = Math.floor((consent.expiresAt.getTime() - clock.now().getTime()) / 1000);
    const { accountId, clientId, lines } = consent;
    const properties = { accountId, clientId, expiresIn: Math.max(1, left) };
    const grant = new (provider().Grant)(properties);
    const [allowed, refused] = [scopesOf(lines, true), scopesOf(lines, false)];
    grant.addOIDCScope(allowed.filter(isIdentity).join(' '));
    grant.rejectOIDCScope(refused.filter(isIdentity).join(' '));
    if (api !== undefined) {
      // The identity scopes too: `scope` of a SMART token names everything that was granted.
      grant.addResourceScope(api.audience, allowed.join(' '));
      grant.rejectResourceScope(api.audience, refused.join(' '));
    }
    return grant;
  }

  function make(consent: Consent, api: Api | undefined): Promise<string> {
    return db.transaction(async () => {
      const grantId = await build(consent, api).save();
      await consents.addGrant(grantId, consent.id);
      return grantId;
    });
  }

  async function existing(grantId: string | undefined, consent: Consent, api: Api | undefined) {
    if (grantId === undefined || (await consents.ofGrant(grantId))?.id !== consent.id) return undefined;
    const grant = await provider().Grant.find(grantId);
    return grant !== undefined && agrees(grant, consent, api) ? grant : undefined;
  }

  return {
    make,
    async load(ctx) {
      const { oidc } = ctx;
      const { account, api, client } = states.of(ctx);
      if (account === undefined || client === undefined || oidc.session === undefined) return undefined;
      const scopes = [...oidc.requestParamScopes];
      const { clientId } = client;
      const { patient } = account;
      if (needsPatient(scopes) && patient === undefined) return undefined;
      const consent = await consents.find(
        consentKey({ accountId: account.id, clientId, api, scopes, patient }),
      );
      if (consent === undefined || !decided(consent.lines, scopes)) return undefined;
      const answered = oidc.result?.consent?.grantId;
      const found =
        (await existing(answered, consent, api)) ??
        (await existing(oidc.session.grantIdFor(clientId), consent, api));
      if (found !== undefined || oidc.promptPending('consent') || oidc.promptPending('login')) return found;
      return provider().Grant.find(await make(consent, api));
    },
  };
}
