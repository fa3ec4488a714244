import { Readable } from 'node:stream';
import type { Context } from 'koa';
import type { OwnAccount } from '../../accounts/index.ts';
import type { Activity, ActivityPlace } from '../../audit/index.ts';
import type { Clock } from '../../clock.ts';
import type { ConsentList, ConsentPlace } from '../../consents/index.ts';
import type { Mail } from '../../mail/index.ts';
import type { Sessions } from '../../oidc/index.ts';
import type { Practitioners } from '../../practitioners/index.ts';
import type { Links } from '../../upstream/index.ts';
import { type AccountFront, type AccountVisit, sensitive } from './account-routes.ts';
import { sendFile } from './copies.ts';
import { entriesOf, jsonPieces } from './json-pieces.ts';

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
  readonly mail: Pick<Mail, 'ofAccount'>;
  readonly sourceOf: (ctx: Context) => string;
}

/** Entries that are read at once. */
const PAGE = 100;

/** The page on which a person is handed all that is kept about her (General Data Protection Regulation, article 15). */
export function addOwnData(front: AccountFront, options: OwnDataOptions): void {
  const { issuer, clock, ownAccount, practitioners, links, sessions, sourceOf } = options;
  const { consents, activity, mail } = options;

  async function everything({ person }: AccountVisit): Promise<AsyncIterable<string>> {
    const { id } = person.account;
    return jsonPieces({
      from: issuer,
      madeAt: clock.now().toISOString(),
      account: await ownAccount.kept(id),
      practitioner: (await practitioners.whole(id)) ?? null,
      signInsElsewhere: await links.of(id),
      // The uid leads to nothing, and says nothing to her.
      browsers: (await sessions.list(id)).map(({ uid: _uid, ...session }) => session),
      // What is kept of them, which is for a week and without the text.
      mails: await mail.ofAccount(id),
      decisions: entriesOf((after: ConsentPlace | undefined) => consents.versions(id, { after, most: PAGE })),
      activity: entriesOf((after: ActivityPlace | undefined) =>
        activity.aboutPerson(id, { after, most: PAGE }),
      ),
    });
  }

  front.get(
    '/data',
    (visit) => front.show(visit, 'account/data.njk', { action: '/account/data' }),
    sensitive,
  );

  front.post(
    '/data',
    async (visit) => {
      const file = await everything(visit);
      // Before the first byte goes out: of what she has a part she has been handed something.
      await ownAccount.handed(visit.person.account.id, sourceOf(visit.ctx));
      sendFile(visit.ctx, 'assent-my-data.json', 'application/json; charset=utf-8', Readable.from(file));
    },
    sensitive,
  );
}
