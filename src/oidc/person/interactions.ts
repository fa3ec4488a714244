import type Provider from 'oidc-provider';
import { errors, type InteractionResults } from 'oidc-provider';
import { type Account, proofVersionOf } from '../../accounts/index.ts';
import type { Audit } from '../../audit/index.ts';
import { hasProvenance } from '../../catalogue/index.ts';
import { clientName } from '../../clients/index.ts';
import type { Clock } from '../../clock.ts';
import {
  type AnsweredPage,
  type Consent,
  type ConsentLine,
  type Consents,
  readAnswer,
} from '../../consents/index.ts';
import type { Database } from '../../db/index.ts';
import type { EndGrants } from '../grants/end-grants.ts';
import { reachAt } from '../reach.ts';
import { digest } from '../storage/index.ts';
import type { BrowserBinding } from './browser-binding.ts';
import { beganAt } from './freshness.ts';
import { type InteractionRequest, type InteractionRequests, offeredRoles } from './interaction-request.ts';
import type { MoreTime } from './more-time.ts';
import type { HttpExchange, Interactions, Next, Question } from './question.ts';
import { shownOf } from './shown.ts';

/** What a page asked to add to has ended since. */
class NothingHeld extends Error {}

/** What a page is known by once it was answered. */
const pageOf = (
  { uid, exp }: InteractionRequest['details'],
  answer: AnsweredPage['answer'],
): AnsweredPage => ({ interaction: digest(uid), answer, expiresAt: new Date(exp * 1000) });

/** What becomes of an answer to a page that is still open; the page may have been gone on with meanwhile. */
async function unlessGone(work: () => Promise<Next>): Promise<Next> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof errors.SessionNotFound) return { fault: 'expired' };
    if (error instanceof NothingHeld) return { fault: 'changed' };
    throw error;
  }
}

/** Takes people's answers, and tells the library. */
export function createInteractions(options: {
  provider: () => Provider;
  db: Database;
  clock: Clock;
  audit: Audit;
  consents: Consents;
  endGrants: EndGrants;
  browserBinding: BrowserBinding;
  requests: InteractionRequests;
  moreTime: MoreTime;
}): Interactions {
  const { provider, db, clock, audit, consents, endGrants, browserBinding, requests, moreTime } = options;
  const { detailsOf, load, keyOf, describe } = requests;

  async function finish(
    { req, res }: HttpExchange,
    result: InteractionResults,
    mergeWithLastSubmission: boolean,
  ): Promise<Next> {
    return unlessGone(async () => ({
      location: await provider().interactionResult(req, res, result, { mergeWithLastSubmission }),
    }));
  }

  /**
   * Keeps what she decided, and ends what was made from more.
   *
   * @returns `nothing-held` where it was about more than what holds, and nothing does any more; `answered` where the page was
   *   answered before
   * @throws SessionNotFound when her account was disabled
   */
  async function keep(
    request: InteractionRequest & { account: Account },
    question: Question & { kind: 'consent' },
    lines: readonly ConsentLine[],
    source: string,
    answer: AnsweredPage['answer'],
  ): Promise<Consent | 'nothing-held' | 'answered'> {
    const { language, client, api, scopes, account } = request;
    const decided = await consents.decide({
      ...keyOf(request, account),
      lines,
      scopes,
      shown: shownOf(question, { language, client: clientName(client) }),
      expiresAt: question.until,
      reach: reachAt(api),
      more: question.held !== undefined,
      source,
      page: pageOf(request.details, answer),
    });
    if (decided === undefined) throw new errors.SessionNotFound('the account cannot be used');
    if (typeof decided === 'string') return decided;
    await endGrants(decided.endingGrants, 'consent narrowed');
    return decided.consent;
  }

  /** Keeps the decision, all or nothing; false when the page had been answered before. */
  function decide(
    request: InteractionRequest & { account: Account },
    question: Question & { kind: 'consent' },
    lines: readonly ConsentLine[],
    source: string,
  ): Promise<boolean> {
    return db.transaction(async () => {
      const consent = await keep(request, question, lines, source, 'allow');
      if (consent === 'nothing-held') throw new NothingHeld();
      return consent !== 'answered';
    });
  }

  /** What a no to something more is remembered as; undefined where it is a no to the whole, which is asked about again. */
  async function refusedLines(request: InteractionRequest) {
    const { account } = request;
    if (request.more === undefined || account === undefined) return undefined;
    const question = await describe(request);
    if (question.kind !== 'consent' || question.held === undefined) return undefined;
    if (question.lines.some(({ required }) => required)) return undefined;
    const answer = readAnswer(question.lines, [], reachAt(request.api), question.held.lines);
    return 'fault' in answer
      ? undefined
      : { request: { ...request, account }, question, lines: answer.lines };
  }

  return {
    async find(at, uid) {
      const request = await load(at, uid);
      return request && describe(request);
    },
    async signIn(at, account, source, { acr, amr, signedInAt } = { acr: '1', amr: ['pwd'] }) {
      const details = await detailsOf(at);
      if (details === undefined) return { fault: 'expired' };
      // Pages that follow hand it on; without a time it would count as signed in at the last of them.
      const ts = Math.min(signedInAt ?? Number.POSITIVE_INFINITY, clock.seconds());
      const login = {
        accountId: account.id,
        acr,
        amr: [...amr],
        remember: false,
        ts,
        proofVersion: proofVersionOf(account),
        began: beganAt(details),
      };
      const next = await finish(at, { login }, false);
      if ('fault' in next) return next;
      await audit.record({ type: 'person.signed-in', subject: account.id, source, detail: { amr } });
      browserBinding.bind(at.res, details.uid, account.id);
      return next;
    },
    async chooseRole(at, uid, chosen) {
      const request = await load(at, uid);
      if (request?.details.prompt.name !== 'role') return { fault: 'expired' };
      const offered = offeredRoles(request.role);
      if (offered.length === 0) return { fault: 'expired' };
      if (!offered.some(({ id }) => id === chosen)) return { fault: 'changed' };
      return finish(at, { role: { id: chosen } }, true);
    },
    async allow(at, uid, ticked, source) {
      const request = await load(at, uid);
      if (request === undefined) return { fault: 'expired' };
      // The role may have ended while the page was open; she can still say no.
      if (hasProvenance(request.api) && request.role.kind !== 'chosen') return { fault: 'expired' };
      const question = await describe(request);
      const { account, details } = request;
      if (question.kind !== 'consent' || account === undefined) return { fault: 'changed' };
      const answer = readAnswer(question.lines, ticked, reachAt(request.api), question.held?.lines);
      if ('fault' in answer) return answer;
      return unlessGone(async () => {
        const first = await decide({ ...request, account }, question, answer.lines, source);
        // The way on makes a grant of what was decided, as it stands then (grants.ts).
        return first ? finish(at, { consent: {} }, true) : { location: details.returnTo };
      });
    },
    async deny(at, uid, source) {
      const request = await load(at, uid);
      if (request === undefined) return { fault: 'expired' };
      const { details, client, api, account, scopes, record } = request;
      const refused = await refusedLines(request);
      return unlessGone(async () => {
        const first = await db.transaction(async () => {
          if (refused === undefined) {
            if (!(await consents.takeAnswer(pageOf(details, 'deny')))) return false;
          } else {
            const kept = await keep(refused.request, refused.question, refused.lines, source, 'deny');
            if (kept === 'answered') return false;
          }
          await audit.record({
            type: 'consent.refused',
            clientId: client.clientId,
            apiId: api?.id,
            subject: account?.id,
            scope: scopes.join(' '),
            source,
          });
          return true;
        });
        if (!first) return { location: details.returnTo };
        const description =
          record.kind === 'missing' ? 'the person has no health record here' : 'the person did not allow it';
        const refusal = { error: 'access_denied', error_description: description };
        return finish(at, refusal, false);
      });
    },
    async moreTime(at, uid) {
      const request = await load(at, uid);
      if (request === undefined) return undefined;
      try {
        return await moreTime.extend(at, request.details);
      } catch (error) {
        if (error instanceof errors.SessionNotFound) return undefined;
        throw error;
      }
    },
    async switchAccount(at) {
      const details = await detailsOf(at);
      if (details === undefined) return { fault: 'expired' };
      // As if the application had asked for a new sign-in: the library does the rest, signing the other person out too.
      const prompts = new Set(
        String(details.params.prompt ?? '')
          .split(' ')
          .filter(Boolean),
      ).add('login');
      details.params = { ...details.params, prompt: [...prompts].join(' ') };
      return unlessGone(async () => {
        await details.persist();
        return { location: details.returnTo };
      });
    },
  };
}
