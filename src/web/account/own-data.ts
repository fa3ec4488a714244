import type { Context } from 'koa';
import type { OwnAccount } from '../../accounts/index.ts';
import type { Activity, ActivityEntry, ActivityPlace } from '../../audit/index.ts';
import type { Clock } from '../../clock.ts';
import type { ConsentList } from '../../consents/index.ts';
import type { Sessions } from '../../oidc/index.ts';
import type { Practitioners } from '../../practitioners/index.ts';
import type { Links } from '../../upstream/index.ts';
import type { AccountFront, AccountVisit } from './account-routes.ts';
import { sendFile } from './copies.ts';

/** What the file of everything is made from. */
export interface OwnDataOptions {
  readonly issuer: string;
  readonly clock: Clock;
  readonly ownAccount: Pick<OwnAccount, 'kept' | 'handed'>;
  readonly practitioners: Pick<Practitioners, 'whole'>;
  readonly links: Pick<Links, 'of'>;
  readonly sessions: Pick<Sessions, 'list'>;
  readonly consents: ConsentList;
  readonly activity: Activity;
  readonly sourceOf: (ctx: Context) => string;
}

/** Entries of activity in one file at most: the latest. */
const MOST_ENTRIES = 10_000;

/** Signed in within a quarter of an hour: the file tells all at once. */
const needs = { fresh: 900 } as const;

/** The page on which a person is handed all that is kept about her (General Data Protection Regulation, article 15). */
export function addOwnData(front: AccountFront, options: OwnDataOptions): void {
  const { issuer, clock, ownAccount, practitioners, links, sessions, consents, activity, sourceOf } = options;

  async function allActivity(accountId: string): Promise<ActivityEntry[]> {
    const all: ActivityEntry[] = [];
    let after: ActivityPlace | undefined;
    do {
      const page = await activity.ofPerson(accountId, { after, most: 100 });
      all.push(...page.entries);
      after = page.next;
    } while (after !== undefined && all.length < MOST_ENTRIES);
    return all;
  }

  async function everything({ person }: AccountVisit): Promise<object> {
    const { id } = person.account;
    return {
      from: issuer,
      madeAt: clock.now(),
      account: await ownAccount.kept(id),
      practitioner: (await practitioners.whole(id)) ?? null,
      signInsElsewhere: await links.of(id),
      // The uid leads to nothing, and says nothing to her.
      browsers: (await sessions.list(id)).map(({ uid: _uid, ...session }) => session),
      decisions: await consents.list(id, new Date(0)),
      activity: await allActivity(id),
    };
  }

  front.get('/data', (visit) => front.show(visit, 'account/data.njk', { action: '/account/data' }), needs);

  front.post(
    '/data',
    async (visit) => {
      const file = `${JSON.stringify(await everything(visit), null, 2)}\n`;
      await ownAccount.handed(visit.person.account.id, sourceOf(visit.ctx));
      sendFile(visit.ctx, 'assent-my-data.json', 'application/json; charset=utf-8', file);
    },
    needs,
  );
}
