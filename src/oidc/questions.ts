import type Provider from 'oidc-provider';
import { errors, type InteractionResults } from 'oidc-provider';
import type { Account, Accounts } from '../accounts/index.ts';
import type { Audit } from '../audit/index.ts';
import { type Api, type Catalogue, scopeFamily } from '../catalogue/index.ts';
import { type Client, type ClientRegistry, clientName } from '../clients/index.ts';
import type { Clock } from '../clock.ts';
import {
  type ConsentLine,
  type Consents,
  type Exchanged,
  lastDay,
  type Next,
  type Question,
  type Questions,
  questionLines,
  type Reach,
  readAnswer,
  withCovered,
} from '../consents/index.ts';
import type { Database } from '../db/index.ts';
import { covers, overlaps } from '../scopes/index.ts';
import type { Families } from './families.ts';
import { consentKey, type Grants } from './grants.ts';
import { lifetimes } from './lifetimes.ts';
import { needsPatient } from './person-admission.ts';
import { returnTargets } from './sign-out.ts';
import { digest } from './storage/index.ts';
import type { WayBackTie } from './way-back.ts';

type Details = Awaited<ReturnType<Provider['interactionDetails']>>;

/** All that a question is made of. */
interface Request {
  readonly details: Details;
  readonly client: Client;
  readonly api: Api | undefined;
  readonly scopes: readonly string[];
  readonly account: Account | undefined;
}

/** How scopes of an API reach into one another; without an API there are only identity scopes, which do not. */
function reachAt(api: Api | undefined): Reach {
  const family = api === undefined ? 'smart' : scopeFamily(api);
  return {
    covers: (allowed, requested) => covers(family, allowed, requested),
    overlaps: (one, other) => overlaps(family, one, other),
  };
}

/** Whose record a request is about. */
function recordOf(account: Account, scopes: readonly string[]): 'own' | 'others' | 'none' {
  if (needsPatient(scopes)) return 'own';
  if (!scopes.some((scope) => scope.startsWith('user/'))) return 'none';
  return account.practitioner === undefined ? 'own' : 'others';
}

/** The place to which the browser goes back: a host, or for an application's own scheme its name. */
function siteOf(redirectUri: string): string {
  const { protocol, host } = new URL(redirectUri);
  return /^https?:$/.test(protocol) ? host : protocol.slice(0, -1);
}

/** Connects the library's interactions with accounts and consents. */
export function createQuestions(options: {
  provider: Provider;
  db: Database;
  clock: Clock;
  audit: Audit;
  accounts: Accounts;
  registry: ClientRegistry;
  catalogue: Catalogue;
  consents: Consents;
  grants: Grants;
  families: Families;
  wayBackTie: WayBackTie;
  /** The sentence for a scope of an API, in the language of the page. */
  words: (api: Api | undefined, scope: string) => string;
}): Questions {
  const {
    provider,
    db,
    clock,
    audit,
    accounts,
    registry,
    catalogue,
    consents,
    grants,
    families,
    words,
    wayBackTie,
  } = options;

  async function detailsOf({ req, res }: Exchanged): Promise<Details | undefined> {
    try {
      return await provider.interactionDetails(req, res);
    } catch (error) {
      if (error instanceof errors.SessionNotFound) return undefined;
      throw error;
    }
  }

  /** Whether the browser has the session in which the question came up; its cookie alone could be another's. */
  async function isInSession({ req, res }: Exchanged, { session }: Details): Promise<boolean> {
    if (session === undefined) return true;
    const present = await provider.Session.get(provider.createContext(req, res));
    return present.uid === session.uid && present.accountId === session.accountId;
  }

  async function load(at: Exchanged, uid: string): Promise<Request | undefined> {
    const details = await detailsOf(at);
    if (details === undefined || details.uid !== uid || !(await isInSession(at, details))) return undefined;
    const { client_id: clientId, resource, scope } = details.params;
    const client = await registry.find(String(clientId));
    const accountId = details.session?.accountId;
    const account = accountId === undefined ? undefined : await accounts.find(accountId);
    if (client === undefined) return undefined;
    if (details.prompt.name === 'consent' && account === undefined) return undefined;
    const audience = Array.isArray(resource) ? resource[0] : resource;
    return {
      details,
      client,
      api: (await catalogue.all()).find((api) => api.audience === audience),
      scopes: typeof scope === 'string' ? scope.split(' ') : [],
      account,
    };
  }

  async function describe({ details, client, api, scopes, account }: Request): Promise<Question> {
    const { redirect_uri: redirectUri } = details.params;
    const asked = {
      client,
      formTargets: returnTargets(client),
      site: siteOf(String(redirectUri)),
    };
    if (details.prompt.name !== 'consent' || account === undefined)
      return { ...asked, kind: 'sign-in', record: api !== undefined };
    const { patient } = account;
    if (needsPatient(scopes) && patient === undefined) return { ...asked, kind: 'no-record', account };
    const key = consentKey({ accountId: account.id, clientId: client.clientId, api, scopes, patient });
    const before = await consents.find(key);
    return {
      ...asked,
      kind: 'consent',
      account,
      record: recordOf(account, scopes),
      offline: scopes.includes('offline_access'),
      until: lastDay(before, scopes, new Date(clock.now().getTime() + lifetimes.consent * 1000)),
      lines: questionLines(scopes, {
        words: (scope) => words(api, scope),
        reach: reachAt(api),
        before: before?.lines,
      }),
    };
  }

  async function finish(
    { req, res }: Exchanged,
    result: InteractionResults,
    mergeWithLastSubmission: boolean,
  ): Promise<Next> {
    try {
      return { location: await provider.interactionResult(req, res, result, { mergeWithLastSubmission }) };
    } catch (error) {
      if (error instanceof errors.SessionNotFound) return { fault: 'expired' };
      throw error;
    }
  }

  /** Keeps the decision and makes the grant, all or nothing; undefined when the page had been answered before. */
  function decide(
    request: Request & { account: Account },
    question: Question & { kind: 'consent' },
    lines: readonly ConsentLine[],
    source: string,
  ): Promise<string | undefined> {
    const { details, client, api, scopes, account } = request;
    const { patient, id: accountId, name } = account;
    return db.transaction(async () => {
      const endsAt = new Date(details.exp * 1000);
      if (!(await consents.takeAnswer(digest(details.uid), 'allow', endsAt))) return undefined;
      const decided = await consents.decide({
        ...consentKey({ accountId, clientId: client.clientId, api, scopes, patient }),
        lines: withCovered(lines, scopes, {
          words: (scope) => words(api, scope),
          reach: reachAt(api),
        }),
        shown: {
          language: 'en',
          client: clientName(client),
          organization: client.organization?.name ?? null,
          site: question.site,
          account: name,
          record: question.record === 'own' ? name : question.record,
          until: question.until.toISOString(),
        },
        expiresAt: question.until,
        reach: reachAt(api),
        source,
      });
      if (decided === undefined) throw new errors.SessionNotFound('the account cannot be used');
      await families.end(decided.endingGrants, 'consent narrowed');
      return grants.ofSession(decided.consent, api, details.grantId);
    });
  }

  return {
    async find(at, uid) {
      const request = await load(at, uid);
      return request && describe(request);
    },
    async signIn(at, account, source) {
      const details = await detailsOf(at);
      if (details === undefined) return { fault: 'expired' };
      const login = { accountId: account.id, acr: '1', amr: ['pwd'], remember: false };
      const next = await finish(at, { login }, false);
      if ('fault' in next) return next;
      await audit.record({ type: 'person.signed-in', subject: account.id, source, detail: { amr: ['pwd'] } });
      wayBackTie.tie(at.res, details.uid, account.id);
      return next;
    },
    async allow(at, uid, ticked, source) {
      const request = await load(at, uid);
      if (request === undefined) return { fault: 'expired' };
      const question = await describe(request);
      const { account, details } = request;
      if (question.kind !== 'consent' || account === undefined) return { fault: 'changed' };
      const answer = readAnswer(question.lines, ticked, reachAt(request.api));
      if ('fault' in answer) return answer;
      try {
        const grantId = await decide({ ...request, account }, question, answer.lines, source);
        if (grantId === undefined) return { location: details.returnTo };
        return await finish(at, { consent: { grantId } }, true);
      } catch (error) {
        if (error instanceof errors.SessionNotFound) return { fault: 'expired' };
        throw error;
      }
    },
    async deny(at, uid, source) {
      const request = await load(at, uid);
      if (request === undefined) return { fault: 'expired' };
      const { details, client, api, account, scopes } = request;
      const first = await db.transaction(async () => {
        const endsAt = new Date(details.exp * 1000);
        if (!(await consents.takeAnswer(digest(uid), 'deny', endsAt))) return false;
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
      const missing = needsPatient(scopes) && account !== undefined && account.patient === undefined;
      const description = missing ? 'the person has no health record here' : 'the person did not allow it';
      const refusal = { error: 'access_denied', error_description: description };
      return finish(at, refusal, false);
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
      await details.persist();
      return { location: details.returnTo };
    },
  };
}
