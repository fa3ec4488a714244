import { tokenRequest } from '../exchange.ts';
import { form, send } from '../fixtures.ts';
import { authorisationRequest, createVisitor } from '../visitor.ts';
import { systemToken } from './systems.ts';
import { basicOf, redirectUri, type Tour } from './tour.ts';

/** Parameters of all endpoints; what they are to say is replaced by something that nobody means. */
const parameters = [
  ...['client_id', 'client_secret', 'client_assertion', 'client_assertion_type', 'assertion', 'code'],
  ...['code_verifier', 'refresh_token', 'redirect_uri', 'resource', 'aud', 'audience', 'state', 'nonce'],
  ...[
    'login_hint',
    'id_token_hint',
    'request',
    'request_uri',
    'claims',
    'prompt',
    'acr_values',
    'ui_locales',
  ],
  ...['response_type', 'response_mode', 'code_challenge', 'code_challenge_method', 'max_age', 'display'],
  ...['token', 'token_type_hint', 'username', 'password', 'identifier', 'csrf', 'line', 'role', 'decision'],
  ...['reason_for_request', 'dpop_jkt', 'actor_token', 'subject_token', 'logout_hint', 'xsrf', 'launch'],
];

/** Headers in which callers and proxies say something. */
const headers = [
  ...['Cookie', 'User-Agent', 'Referer', 'Origin', 'Accept', 'Accept-Language', 'From', 'Forwarded'],
  ...['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Real-IP', 'X-Request-ID', 'X-Correlation-Id', 'traceparent'],
  ...[
    'tracestate',
    'baggage',
    'DPoP',
    'OAuth-Client-Attestation',
    'Ssp-TraceID',
    'Ssp-From',
    'NHSD-Session-URID',
  ],
  ...['X-Api-Key', 'X-Client-Cert', 'Proxy-Authorization', 'Content-Language', 'X-Canary'],
];

/** What breaks lines, terminals and JSON, and fills disks, behind a value that can be found again. */
const nasty = (value: string) =>
  `${value}\r\n{"level":60,"msg":"forged"}\u001b[31m\u009b2J"'\\\u2028<b>%00${'x'.repeat(2000)}`;

const posts = [
  '/token',
  '/request',
  '/token/introspection',
  '/token/revocation',
  '/auth',
  '/me',
  '/session/end/confirm',
];
const gets = ['/auth', '/me', '/session/end', '/jwks', '/demo/callback', '/interaction/none', '/'];

/** A form in which each parameter holds a value of its own. */
const everyParameter = ({ canaries }: Tour, what: string) =>
  Object.fromEntries(parameters.map((name) => [name, nasty(canaries.make(`${name} ${what}`))]));

async function inParameters(tour: Tour): Promise<void> {
  const { target, canaries } = tour;
  for (const path of posts) {
    await send(target, { ...form(everyParameter(tour, `posted to ${path}`)), path });
    const known = { ...everyParameter(tour, `of a client posted to ${path}`), client_id: target.backend[0] };
    await send(target, { ...form(known, basicOf(target.backend)), path });
  }
  for (const path of gets) {
    const short = parameters.map((name): [string, string] => [name, canaries.make(`${name} at ${path}`)]);
    await send(target, { method: 'GET', path: `${path}?${new URLSearchParams(short)}` });
  }
  await send(
    target,
    form({ grant_type: nasty(canaries.make('grant_type')), scope: nasty(canaries.make('scope')) }),
  );
}

/** One fault at a time goes further than many at once. */
async function oneByOne({ target, canaries }: Tour): Promise<void> {
  for (const name of parameters) {
    const value = (where: string) => nasty(canaries.make(`${name} alone ${where}`));
    await tokenRequest(target, { ...systemToken, [name]: value('for a system') }, target.backend);
    for (const [grant, member] of [
      ['authorization_code', 'code'],
      ['refresh_token', 'refresh_token'],
    ] as const) {
      const usual = { grant_type: grant, [member]: canaries.make(member), redirect_uri: redirectUri };
      await tokenRequest(target, { ...usual, [name]: value(`with a ${member}`) }, target.web);
    }
    const change = { client_id: target.web[0], [name]: value('at the authorisation endpoint') };
    await createVisitor(target.issuer).get(authorisationRequest(target.issuer, change).url);
  }
}

async function inHeaders({ target, canaries }: Tour): Promise<void> {
  for (const [method, path] of [...posts.map((path) => ['POST', path]), ...gets.map((path) => ['GET', path])])
    await send(target, {
      method: method ?? '',
      path: path ?? '',
      headers: Object.fromEntries(headers.map((name) => [name, `${canaries.make(`${name} at ${path}`)}"\\`])),
    });
  for (const scheme of ['Basic', 'Bearer', 'DPoP', 'Negotiate', ''])
    for (const path of ['/token', '/me', '/token/introspection'])
      await send(target, {
        ...form(systemToken, { Authorization: `${scheme} ${canaries.make(`${scheme} credentials`)}` }),
        path,
      });
  await send(target, { headers: { Host: `${canaries.make('Host')}.example.test` } });
}

async function elsewhere({ target, canaries }: Tour): Promise<void> {
  for (const folder of [
    '',
    'auth/',
    'interaction/',
    'token/',
    'demo/fhir/r4/',
    'demo/',
    'assets/',
    '.well-known/',
    'health/',
  ])
    for (const method of ['GET', 'POST', 'PUT'])
      await send(target, { method, path: `/${folder}${canaries.make('path')}?q=${canaries.make('query')}` });
  for (const type of [
    'application/json',
    'text/plain',
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded',
  ])
    for (const path of ['/token', '/request', '/auth', '/interaction/none/sign-in'])
      await send(target, {
        path,
        headers: { 'Content-Type': type },
        body: `{"${canaries.make('body')}": "${canaries.make('body')}`,
      });
  await send(target, { method: 'GET', path: `http://${canaries.make('target')}/`, headers: {} });
}

/** Requests that nobody means well, a canary in every place where one fits. */
export async function abuse(tour: Tour): Promise<void> {
  await inParameters(tour);
  await oneByOne(tour);
  await inHeaders(tour);
  await elsewhere(tour);
}
