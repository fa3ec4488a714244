import { push } from '../../integration/authorisation/pushing.ts';
import { refreshForm, tokenRequest } from '../exchange.ts';
import { send } from '../fixtures.ts';
import { clinicChange, clinicRequest, practise } from '../practitioner.ts';
import {
  type AuthorisationRequest,
  type Authorised,
  allow,
  authorisationRequest,
  createVisitor,
  exchangeForm,
  formTo,
  type Page,
  signIn,
  type Visitor,
} from '../visitor.ts';
import { lifeOfTokens } from './tokens.ts';
import { expectStatus, keepTokens, redirectUri, type Tour } from './tour.ts';

/** Remembers every cookie of a browser. */
function keepCookies({ target, canaries }: Tour, visitor: Visitor, { url }: Page): void {
  const { pathname } = new URL(url, target.issuer);
  for (const path of ['/', '/auth', '/session/end', pathname, pathname.replace('/interaction/', '/auth/')])
    for (const cookie of visitor.cookies(path)) canaries.keep('cookie', cookie.replace(/^[^=]*=/, ''));
}

/** An authorisation request, everything in it remembered. */
function ask(
  { target, canaries }: Tour,
  change: Readonly<Record<string, string | undefined>> = {},
): AuthorisationRequest {
  const asked = authorisationRequest(target.issuer, {
    client_id: target.web[0],
    redirect_uri: redirectUri,
    nonce: canaries.make('nonce'),
    login_hint: canaries.make('login_hint'),
    ...change,
  });
  canaries.keep('state', asked.parameters.state);
  canaries.keep('code_verifier', asked.verifier);
  canaries.keep('code_challenge', asked.parameters.code_challenge);
  return asked;
}

/** The code with which the browser is sent back. @throws when it is not */
function arrived(
  { canaries }: Tour,
  { verifier }: AuthorisationRequest,
  visitor: Visitor,
  page: Page,
): Authorised {
  const response = new URL(page.location ?? 'about:blank').searchParams;
  const code = canaries.keep('code', response.get('code') ?? '');
  if (code === '') throw new Error(`no code at ${page.url} (${page.status}) ${page.location}\n${page.html}`);
  return { code, verifier, redirectUri, visitor, response };
}

/** Signs in after two mistakes and allows everything. */
async function authoriseOnceMore(tour: Tour, identifier: string): Promise<Authorised> {
  const { target, canaries } = tour;
  const visitor = createVisitor(target.issuer);
  const asked = ask(tour);
  const page = await visitor.follow(await visitor.get(asked.url));
  keepCookies(tour, visitor, page);
  canaries.keep('form token', formTo(page, '/sign-in').fields.find(([name]) => name === 'csrf')?.[1]);
  await signIn(visitor, page, { identifier, password: canaries.make('wrong password') });
  const nobody = `${canaries.make('person nobody knows')}@example.test`;
  await signIn(visitor, page, { identifier: nobody, password: canaries.make('password of nobody') });
  const consent = await signIn(visitor, page, { identifier });
  keepCookies(tour, visitor, consent);
  const end = await allow(visitor, consent);
  keepCookies(tour, visitor, end);
  return arrived(tour, asked, visitor, end);
}

async function wrongVerifier(tour: Tour): Promise<void> {
  const { target, canaries } = tour;
  const authorised = await authoriseOnceMore(tour, 'aroha@example.test');
  const wrong = {
    ...exchangeForm(authorised),
    code_verifier: canaries.make('wrong verifier').padEnd(43, 'x'),
  };
  expectStatus('a wrong verifier', await tokenRequest(target, wrong, target.web), 400);
}

/** Tells an application only who she is. */
async function signInOnly(tour: Tour): Promise<void> {
  const { target } = tour;
  const visitor = createVisitor(target.issuer);
  const asked = ask(tour, { client_id: target.library[0], scope: 'openid profile', aud: undefined });
  const page = await visitor.follow(await visitor.get(asked.url));
  const end = await allow(visitor, await signIn(visitor, page, { identifier: 'tom@example.test' }));
  const authorised = arrived(tour, asked, visitor, end);
  const answer = await tokenRequest(target, exchangeForm(authorised), target.library);
  const { access_token: token } = keepTokens(tour, 'a sign-in', answer);
  const headers = { Authorization: `Bearer ${token}` };
  expectStatus('userinfo', await send(target, { method: 'GET', path: '/me', headers }), 200);
}

async function pushedRequest(tour: Tour): Promise<void> {
  const { target, canaries } = tour;
  const [clientId, secret = ''] = target.web;
  const nonce = canaries.make('pushed nonce');
  const change = { client_id: clientId, state: canaries.make('pushed state'), nonce };
  const { status, body, url, request } = await push(target, change, { credentials: [clientId, secret] });
  expectStatus('a pushed request', { status, body: JSON.stringify(body), headers: {} }, 201);
  canaries.keep('request_uri', String(body.request_uri));
  canaries.keep('pushed verifier', request.verifier);
  const visitor = createVisitor(target.issuer);
  const page = await visitor.follow(await visitor.get(url));
  const end = await allow(visitor, await signIn(visitor, page, { identifier: 'mere@example.test' }));
  const authorised = arrived(tour, request, visitor, end);
  const answer = await tokenRequest(target, exchangeForm(authorised), target.web);
  keepTokens(tour, 'a pushed request', answer);
  await push(target, change, { credentials: [clientId, canaries.make('wrong secret at a pushed request')] });
}

async function practitioner(tour: Tour): Promise<void> {
  const { target, canaries } = tour;
  const { authorised, page } = await practise(target, { change: clinicChange });
  if (authorised === undefined) throw new Error(`no code for a practitioner: ${page.html}`);
  canaries.keep('code of a practitioner', authorised.code);
  const first = keepTokens(tour, 'a practitioner', await clinicRequest(target, exchangeForm(authorised)));
  keepTokens(tour, 'her refresh', await clinicRequest(target, refreshForm(first.refresh_token)));
}

/** Refuses in the end, after answering what was not asked. */
async function refusal(tour: Tour): Promise<void> {
  const { target, canaries } = tour;
  const visitor = createVisitor(target.issuer);
  const page = await visitor.follow(await visitor.get(ask(tour).url));
  const consent = await signIn(visitor, page, { identifier: 'hana@example.test' });
  const { action, fields } = formTo(consent, '/consent');
  await visitor.post(action, [...fields, ['line', canaries.make('line that was not offered')]]);
  await visitor.post(action, [
    ['csrf', canaries.make('form token that is none')],
    ['decision', 'allow'],
  ]);
  await visitor.follow(await visitor.post(action, [...fields, ['decision', 'deny']]));
}

/** Every flow in which a person takes part. */
export async function people(tour: Tour): Promise<void> {
  await wrongVerifier(tour);
  await lifeOfTokens(tour, await authoriseOnceMore(tour, 'wiremu@example.test'));
  await signInOnly(tour);
  await pushedRequest(tour);
  await practitioner(tour);
  await refusal(tour);
}
