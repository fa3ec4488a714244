import type { Credentials } from '../exchange.ts';
import { type Answer, basic } from '../fixtures.ts';
import type { TokenAnswer } from '../visitor.ts';
import type { Canaries } from './canaries.ts';

/** A server with the demo world and the clients of `registrations`; it may be a process of its own. */
export interface Target {
  readonly issuer: string;
  readonly dataDir: string;
  /** An application that signs people in. */
  readonly web: Credentials;
  /** An application that only wants to know who somebody is. */
  readonly library: Credentials;
  /** A system on its own. */
  readonly backend: Credentials;
}

/** What each flow works with. */
export interface Tour {
  readonly target: Target;
  readonly canaries: Canaries;
}

export const redirectUri = 'http://127.0.0.1:8090/cb';

/** Clients whose secrets nobody else has, as `assent client import` takes them. */
export function registrations({
  web,
  library,
  backend,
}: Pick<Target, 'web' | 'library' | 'backend'>): readonly object[] {
  return [
    {
      client_id: web[0],
      client_name: 'An application with a secret',
      client_secret: web[1],
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: [redirectUri],
      post_logout_redirect_uris: ['http://127.0.0.1:8090/'],
      organization: 'kete',
      apis: { 'demo-fhir': 'openid profile fhirUser launch/patient offline_access patient/*.rs' },
    },
    {
      client_id: library[0],
      client_name: 'A library with a secret',
      client_secret: library[1],
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code'],
      redirect_uris: [redirectUri],
      scope: 'openid profile',
    },
    {
      client_id: backend[0],
      client_name: 'A system with a secret',
      client_secret: backend[1],
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['client_credentials'],
      organization: 'fernhill',
      asid: '200000990800',
      device: {
        identifier: { system: 'https://fernhill.example.test/Id/device', value: 'ward-app' },
        model: 'Fernhill Ward App',
        version: '3.4.1',
      },
      apis: { 'reasonable-adjustments': 'system/Flag.read' },
    },
  ];
}

/** HTTP Basic credentials of a client. */
export const basicOf = ([clientId, secret = '']: Credentials) => basic(clientId, secret);

/** @throws when an answer has another status than a flow needs */
export function expectStatus(what: string, { status, body }: Answer, expected: number): void {
  if (status !== expected) throw new Error(`${what}: ${status} in place of ${expected}\n${body}`);
}

/** Remembers every token of an answer. @throws unless it succeeded */
export function keepTokens({ canaries }: Tour, what: string, answer: Answer): TokenAnswer {
  expectStatus(what, answer, 200);
  const tokens = JSON.parse(answer.body) as TokenAnswer;
  canaries.keepJwt(`access token of ${what}`, tokens.access_token);
  canaries.keep(`refresh token of ${what}`, tokens.refresh_token);
  canaries.keepJwt(`id_token of ${what}`, tokens.id_token);
  return tokens;
}
