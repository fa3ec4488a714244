import type { Context } from 'koa';
import type { Catalogue } from '../../catalogue/index.ts';
import type { ClientRegistry } from '../../clients/index.ts';
import type { Clock } from '../../clock.ts';
import type { ConsentList, ListedConsent } from '../../consents/index.ts';
import type { Withdrawals } from '../../oidc/index.ts';
import type { Words } from '../scope-words.ts';
import type { AccountFront, AccountVisit } from './account-routes.ts';
import { readPlace, writePlace } from './activity.ts';
import { asApplication, type Telling, withoutIt } from './applications-view.ts';

/** What the pages about applications need. */
export interface ApplicationsOptions {
  readonly clock: Clock;
  readonly consents: ConsentList;
  readonly withdrawals: Withdrawals;
  readonly registry: Pick<ClientRegistry, 'find'>;
  readonly catalogue: Catalogue;
  readonly words: Words;
  readonly languageOf: (ctx: Context) => string;
  readonly sourceOf: (ctx: Context) => string;
}

/** How long what has ended is listed, in milliseconds: half a year. */
const ENDED_SHOWN = 183 * 24 * 60 * 60 * 1000;

/** Decisions that have ended, on one page. */
const ENDED = 50;

/** The place of a line in an address; -1 for what is no number as we write it. */
const numberOf = ({ ctx }: AccountVisit) =>
  /^\d{1,4}$/.test(ctx.params.line) ? Number(ctx.params.line) : -1;

const pageOf = (id: string) => `/account/applications/${id}`;

/** The pages on which a person sees what applications may do, and takes it back. */
export function addApplications(front: AccountFront, options: ApplicationsOptions): void {
  const { clock, consents, withdrawals, registry, catalogue, words, languageOf, sourceOf } = options;

  async function tellingOf({ ctx, person }: AccountVisit, consent: ListedConsent): Promise<Telling> {
    const api = (await catalogue.all()).find(({ id }) => id === consent.apiId);
    const kept = new Map(consent.lines.map((line) => [line.scope, line.words]));
    return {
      ownPatient: person.account.patient,
      client: await registry.find(consent.clientId),
      api,
      // Of an API that is gone the words that were shown are all there is.
      words: (scope) =>
        api === undefined && consent.apiId !== undefined
          ? (kept.get(scope) ?? scope)
          : words(languageOf(ctx), api, scope),
    };
  }

  const tell = async (visit: AccountVisit, consent: ListedConsent) =>
    asApplication(consent, await tellingOf(visit, consent));

  /** The decision at an address, if it is hers. Of one that a later one took the place of, the browser is sent to that. */
  async function consentAt(visit: AccountVisit): Promise<ListedConsent | undefined> {
    const { ctx, person } = visit;
    const found = await consents.one(person.account.id, String(ctx.params.id));
    if (found === undefined) {
      front.missing(visit);
      return undefined;
    }
    if (found.live) return found;
    const present = await consents.present(person.account.id, found.id);
    if (present === undefined) return found;
    front.done(visit, pageOf(present));
    return undefined;
  }

  /** As `consentAt`, for a page on which something is taken back: what has ended already is shown as ended. */
  async function heldAt(visit: AccountVisit): Promise<ListedConsent | undefined> {
    const found = await consentAt(visit);
    if (found === undefined || found.live) return found;
    front.done(visit, pageOf(found.id));
    return undefined;
  }

  const withdrawal = ({ ctx, person }: AccountVisit) => ({
    accountId: person.account.id,
    consentId: String(ctx.params.id),
    source: sourceOf(ctx),
  });

  front.get('/applications', async (visit) => {
    const { id } = visit.person.account;
    const after = readPlace(visit.ctx.query.before);
    const since = new Date(clock.now().getTime() - ENDED_SHOWN);
    const { entries, next } = await consents.ended(id, { since, after, most: ENDED });
    const told = (all: readonly ListedConsent[]) => Promise.all(all.map((consent) => tell(visit, consent)));
    front.show(visit, 'account/applications.njk', {
      live: await told(await consents.live(id)),
      ended: await told(entries),
      older: next ? `/account/applications?before=${writePlace(next)}` : '',
      latest: after === undefined,
    });
  });

  front.get('/applications/:id', async (visit) => {
    const consent = await consentAt(visit);
    if (consent === undefined) return;
    const fhir = consent.patient !== undefined;
    front.show(visit, 'account/application.njk', { application: await tell(visit, consent), fhir });
  });

  front.get('/applications/:id/take-back', async (visit) => {
    const consent = await heldAt(visit);
    if (consent === undefined) return;
    const application = await tell(visit, consent);
    front.show(visit, 'account/take-back.njk', { action: visit.ctx.path, application });
  });

  front.post('/applications/:id/take-back', async (visit) => {
    if (await withdrawals.withdraw(withdrawal(visit)))
      return front.done(visit, '/account/applications', 'application-ended');
    // A second press, or another window: the page says how it stands.
    const consent = await consentAt(visit);
    if (consent !== undefined) front.done(visit, pageOf(consent.id));
  });

  front.get('/applications/:id/lines/:line', async (visit) => {
    const consent = await heldAt(visit);
    if (consent === undefined) return;
    const telling = await tellingOf(visit, consent);
    const without = withoutIt(consent, numberOf(visit), telling);
    if (without === undefined) return front.missing(visit);
    const application = asApplication(consent, telling);
    front.show(visit, 'account/take-back-line.njk', { action: visit.ctx.path, application, ...without });
  });

  front.post('/applications/:id/lines/:line', async (visit) => {
    const { ctx, person } = visit;
    const asked = await consents.one(person.account.id, String(ctx.params.id));
    const line = asked?.lines[numberOf(visit)];
    if (asked === undefined || line === undefined) return front.missing(visit);
    const taken = await withdrawals.withdrawLine({ ...withdrawal(visit), scope: line.scope });
    if (taken.kind === 'narrowed') return front.done(visit, pageOf(taken.consentId), 'line-ended');
    // It went before, by a second press or in another window, or does not go alone: the page says how it stands.
    if (taken.kind === 'whole') return front.done(visit, ctx.path);
    const consent = await consentAt(visit);
    if (consent !== undefined) front.done(visit, pageOf(consent.id));
  });
}
