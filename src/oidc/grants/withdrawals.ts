import type { Audit } from '../../audit/index.ts';
import type { Api, Catalogue } from '../../catalogue/index.ts';
import type { ClientRegistry } from '../../clients/index.ts';
import type { Consent, Consents } from '../../consents/index.ts';
import { scopesOf } from '../../consents/index.ts';
import type { Database } from '../../db/index.ts';
import type { DenyList } from '../../revocations/index.ts';
import { reachAt } from '../reach.ts';
import type { KnownSession } from '../storage/index.ts';
import type { EndGrants } from './end-grants.ts';
import type { NarrowGrants } from './narrow-grants.ts';
import type { TellEnded } from './tell-ended.ts';

/** Whose decision is taken back, and from which address she does it. */
export interface Withdrawal {
  readonly accountId: string;
  /** Of another person's decision nothing is known here. */
  readonly consentId: string;
  /** Network address of the caller. */
  readonly source: string;
}

/** What has become of taking one line back. */
export type LineWithdrawal =
  /** The rest goes on, under this id. */
  | { readonly kind: 'narrowed'; readonly consentId: string }
  /** It goes only together with everything, so nothing was done: the person is asked whether she means that. */
  | { readonly kind: 'whole' }
  /** No decision of hers that holds, or none that allows that. */
  | { readonly kind: 'unknown' };

/** A person takes back what she had allowed. When a promise resolves, no token has it any more, on any node within a second. */
export interface Withdrawals {
  /** Takes everything back: the application has nothing left. @returns false where it is no decision of hers that holds */
  withdraw(withdrawal: Withdrawal): Promise<boolean>;
  /** Takes one line back; the application goes on with the rest. */
  withdrawLine(withdrawal: Withdrawal & { readonly scope: string }): Promise<LineWithdrawal>;
}

/** Takes back what people allowed, each time in one transaction. @param onRevoked told when it is durable */
export function createWithdrawals(options: {
  db: Database;
  audit: Audit;
  catalogue: Catalogue;
  consents: Consents;
  endGrants: EndGrants;
  narrowGrants: NarrowGrants;
  denyList: DenyList;
  registry: ClientRegistry;
  tellEnded: TellEnded;
  /** A person's sessions as an application knows them. Read before the transaction: sessions may be kept elsewhere. */
  sidsOf: (accountId: string, clientId: string) => Promise<readonly KnownSession[]>;
  onRevoked: () => void;
}): Withdrawals {
  const { db, audit, catalogue, consents, endGrants, narrowGrants, denyList, onRevoked } = options;
  const { registry, tellEnded, sidsOf } = options;

  async function apiOf(apiId: string | undefined): Promise<Api | undefined> {
    return apiId === undefined ? undefined : (await catalogue.all()).find(({ id }) => id === apiId);
  }

  const record = (
    consent: Consent,
    scopes: readonly string[],
    source: string,
    detail: Readonly<Record<string, unknown>>,
  ) =>
    audit.record({
      type: 'consent.withdrawn',
      clientId: consent.clientId,
      apiId: consent.apiId,
      subject: consent.accountId,
      scope: scopes.join(' '),
      source,
      detail: {
        consent: consent.id,
        patient: consent.patient ?? null,
        role: consent.role ?? null,
        reason: consent.reason ?? null,
        ...detail,
      },
    });

  /** Her sessions at an application that knows them by their sid: no other has seen one in an id_token. */
  async function sessionsAt(accountId: string, clientId: string): Promise<readonly KnownSession[]> {
    const client = await registry.find(clientId);
    return client?.metadata.backchannel_logout_session_required === true ? sidsOf(accountId, clientId) : [];
  }

  /** Every node is to know at once. */
  async function tell(): Promise<void> {
    await denyList.poll();
    onRevoked();
  }

  return {
    async withdraw({ accountId, consentId, source }) {
      const clientId = (await consents.one(accountId, consentId))?.clientId;
      if (clientId === undefined) return false;
      const sessions = await sessionsAt(accountId, clientId);
      const done = await db.transaction(async () => {
        const withdrawn = await consents.takeBack(accountId, consentId);
        if (withdrawn === undefined) return false;
        const { consent, grants } = withdrawn;
        await endGrants(grants, 'consent withdrawn');
        const ended = grants.map((grantId) => ({ grantId, clientId }));
        await tellEnded(accountId, ended, sessions);
        await record(consent, scopesOf(consent.lines, true), source, { next: null, ending_grants: grants });
        return true;
      });
      if (done) await tell();
      return done;
    },
    async withdrawLine({ accountId, consentId, source, scope }) {
      const taken = await db.transaction(async () => {
        const reachOf = async (apiId: string | undefined) => reachAt(await apiOf(apiId));
        const narrowed = await consents.takeLineBack(accountId, consentId, { scope, reachOf });
        if (narrowed === undefined || narrowed === 'whole') return narrowed;
        const { before, consent, scopes } = narrowed;
        const grants = await narrowGrants(narrowed);
        await consents.follow(narrowed);
        await record(before, scopes, source, { next: consent.id, narrowed_grants: grants });
        return consent.id;
      });
      if (taken === undefined) return { kind: 'unknown' };
      if (taken === 'whole') return { kind: 'whole' };
      await tell();
      return { kind: 'narrowed', consentId: taken };
    },
  };
}
