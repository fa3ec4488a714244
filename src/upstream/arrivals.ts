import { createHoldAccount, type Signed, type VouchedAccounts } from '../accounts/index.ts';
import type { Audit } from '../audit/index.ts';
import type { Ids } from '../clock.ts';
import { type Database, isConflict } from '../db/index.ts';
import type { Organizations } from '../organizations/index.ts';
import type { Practitioners } from '../practitioners/index.ts';
import type { Told } from './claims.ts';
import type { SourceFault, SourceFaultKind } from './faults.ts';
import type { Links, Owner } from './links.ts';
import { isSame, professionalAfter } from './roles.ts';
import type { Source } from './sources.ts';

/** Somebody who signed in at a source, and what the source told of her. */
export interface Arrival {
  readonly source: Source;
  readonly told: Told;
  /** Whose account it was when the source's answer came; undefined where it was nobody's. */
  readonly owner?: Owner | undefined;
}

/** Ends a transaction in which nothing may stay. */
class Turned extends Error {
  readonly kind: SourceFaultKind | 'again' | 'over';
  constructor(kind: Turned['kind']) {
    super(kind);
    this.kind = kind;
  }
}

/** Undefined: what was proved counts no more. */
type Settled = { readonly accountId: string } | SourceFault | undefined;

/** What becomes of people who signed in elsewhere. */
export interface Arrivals {
  /**
   * The account of whoever arrived, found by issuer and subject alone, or made where the source may make accounts; brought up to
   * date with what the source tells, roles included. All of it or nothing.
   *
   * @param from network address
   */
  signIn(arrival: Arrival, from: string): Promise<Settled>;
  /**
   * Makes whoever arrived another way in to an account, whose owner is signed in; brings it up to date as a sign-in does.
   *
   * @param account as it was found with its owner
   */
  link(arrival: Arrival, account: Signed): Promise<Settled>;
}

/** Puts people who arrive in their accounts. */
export function createArrivals(options: {
  db: Database;
  ids: Ids;
  audit: Audit;
  links: Links;
  vouched: VouchedAccounts;
  organizations: Organizations;
  practitioners: Practitioners;
}): Arrivals {
  const { db, ids, audit, links, vouched, organizations, practitioners } = options;
  const holdAccount = createHoldAccount(options);

  /** Her professional identity. @returns whether it changed */
  async function putProfessional(accountId: string, { professional }: Told): Promise<boolean> {
    if (professional === undefined) return false;
    const known = await practitioners.whole(accountId);
    if (known?.sdsUser !== undefined && known.sdsUser !== professional.sdsUser) throw new Turned('differs');
    const after = professionalAfter({
      accountId,
      told: professional,
      known,
      organizations: await organizations.all(),
      newId: () => ids.uuid(),
    });
    if (isSame(known, after)) return false;
    await practitioners.put(after);
    return true;
  }

  const asVouched = ({ source, told }: Arrival) => ({
    ...told,
    source: source.settings.id,
    practitioner: told.professional !== undefined,
  });

  async function update(accountId: string, arrival: Arrival): Promise<void> {
    const changed = await vouched.update(accountId, asVouched(arrival));
    if (typeof changed === 'string') throw new Turned(changed);
    const all = (await putProfessional(accountId, arrival.told)) ? [...changed, 'professional'] : changed;
    if (all.length > 0)
      await audit.record({
        type: 'account.told-by-source',
        subject: accountId,
        detail: { source: arrival.source.settings.id, changed: all },
      });
  }

  async function make(arrival: Arrival, from: string): Promise<string> {
    const { source, told } = arrival;
    const { id: sourceId, issuer, new_accounts: mayMake } = source.settings;
    if (told.name === undefined) throw new Turned(mayMake ? 'incomplete' : 'closed');
    const accountId = ids.uuid();
    // Also where no account may be made: only so is it known whether she has one to link to.
    await vouched.make(accountId, { ...asVouched(arrival), name: told.name });
    // Before her identifiers: if she arrives in another browser as well, those are there already, and hers.
    if (!(await links.add(accountId, sourceId, issuer, told.subject))) throw new Turned('again');
    const fault = await vouched.identify(accountId, told.identifiers);
    if (fault !== undefined) throw new Turned(fault);
    if (!mayMake) throw new Turned('closed');
    await putProfessional(accountId, told);
    const detail = {
      source: sourceId,
      identityLevel: told.identityLevel,
      identifiers: told.identifiers.map(({ system }) => system),
      roles: told.professional?.roles.length ?? 0,
    };
    await audit.record({ type: 'account.made-by-source', subject: accountId, source: from, detail });
    return accountId;
  }

  async function settled(work: () => Promise<string>): Promise<Settled> {
    for (let tries = 1; ; tries += 1) {
      try {
        return { accountId: await db.transaction(work) };
      } catch (error) {
        // Two browsers of one person who arrives for the first time: the second finds the account of the first.
        const again = (error instanceof Turned && error.kind === 'again') || isConflict(error);
        if (again && tries < 3) continue;
        // Somebody else has the SDS user id, or the role.
        if (isConflict(error)) return { kind: 'known', code: 'identity_known' };
        if (!(error instanceof Turned) || error.kind === 'again') throw error;
        if (error.kind === 'over') return undefined;
        return { kind: error.kind, code: `identity_${error.kind}` };
      }
    }
  }

  return {
    signIn: (arrival, from) =>
      settled(async () => {
        const { settings } = arrival.source;
        const accountId = await links.use(settings.issuer, arrival.told.subject);
        // She took the way in out since: nobody comes in by it any more, nor as somebody new.
        if (arrival.owner !== undefined && arrival.owner.accountId !== accountId) throw new Turned('over');
        if (accountId === undefined) return make(arrival, from);
        await update(accountId, arrival);
        return accountId;
      }),
    link: (arrival, account) =>
      settled(async () => {
        if (!(await holdAccount(account))) throw new Turned('over');
        const accountId = account.id;
        const { id, issuer } = arrival.source.settings;
        const owner = await links.use(issuer, arrival.told.subject);
        if (owner !== undefined && owner !== accountId) throw new Turned('known');
        const added = owner !== undefined || (await links.add(accountId, id, issuer, arrival.told.subject));
        if (!added) throw new Turned('again');
        await update(accountId, arrival);
        return accountId;
      }),
  };
}
