import { answerSignOut, endSession } from '../../integration/pages/leaving.ts';
import { refreshForm, tokenRequest } from '../exchange.ts';
import { basic, form, send } from '../fixtures.ts';
import { type Authorised, exchangeForm, type TokenAnswer, type Visitor } from '../visitor.ts';
import { basicOf, expectStatus, keepTokens, type Tour } from './tour.ts';

async function userinfo({ target, canaries }: Tour, { access_token: token }: TokenAnswer): Promise<void> {
  const get = (path: string, bearer?: string) =>
    send(target, {
      method: 'GET',
      path,
      headers: bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` },
    });
  await get('/me', token);
  await get('/me', canaries.make('token at userinfo'));
  await get(`/me?access_token=${token}`);
  await send(target, { ...form({ access_token: token }), path: '/me' });
  await get('/demo/fhir/r4/Patient/p-wiremu', token);
  await get('/demo/fhir/r4/Patient/p-wiremu', canaries.make('token at the FHIR server'));
  await get(
    `/demo/fhir/r4/Patient?identifier=${canaries.keep('NHS number in a search', '9990001065')}`,
    token,
  );
  await get(`/demo/fhir/r4/Patient?name=${canaries.make('name in a search')}`, token);
  await get(`/demo/fhir/r4/Patient/${canaries.keep('NHS number in an address', '9990001014')}`, token);
}

async function introspections({ target, canaries }: Tour, tokens: TokenAnswer): Promise<void> {
  const [clientId, secret] = ['demo-fhir-server', 'demo-secret-demo-fhir-server'];
  canaries.keep('secret of the FHIR server', secret);
  const introspect = (token: string, headers: Record<string, string> = basic(clientId, secret)) =>
    send(target, {
      ...form({ token, token_type_hint: 'access_token' }, headers),
      path: '/token/introspection',
    });
  expectStatus('introspection', await introspect(tokens.access_token), 200);
  await introspect(tokens.refresh_token ?? '');
  await introspect(tokens.id_token ?? '');
  await introspect(canaries.make('token to introspect'));
  await introspect(tokens.access_token, basic(clientId, canaries.make('wrong secret at introspection')));
  await introspect(tokens.access_token, { Authorization: `Bearer ${tokens.access_token}` });
}

async function revocations({ target, canaries }: Tour, tokens: TokenAnswer): Promise<void> {
  const revoke = (token: string) =>
    send(target, { ...form({ token }, basicOf(target.web)), path: '/token/revocation' });
  await revoke(canaries.make('token to revoke'));
  await revoke(tokens.access_token);
  await revoke(tokens.refresh_token ?? '');
}

async function signOut({ target, canaries }: Tour, visitor: Visitor, tokens: TokenAnswer): Promise<void> {
  const parameters = {
    id_token_hint: tokens.id_token ?? '',
    post_logout_redirect_uri: 'http://127.0.0.1:8090/',
    state: canaries.make('state of a sign-out'),
    logout_hint: canaries.make('logout_hint'),
  };
  await answerSignOut(visitor, await endSession(target, visitor, parameters), 'out');
  await endSession(target, visitor, { id_token_hint: canaries.make('id_token_hint') });
}

/** What becomes of a code: exchanged, renewed, used, asked about, taken back, replayed; and the person leaves. */
export async function lifeOfTokens(tour: Tour, authorised: Authorised): Promise<void> {
  const { target } = tour;
  const ask = (parameters: Record<string, string>) => tokenRequest(target, parameters, target.web);
  const first = keepTokens(tour, 'a code', await ask(exchangeForm(authorised)));
  const renewed = keepTokens(tour, 'a refresh', await ask(refreshForm(first.refresh_token)));
  expectStatus('a refresh token again', await ask(refreshForm(first.refresh_token)), 400);
  await userinfo(tour, renewed);
  await introspections(tour, renewed);
  await revocations(tour, renewed);
  expectStatus('a code again', await ask(exchangeForm(authorised)), 400);
  await signOut(tour, authorised.visitor, renewed);
}
