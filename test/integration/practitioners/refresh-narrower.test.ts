import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { outcome, refreshForm, tokenRequest } from '../../support/exchange.ts';
import type { Answer } from '../../support/fixtures.ts';
import {
  adjustments,
  clinicRequest,
  clinicTokens,
  gpConnect,
  wardApp,
  wardTokens,
} from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { createVisitor, type TokenAnswer } from '../../support/visitor.ts';
import { tally } from '../token-endpoint/refusals.ts';

/** A refresh token that is used for less than was granted (RFC 6749 section 6). */

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const parsed = ({ body }: Answer) => JSON.parse(body) as TokenAnswer;
const claimsOf = (answer: Answer) => decodeJwt(parsed(answer).access_token);

interface Kind {
  readonly begin: (visitor: ReturnType<typeof createVisitor>) => Promise<TokenAnswer>;
  readonly use: (tokens: TokenAnswer, change?: Record<string, string>) => Promise<Answer>;
  readonly whole: string;
}

const kinds = {
  'ward-app': {
    begin: (visitor) => wardTokens(server, { visitor }),
    use: ({ refresh_token: token }, change) => tokenRequest(server, refreshForm(token, change), wardApp),
    whole: 'user/Flag.read user/Flag.write',
  },
  'gp-clinic': {
    begin: (visitor) => clinicTokens(server, { visitor }),
    use: ({ refresh_token: token }, change) => clinicRequest(server, refreshForm(token, change)),
    whole: 'patient/*.read conf/N',
  },
} satisfies Record<string, Kind>;

type Client = keyof typeof kinds;

describe.for(Object.keys(kinds) as Client[])('%s', (client) => {
  const { begin, use, whole }: Kind = kinds[client];
  let tokens: TokenAnswer;
  beforeEach(async () => {
    tokens = await begin(createVisitor(server.issuer));
  });

  const narrower: Readonly<Record<Client, readonly (readonly [string, string])[]>> = {
    'ward-app': [
      ['user/Flag.read', 'user/Flag.read'],
      ['openid user/Flag.write', 'user/Flag.write'],
      ['user/Flag.write user/Flag.read', 'user/Flag.read user/Flag.write'],
    ],
    'gp-clinic': [
      ['patient/*.read', 'patient/*.read'],
      ['openid offline_access patient/*.read', 'patient/*.read'],
      ['conf/N patient/*.read', 'patient/*.read conf/N'],
    ],
  };

  test.for(narrower[client])(
    '%s: a token with that alone, and afterwards all of it again',
    async ([scope, says]) => {
      const answer = await use(tokens, { scope });
      expect(outcome(answer)).toBe('200');
      const sorted = (text: unknown) => String(text).split(' ').sort();
      expect(sorted(claimsOf(answer).requested_scope)).toEqual(sorted(says));
      const again = await use(parsed(answer));
      expect(outcome(again)).toBe('200');
      expect(claimsOf(again).requested_scope).toBe(whole);
    },
  );

  const errors: Readonly<Record<Client, readonly string[]>> = {
    'ward-app': [
      'openid',
      'offline_access',
      'openid offline_access',
      'user/Condition.read',
      'user/Flag.read user/Condition.read',
      'user/*.read',
      'system/Flag.read',
      'fhirUser',
      'everything',
      'user/Flag.read  user/Flag.write',
      'x'.repeat(5000),
    ],
    'gp-clinic': [
      'conf/N',
      'openid',
      'openid conf/N',
      'offline_access',
      'organization/*.read',
      'patient/*.read organization/*.read',
      'patient/*.read conf/R',
      'patient/*.write',
      'profile',
      'everything',
    ],
  };

  test('with scopes that make no token: an OAuth error, nothing issued, nothing lost', async () => {
    for (const scope of errors[client]) {
      const before = await tally(server);
      const answer = await use(tokens, { scope });
      expect([scope.slice(0, 40), outcome(answer)]).toEqual([scope.slice(0, 40), '400 invalid_scope']);
      expect(answer.headers).toMatchObject({ 'cache-control': 'no-store' });
      const after = await tally(server);
      expect([after.artefacts, after.issued]).toEqual([before.artefacts, before.issued]);
    }
    expect(outcome(await use(tokens))).toBe('200');
  });

  test('scope without a value is none', async () => {
    const answer = await use(tokens, { scope: '' });
    expect(outcome(answer)).toBe('200');
    expect(claimsOf(answer).requested_scope).toBe(whole);
  });

  test('the resource may be named, but no other', async () => {
    const [own, other] = client === 'ward-app' ? [adjustments, gpConnect] : [gpConnect, adjustments];
    for (const resource of [other, 'https://elsewhere.example.test/', 'nonsense'])
      expect(outcome(await use(tokens, { resource }))).toBe('400 invalid_target');
    expect(outcome(await use(tokens, { resource: own }))).toBe('200');
  });
});
