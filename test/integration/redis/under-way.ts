import { expect } from 'vitest';
import { type Credentials, labChange, labWeb, lasting, redeem, registerLab } from '../../support/exchange.ts';
import { type Answer, basic, form, send } from '../../support/fixtures.ts';
import type { TestServer } from '../../support/server.ts';
import {
  type Authorised,
  authorisationRequest,
  authorise,
  demoPassword,
  exchange,
  exchangeForm,
  formTo,
  keteWeb,
  type Page,
  type TokenAnswer,
  type Visitor,
} from '../../support/visitor.ts';
import { push } from '../authorisation/pushing.ts';
import { answerSignOut, endSession } from '../pages/leaving.ts';
import { begin, beginSignedIn, cancel, press, visit } from '../pages/steps.ts';
import { addGateway, bearerFor } from '../taken-back/gateway.ts';

/** Longer than any answer may take, in milliseconds; a machine that is busy with other tests has its time, too. */
export const NOTHING_HANGS = 10_000;

/** A page that a browser has open. */
interface Open {
  readonly visitor: Visitor;
  readonly page: Page;
}

/** Everything that can be in the middle of something when Redis goes away. Aroha uses all of the browsers. */
export interface UnderWay {
  readonly server: TestServer;
  /** In which she is signed in. */
  readonly signedIn: Visitor;
  readonly tokens: TokenAnswer;
  /** Without `offline_access`: they end with the session. */
  readonly passing: TokenAnswer;
  /** With `online_access`: they end with the session, the refresh token too. */
  readonly online: TokenAnswer;
  /** As `online`; nobody takes it back. */
  readonly kept: TokenAnswer;
  /** A system's token with which it may ask about others'. */
  readonly bearer: string;
  /** Not exchanged yet. */
  readonly code: Authorised;
  /** Not exchanged yet either, and it ends with the session. */
  readonly passingCode: Authorised;
  readonly signIn: Open;
  readonly consent: Open;
  /** She has signed in, and her browser has not followed the redirect yet. */
  readonly wayBack: Open;
  readonly signOut: Open;
  /** Address of a pushed request that is not used yet. */
  readonly pushed: string;
}

function typePassword({ visitor, page }: Open): Promise<Page> {
  const { action, fields } = formTo(page, '/sign-in');
  const typed = [['identifier', 'aroha@example.test'] as const, ['password', demoPassword] as const];
  return visitor.post(action, [...fields, ...typed]);
}

/** Begins one of each. */
export async function beginEverything(server: TestServer): Promise<UnderWay> {
  const signedIn = visit(server);
  const tokens = await exchange(server, await authorise(server, { visitor: signedIn }));
  const wayBack = await begin(server);
  await addGateway(server);
  await registerLab(server);
  const ofLab = { ...labChange, scope: lasting('online_access') };
  const ofPassing = { scope: 'openid launch/patient patient/*.rs' };
  return {
    server,
    signedIn,
    tokens,
    passing: await exchange(server, await authorise(server, { change: ofPassing })),
    online: await redeem(server, await authorise(server, { change: ofLab }), labWeb),
    kept: await redeem(server, await authorise(server, { change: ofLab }), labWeb),
    bearer: await bearerFor(server, `${server.issuer}/demo/fhir/r4`),
    code: await authorise(server, { visitor: signedIn }),
    passingCode: await authorise(server, { change: ofPassing }),
    signIn: await begin(server),
    consent: await beginSignedIn(server, { change: { prompt: 'consent' } }),
    wayBack: { visitor: wayBack.visitor, page: await typePassword(wayBack) },
    signOut: { visitor: signedIn, page: await endSession(server, signedIn, { client_id: 'kete-web' }) },
    pushed: (await push(server)).url,
  };
}

const again = ({ visitor, page }: Open): Open => ({ visitor: visitor.copy(), page });

/** Sends an authorisation request in a browser. */
const authorisation = (
  { issuer }: Pick<TestServer, 'issuer'>,
  visitor: Visitor,
  change: Readonly<Record<string, string>> = {},
) => visitor.get(authorisationRequest(issuer, change).url);

/** What a person does who is signing in, by its name. Each may be done any number of times. */
export const signingIn: Readonly<Record<string, (underWay: UnderWay) => Promise<Page>>> = {
  'an authorisation request': ({ server }) => authorisation(server, visit(server)),
  'an authorisation request of somebody signed in': ({ server, signedIn }) =>
    authorisation(server, signedIn.copy()),
  'prompt=none of somebody signed in': ({ server, signedIn }) =>
    authorisation(server, signedIn.copy(), { prompt: 'none' }),
  'a pushed request': ({ signedIn, pushed }) => signedIn.copy().get(pushed),
  'the sign-in page': ({ signIn }) => signIn.visitor.copy().get(signIn.page.url),
  'the form of the sign-in page': ({ signIn }) => typePassword(again(signIn)),
  'the way back from the sign-in page': ({ signIn }) => cancel(signIn.visitor.copy(), signIn.page),
  'the consent page': ({ consent }) => consent.visitor.copy().get(consent.page.url),
  'the form of the consent page': ({ consent }) => press(consent.visitor.copy(), consent.page, 'allow'),
  'a refusal on the consent page': ({ consent }) => press(consent.visitor.copy(), consent.page, 'deny'),
  'the redirect after the password': ({ wayBack }) =>
    wayBack.visitor.copy().get(String(wayBack.page.location)),
};

/** What she does to sign out. */
export const signingOut: Readonly<Record<string, (underWay: UnderWay) => Promise<Page>>> = {
  'the question whether to sign out': ({ server, signedIn }) =>
    endSession(server, signedIn.copy(), { client_id: 'kete-web' }),
  'the form of that question': ({ signOut }) => answerSignOut(signOut.visitor.copy(), signOut.page, 'out'),
};

/** Sends a form as a client. */
const post = (
  { issuer }: Pick<TestServer, 'issuer'>,
  path: string,
  parameters: Readonly<Record<string, string>>,
  [clientId, secret]: Credentials = keteWeb,
) => send({ issuer }, { ...form(parameters, basic(clientId, secret ?? '')), path });

const flagReader = { grant_type: 'client_credentials', scope: 'system/Flag.read' };
const clinicBackend = ['clinic-backend', 'demo-secret-clinic-backend'] as const;
const fhirServer = ['demo-fhir-server', 'demo-secret-demo-fhir-server'] as const;

/** What machines ask that needs no Redis; each once, in this order. */
export const goingOn: Readonly<Record<string, (underWay: UnderWay) => Promise<Answer>>> = {
  'client credentials': ({ server }) => post(server, '/token', flagReader, clinicBackend),
  'the exchange of a code': ({ server, code }) => post(server, '/token', exchangeForm(code)),
  'a refresh': ({ server, tokens }) =>
    post(server, '/token', { grant_type: 'refresh_token', refresh_token: String(tokens.refresh_token) }),
  introspection: ({ server, tokens }) =>
    post(server, '/token/introspection', { token: tokens.access_token }, fhirServer),
  'introspection of what ends with the session': ({ server, passing }) =>
    post(server, '/token/introspection', { token: passing.access_token }, fhirServer),
  'introspection of it with a bearer token': ({ server, bearer, passing }) =>
    send(server, {
      ...form({ token: passing.access_token }, { Authorization: `Bearer ${bearer}` }),
      path: '/token/introspection',
    }),
  'revocation of a refresh token that ends with the session': ({ server, online }) =>
    post(server, '/token/revocation', { token: String(online.refresh_token) }, labWeb),
  revocation: ({ server, tokens }) => post(server, '/token/revocation', { token: tokens.access_token }),
  discovery: ({ server }) => send(server, { method: 'GET', path: '/.well-known/openid-configuration' }),
  'the keys': ({ server }) => send(server, { method: 'GET', path: '/jwks' }),
  'the first page': ({ server }) => send(server, { method: 'GET', path: '/' }),
};

/** What machines ask that only a session can answer. Each may be asked any number of times: it uses nothing up. */
export const waiting: Readonly<Record<string, (underWay: UnderWay) => Promise<Answer>>> = {
  'the exchange of a code that ends with the session': ({ server, passingCode }) =>
    post(server, '/token', exchangeForm(passingCode)),
  'a refresh that ends with the session': ({ server, kept }) =>
    post(
      server,
      '/token',
      { grant_type: 'refresh_token', refresh_token: String(kept.refresh_token) },
      labWeb,
    ),
  'a pushed request': (underWay) => pushAnother(underWay),
};

/** Pushes an authorisation request, which is kept in Redis. */
export const pushAnother = ({ server }: UnderWay): Promise<Answer> =>
  post(server, '/request', authorisationRequest(server.issuer).parameters);

/** What a node says about Redis. */
export async function redisHealth({ issuer }: Pick<TestServer, 'issuer'>): Promise<string> {
  const response = await fetch(`${issuer}/health/ready`);
  const { redis } = (await response.json()) as { redis: string };
  return `${response.status} ${redis}`;
}

/** The main heading of a page. */
export const headingOf = ({ html }: Page) => /<h1[^>]*>([^<]*)</.exec(html)?.[1]?.trim();

/**
 * The page says that the service cannot do it now, and no more: neither a code nor the cookie of a session that was not
 * kept goes out with it.
 */
export function expectUnavailable(page: Page, heading: string): void {
  const { status, headers, location } = page;
  expect({ status, location, wait: headers.get('retry-after') }).toEqual({ status: 503, wait: '1' });
  expect(headingOf(page)).toBe(heading);
  expect(headers.getSetCookie().filter((cookie) => cookie.startsWith('assent_session'))).toEqual([]);
}
