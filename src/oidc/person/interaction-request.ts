import type Provider from 'oidc-provider';
import { errors } from 'oidc-provider';
import { type Account, levelOf } from '../../accounts/index.ts';
import { type RecordChoice, type RoleChoice, recordsShown } from '../../authorisation/index.ts';
import { type Api, type Catalogue, profileOf } from '../../catalogue/index.ts';
import type { Client, ClientRegistry } from '../../clients/index.ts';
import type { Clock } from '../../clock.ts';
import {
  type Consent,
  type ConsentKey,
  type Consents,
  consentUnder,
  type LineTeller,
  lastDay,
  questionLines,
  type Standing,
} from '../../consents/index.ts';
import type { PractitionerRole } from '../../practitioners/index.ts';
import { asText } from '../../text.ts';
import { consentKey } from '../grants/grants.ts';
import { lifetimes } from '../lifetimes.ts';
import type { AskedLanguages, ScopeKinds, ScopeWording } from '../options.ts';
import { reachAt, writesAt } from '../reach.ts';
import type { Records } from '../record-choice.ts';
import type { Roles } from '../role-choice.ts';
import { beganAt, freshnessOf } from './freshness.ts';
import type { MoreTime } from './more-time.ts';
import { STEP_UP } from './prompts.ts';
import type { HeldLines, HttpExchange, ProvenSignIn, Question } from './question.ts';
import type { IsOver } from './sessions.ts';
import { returnTargets } from './sign-out.ts';

type Details = Awaited<ReturnType<Provider['interactionDetails']>>;

/** All that a question is made of. */
export interface InteractionRequest {
  readonly details: Details;
  /** When whoever is signed in did so, in seconds since 1970; 0 where nobody is. */
  readonly signedInAt: number;
  /** The language of the page (BCP 47). */
  readonly language: string;
  readonly client: Client;
  readonly api: Api | undefined;
  readonly scopes: readonly string[];
  /** The scopes about which she had not decided when she was asked; undefined where everything is asked about. */
  readonly more: readonly string[] | undefined;
  readonly account: Account | undefined;
  /** What she decided about the application, and what still holds. */
  readonly consents: readonly Consent[];
  readonly reason: string | undefined;
  readonly role: RoleChoice;
  readonly record: RecordChoice;
}

/** The roles among which somebody chooses; only one may be left since she was asked. */
export function offeredRoles(role: RoleChoice): readonly PractitionerRole[] {
  if (role.kind === 'open') return role.roles;
  return role.kind === 'chosen' ? [role.role] : [];
}

/** The place to which the browser goes back: a host, or for an application's own scheme its name. */
function siteOf(redirectUri: string): string {
  const { protocol, host } = new URL(redirectUri);
  return /^https?:$/.test(protocol) ? host : protocol.slice(0, -1);
}

/** What of an earlier decision a page tells, beside what it asks. */
function heldLines({ lines }: Consent, { more, scopes }: InteractionRequest, tell: LineTeller): HeldLines {
  const others = lines.filter(({ scope, covered }) => covered !== true && !more?.includes(scope));
  const wordsOf = (some: typeof others) => some.map(({ scope }) => tell.words(scope));
  return {
    lines: others,
    allowed: wordsOf(others.filter(({ allowed }) => allowed)),
    refused: wordsOf(others.filter(({ allowed, scope }) => !allowed && scopes.includes(scope))),
  };
}

/** What people are asked, found again from the library's interactions. */
export interface InteractionRequests {
  /** The interaction that is open for a browser; undefined where there is none. */
  detailsOf(at: HttpExchange): Promise<Details | undefined>;
  /** The request behind a question's address; undefined where none is open for this browser. */
  load(at: HttpExchange, uid: string): Promise<InteractionRequest | undefined>;
  /** What a decision about a request is kept under. */
  keyOf(request: InteractionRequest, account: Account): ConsentKey;
  /** The question as a page shows it. */
  describe(request: InteractionRequest): Promise<Question>;
}

/** Finds out what is asked. */
export function createInteractionRequests(options: {
  provider: () => Provider;
  clock: Clock;
  registry: ClientRegistry;
  catalogue: Catalogue;
  consents: Pick<Consents, 'standing'>;
  roles: Roles;
  records: Records;
  words: ScopeWording;
  kinds: ScopeKinds;
  languages: AskedLanguages;
  moreTime: Pick<MoreTime, 'lastEnd'>;
  isOver: IsOver;
}): InteractionRequests {
  const {
    provider,
    clock,
    registry,
    catalogue,
    consents,
    roles,
    records,
    words,
    kinds,
    languages,
    moreTime,
    isOver,
  } = options;

  async function detailsOf({ req, res }: HttpExchange): Promise<Details | undefined> {
    try {
      return await provider().interactionDetails(req, res);
    } catch (error) {
      if (error instanceof errors.SessionNotFound) return undefined;
      throw error;
    }
  }

  /**
   * When whoever is signed in did so, in seconds since 1970; 0 where nobody is. Undefined where the browser does not have the
   * session in which the question came up: its cookie alone could be another's.
   */
  async function sinceWhen({ req, res }: HttpExchange, { session }: Details): Promise<number | undefined> {
    if (session === undefined) return 0;
    const present = await provider().Session.get(provider().createContext(req, res));
    const same = present.uid === session.uid && present.accountId === session.accountId;
    return same ? (present.loginTs ?? 0) : undefined;
  }

  /** Whoever is signed in; undefined where nobody is, and where her session has ended while the page was open. */
  async function standingOf({ session, params }: Details, signedInAt: number): Promise<Standing | undefined> {
    if (session?.accountId === undefined) return undefined;
    const standing = await consents.standing(session.accountId, String(params.client_id));
    if (standing === undefined) return undefined;
    return (await isOver({ uid: session.uid, loginTs: signedInAt }, standing.account)) ? undefined : standing;
  }

  /** Whoever is signed in, where nothing else is wrong with that but what she proved. */
  function presentOf({ details, account, signedInAt }: InteractionRequest): ProvenSignIn | undefined {
    const { session, prompt } = details;
    if (account === undefined || prompt.reasons.some((reason) => reason !== STEP_UP)) return undefined;
    return { account, acr: session?.acr ?? '0', amr: session?.amr ?? [], signedInAt };
  }

  async function lookUp(at: HttpExchange, uid: string): Promise<InteractionRequest | undefined> {
    const details = await detailsOf(at);
    if (details === undefined || details.uid !== uid) return undefined;
    const signedInAt = await sinceWhen(at, details);
    if (signedInAt === undefined) return undefined;
    const { client_id: clientId, resource, scope, ui_locales: uiLocales } = details.params;
    languages.asked(at, uiLocales);
    const client = await registry.find(String(clientId));
    const standing = await standingOf(details, signedInAt);
    const account = standing?.account;
    if (client === undefined) return undefined;
    if (details.prompt.name !== 'login' && account === undefined) return undefined;
    const audience = Array.isArray(resource) ? resource[0] : resource;
    const api = (await catalogue.all()).find((one) => one.audience === audience);
    const scopes = typeof scope === 'string' ? scope.split(' ') : [];
    // What the consent page is about was settled when it was first shown (prompts.ts).
    const { role: chosen, more } = details.prompt.details;
    return {
      details,
      signedInAt,
      language: languages.of(at),
      client,
      api,
      scopes,
      more: Array.isArray(more) ? scopes.filter((one) => more.includes(one)) : undefined,
      account,
      consents: standing?.consents ?? [],
      reason: asText(details.prompt.details.reason),
      role: account === undefined ? { kind: 'none' } : await roles.choose({ account, api, client, chosen }),
      record: account === undefined ? { kind: 'none' } : await records.choose({ account, api, scopes }),
    };
  }

  /** What a decision about a request is kept under. */
  function keyOf({ client, ...request }: InteractionRequest, { id }: Account): ConsentKey {
    return consentKey({ ...request, accountId: id, clientId: client.clientId });
  }

  function tellerOf({ language, api }: InteractionRequest): LineTeller {
    return {
      words: (scope) => words(language, api, scope),
      kinds: (scope) => kinds(language, api, scope),
      writes: (scope) => writesAt(api, scope),
    };
  }

  async function describe(request: InteractionRequest): Promise<Question> {
    const { details, client, api, scopes, account, role, record } = request;
    const { redirect_uri: redirectUri } = details.params;
    const basis = {
      client,
      formTargets: returnTargets(client),
      site: siteOf(String(redirectUri)),
      closes: { seconds: details.exp - clock.seconds(), later: moreTime.lastEnd(details) > details.exp },
    };
    const { level, longest } = details.prompt.details;
    if (details.prompt.name === 'login' || account === undefined)
      return {
        ...basis,
        kind: 'sign-in',
        record: api !== undefined,
        level: levelOf(asText(level)),
        fresh: typeof longest === 'number' ? freshnessOf(longest, beganAt(details)) : undefined,
        present: presentOf(request),
      };
    const organization = client.organization?.name ?? '';
    if (details.prompt.name === 'role')
      return { ...basis, kind: 'role', account, organization, roles: offeredRoles(role) };
    if (record.kind === 'missing') return { ...basis, kind: 'no-record', account };
    const before = consentUnder(request, keyOf(request, account));
    const tell = tellerOf(request);
    // Nothing is left that the rest could stay beside, where she took everything back while the page was open.
    const asked = (before && request.more) ?? scopes;
    return {
      ...basis,
      kind: 'consent',
      account,
      record: recordsShown(account, api, scopes),
      role: role.kind === 'chosen' ? { name: role.role.name, organization } : undefined,
      reason: request.reason,
      offline: scopes.includes('offline_access'),
      until: lastDay(before, asked, new Date(clock.now().getTime() + lifetimes.consent * 1000)),
      lines: questionLines(asked, {
        tell,
        reach: reachAt(api),
        before: before?.lines,
        whole: api !== undefined && profileOf(api).consentedWhole,
      }),
      held: request.more && before && heldLines(before, request, tell),
    };
  }

  // The page's form is looked at first, then its answer is taken: one HTTP request, and one look at what stands behind it.
  // Whatever changes by an answer is changed by conditional statements.
  const looked = new WeakMap<HttpExchange['req'], Promise<InteractionRequest | undefined>>();
  const described = new WeakMap<InteractionRequest, Promise<Question>>();

  return {
    detailsOf,
    async load(at, uid) {
      const known = looked.get(at.req) ?? lookUp(at, uid);
      looked.set(at.req, known);
      return known;
    },
    keyOf,
    async describe(request) {
      const known = described.get(request) ?? describe(request);
      described.set(request, known);
      return known;
    },
  };
}
