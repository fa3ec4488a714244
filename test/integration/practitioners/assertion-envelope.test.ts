import { describe, expect, test } from 'vitest';
import { send } from '../../support/fixtures.ts';
import { assertUser, drShah, userContext } from '../../support/practitioner.ts';
import { expectErrorAnswer, type Refusal } from '../token-endpoint/refusals.ts';
import { about, asked, type Claims, createAssertions, describeRefusals, readerId } from './assertions.ts';

/** What an assertion about Dr Shah says of itself: whose, for whom, how long, and that it is used once (RFC 7523 section 3). */

const assertions = createAssertions();
const { claiming } = assertions;

const now = () => Math.floor(Date.now() / 1000);
const issuer = () => assertions.server().issuer;

/** The practitioner and `sub` that are called the same. */
const called = (id: string) => ({ sub: id, requesting_practitioner: drShah({ id }) });

const faults: readonly (readonly [story: string, claims: () => Claims])[] = [
  ['that expired a minute ago', () => ({ iat: now() - 120, exp: now() - 60 })],
  ['that was good for ten minutes and has five left', () => ({ iat: now() - 300, exp: now() + 300 })],
  ['that is good for ten minutes from now', () => ({ exp: now() + 600 })],
  ['that is good for 301 s', () => ({ iat: now() - 100, exp: now() + 201 })],
  ['that is good for a day', () => ({ exp: now() + 24 * 3600 })],
  ['that ended before it began', () => ({ iat: now() - 20, exp: now() - 30 })],
  ['issued in a minute', () => ({ iat: now() + 60, exp: now() + 120 })],
  ['valid from in a minute', () => ({ nbf: now() + 60, exp: now() + 120 })],
  ['without exp', () => ({ exp: undefined })],
  ['without iat', () => ({ iat: undefined })],
  ['without jti', () => ({ jti: undefined })],
  ['without sub', () => ({ sub: undefined })],
  ['without aud', () => ({ aud: undefined })],
  ['without iss', () => ({ iss: undefined })],
  ...['exp', 'iat', 'nbf'].flatMap((claim): [string, () => Claims][] => [
    [`whose ${claim} is a text`, () => ({ [claim]: String(now()) })],
    [`whose ${claim} is a fraction`, () => ({ [claim]: now() + 10.5 })],
    [`whose ${claim} is in milliseconds`, () => ({ [claim]: Date.now() })],
    [`whose ${claim} is negative`, () => ({ [claim]: -1 })],
    [`whose ${claim} is null`, () => ({ [claim]: null })],
  ]),
  ['with an empty jti', () => ({ jti: '' })],
  ['whose jti has 256 characters', () => ({ jti: 'j'.repeat(256) })],
  ['whose jti is a number', () => ({ jti: 4711 })],
  ['whose jti is a list', () => ({ jti: ['one'] })],
  ['whose jti contains U+0000', () => ({ jti: `a\0${crypto.randomUUID()}` })],

  ['whose iss is another client', () => ({ iss: 'gp-clinic' })],
  ['whose iss is the practitioner', () => ({ iss: 'pr-priya' })],
  ['whose iss is our issuer', () => ({ iss: issuer() })],
  ['whose iss is a list', () => ({ iss: [readerId] })],

  ['whose aud is another server', () => ({ aud: 'https://auth.millbrook.example.test' })],
  ['whose aud is our token URL', () => ({ aud: `${issuer()}/token` })],
  ['whose aud is our issuer with a slash behind', () => ({ aud: `${issuer()}/` })],
  ['whose aud is a list of our issuer alone', () => ({ aud: [issuer()] })],
  ['whose aud is a list with our issuer in it', () => ({ aud: [issuer(), 'https://other.example.test'] })],
  [
    'whose aud is the API',
    () => ({ aud: 'https://gp.millbrook.example.test/ZZ901/STU3/1/gpconnect/structured' }),
  ],
  ['whose aud is the client', () => ({ aud: readerId })],
  ['whose aud is empty', () => ({ aud: '' })],

  ['whose sub is another practitioner', () => ({ sub: 'pr-rangi' })],
  ['whose sub is the practitioner in other letters', () => ({ sub: 'PR-PRIYA' })],
  ['whose sub is the SDS user', () => ({ sub: '100000000101' })],
  ['whose sub is empty', () => ({ sub: '' })],
  ['whose sub is a list', () => ({ sub: ['pr-priya'] })],
  ['whose sub is a number', () => ({ sub: 4711 })],
  ['whose sub contains U+0000', () => ({ sub: 'pr-priya\0' })],
  ...[readerId, readerId.toUpperCase(), '200000990800', 'ZZ800', 'zz800', 'records-desk'].map(
    (name): [string, () => Claims] => [
      `whose sub and practitioner are the system (${name})`,
      () => called(name),
    ],
  ),
  ...['system', 'SYSTEM', 'admin', 'system-user', 'reception', 'duty.doctor', 'unknown'].map(
    (name): [string, () => Claims] => [
      `whose sub and practitioner are no person (${name})`,
      () => called(name),
    ],
  ),
];

const refusals: readonly Refusal[] = faults.map(([story, claims]) => ({
  story,
  sent: () => claiming(claims())(),
  status: 400,
  error: 'invalid_grant',
  deniedTo: readerId,
}));

describeRefusals(assertions, refusals);

describe('at the edge of what passes', () => {
  const passing: readonly (readonly [story: string, claims: () => Claims])[] = [
    ['300 s from iat to exp', () => ({ iat: now() - 20, exp: now() + 280 })],
    ['a client’s clock that is behind', () => ({ iat: now() - 60, exp: now() - 5 })],
    ['a client’s clock that is ahead', () => ({ iat: now() + 8, nbf: now() + 8, exp: now() + 68 })],
    ['a jti of 255 characters', () => ({ jti: crypto.randomUUID().padEnd(255, 'j') })],
    ['claims that nobody knows', () => ({ roles: ['everything'], scope: 'patient/*.write' })],
    ['an id of 64 characters', () => called(`pr-${'a'.repeat(61)}`)],
    ['an id with a number behind a generic word', () => called('user-4711')],
  ];

  test.for(passing)('%s', async ([, claims]) => {
    const answer = await send(assertions.server(), await claiming(claims())());
    expect(answer).toMatchObject({ status: 200 });
  });

  test.for(['JWT', 'jwt'])('typ %s', async (typ) => {
    expect(await send(assertions.server(), await claiming({}, { typ })())).toMatchObject({ status: 200 });
  });
});

describe('an assertion that was used', () => {
  const denied = { status: 400, error: 'invalid_grant', usedAuthorization: true };

  test('is refused the second time, to the same client', async () => {
    const sent = await claiming({})();
    expect(await send(assertions.server(), sent)).toMatchObject({ status: 200 });
    expectErrorAnswer(await send(assertions.server(), sent), denied);
  });

  test('is refused with its jti in another signature, about somebody else', async () => {
    const jti = crypto.randomUUID();
    expect(await send(assertions.server(), await claiming({ jti })())).toMatchObject({ status: 200 });
    const other = await claiming({ jti, ...called('dr-okafor') })();
    expectErrorAnswer(await send(assertions.server(), other), denied);
  });

  test('does not take the jti away from a client assertion or from another system', async () => {
    const server = assertions.server();
    const jti = crypto.randomUUID();
    expect(await send(server, await claiming({ jti })())).toMatchObject({ status: 200 });
    expect(await assertUser(server, await userContext(server, { jti }))).toMatchObject({ status: 200 });
  });

  test('was not used up by requests that were refused', async () => {
    const server = assertions.server();
    const reader = assertions.reader();
    const jwt = await about(server, reader);
    const attempts: [Record<string, string>, string][] = [
      [{ scope: 'patient/*.write' }, 'invalid_scope'],
      [{ scope: '' }, 'invalid_scope'],
      [{ resource: 'https://elsewhere.example.test/' }, 'invalid_target'],
      [{ grant_type: 'client_credentials' }, 'unauthorized_client'],
    ];
    for (const [change, error] of attempts)
      expectErrorAnswer(await send(server, asked(reader, jwt, change)), {
        status: 400,
        error,
        usedAuthorization: true,
      });
    expect(await send(server, asked(reader, jwt))).toMatchObject({ status: 200 });
  });
});
