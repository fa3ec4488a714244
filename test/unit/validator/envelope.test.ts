import { createLocalJWKSet } from 'jose';
import { describe, expect, test } from 'vitest';
import type { Profile } from '../../../src/validator/index.ts';
import {
  badHeader,
  badRequest,
  base64url,
  careRecord,
  expectAnswer,
  type Header,
  make,
  professional,
  type Refusal,
  send,
  serverOf,
  shapes,
  signed,
  signedText,
  structured,
  unsigned,
} from './world.ts';

const token = await signed(structured);
const legacy = unsigned(structured);
const [first = '', second = '', third = ''] = token.split('.');
const [, payload = ''] = legacy.split('.');

/** The same faults in both families, each with its own code and, where the pages fix them, its own words. */
const families: [Profile, string, (text?: string | RegExp) => Refusal, object][] = [
  ['gp-connect', 'Header Authorization is missing', badRequest, structured],
  ['gp-connect-0', 'Header Authorization is missing', badRequest, careRecord],
  ['spine-core', 'The Authorisation header must be supplied', badHeader, professional],
];

describe.each(families)(
  '8.1 Authorization missing or not Bearer x: %s',
  (profile, missing, refusal, claims) => {
    const check = (headers: Record<string, string | string[] | undefined>) =>
      serverOf(profile, { legacy: 'refuse' }).check({ headers });

    test.each([
      ['no header', {}],
      ['an undefined one', { authorization: undefined }],
      ['a blank one', { authorization: ' ' }],
    ])('%s', async (_name, headers) => {
      expectAnswer(await check(headers), 'signed', refusal(missing), profile);
    });

    test.each([
      ['Basic', 'Basic ZGVtbzpkZW1v'],
      ['the token alone', token],
      ['Bearer alone', 'Bearer'],
      ['Bearer and a space', 'Bearer '],
      ['two spaces', `Bearer  ${token}`],
      ['a tab', `Bearer\t${token}`],
      ['three words', `Bearer ${token} x`],
      ['two tokens in one header', `Bearer ${token}, Bearer ${token}`],
      ['a space before', ` Bearer ${token}`],
    ])('%s', async (_name, authorization) => {
      expectAnswer(await check({ authorization }), 'signed', refusal(/Bearer and one token/), profile);
    });

    test('two headers', async () => {
      const authorization = [`Bearer ${token}`, `Bearer ${token}`];
      expectAnswer(await check({ authorization }), 'signed', refusal(/Bearer and one token/), profile);
      const twice = { Authorization: `Bearer ${token}`, authorization: `Bearer ${token}` };
      expectAnswer(await check(twice), 'signed', refusal(/Bearer and one token/), profile);
    });

    test.each([
      ['scheme in lower case', 'authorization', 'bearer'],
      ['scheme in upper case', 'Authorization', 'BEARER'],
      ['header name in another case', 'AUTHORIZATION', 'Bearer'],
    ])('accepted: %s', async (_name, header, scheme) => {
      expectAnswer(await check({ [header]: `${scheme} ${await signed(claims)}` }), 'signed', undefined);
    });
  },
);

const notJson = base64url('{"iss":');
const invalidUtf8 = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]);
const deep = `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`;

describe('8.1 not base64url, wrong part count, not JSON', () => {
  const threeParts = 'JWT must have three parts';
  const rows: [name: string, token: string, text: string | RegExp, spine?: string][] = [
    ['one part', 'abc', threeParts],
    ['two parts: the trailing dot is missing', `${first}.${payload}`, threeParts],
    ['four parts', `${token}.x`, threeParts],
    ['no header part', `.${second}.${third}`, threeParts],
    ['no payload part', `${first}..${third}`, threeParts],
    ['signed, without its signature', `${first}.${second}.`, threeParts],
    ['padding', `${first}.${second}==.${third}`, /base64url without padding/],
    ['plus, of standard base64', `${first}.${second}+.${third}`, /base64url/],
    ['slash, of standard base64', `${first}.${second}/.${third}`, /base64url/],
    ['plain JSON', `{"alg":"none"}.{}.`, /base64url/],
    ['a length that base64url cannot have', `${first}.${second}.${third}AAA`, /base64url|signature/],
    ['stray bits at the end', `e31.${second}.${third}`, /base64url/],
    ['header not JSON', `${notJson}.${second}.${third}`, /header is not a JSON object/],
    ['header a list', `${base64url('[]')}.${second}.${third}`, /header is not a JSON object/],
    [
      'header no UTF-8',
      `${invalidUtf8.toString('base64url')}.${second}.${third}`,
      /header is not a JSON object/,
    ],
  ];

  test.each(rows)('%s', async (_name, text, diagnostics) => {
    expectAnswer(await send('gp-connect', text), 'signed', badRequest(diagnostics));
    const sections = 'The JWT associated with the Authorisation header must have the 3 sections';
    const spine = diagnostics === threeParts ? sections : diagnostics;
    expectAnswer(await send('spine-core', text), 'signed', badHeader(spine));
  });
});

describe('8.1 a payload that is no JSON object, signed by the issuer or by nobody', () => {
  test.each<[string, string | Uint8Array]>([
    ['no JSON', '{"iss":'],
    ['null', 'null'],
    ['a list', '[]'],
    ['a text', '"x"'],
    ['no UTF-8', invalidUtf8],
    ['with a byte order mark', '\ufeff{}'],
    ['nested too deeply', deep],
  ])('%s', async (_name, text) => {
    const refusal = 'JWT payload is not a JSON object';
    const own = await signedText(text);
    const nobodys = `${base64url('{"alg":"none","typ":"JWT"}')}.${Buffer.from(text).toString('base64url')}.`;
    for (const token of [own, nobodys]) {
      expectAnswer(await send('gp-connect', token), 'signed', badRequest(refusal));
      expectAnswer(await send('spine-core', token), 'signed', badHeader(refusal));
    }
  });
});

describe('a signed token', () => {
  test.each(['ES256', 'RS256', 'PS256'])('by %s is accepted', async (alg) => {
    const answer = await send(
      'gp-connect',
      await signed(structured, { alg, kid: alg }),
      {},
      { legacy: 'refuse' },
    );
    expect(answer).toMatchObject({ verdict: 'accepted', trust: 'signed', claims: structured });
    expect(answer).not.toHaveProperty('boundTo');
  });

  test.each(['at+jwt', 'JWT'])('of typ %s is accepted', async (typ) => {
    expectAnswer(await send('gp-connect', await signed(structured, { typ })), 'signed', undefined);
  });

  test.each<[string, Header, RegExp]>([
    ['typ missing', { typ: undefined }, /typ/],
    ['typ of an ID token or another JWT', { typ: 'logout+jwt' }, /typ/],
    ['kid missing', { kid: undefined }, /kid/],
    ['kid of nobody', { kid: 'another' }, /signature/],
    ['kid of a key for another algorithm', { kid: 'RS256' }, /signature/],
    ['a critical extension', { crit: ['exp'], exp: 1 }, /^JWT header crit /],
    ['a critical extension that everybody knows', { crit: ['b64'], b64: true }, /^JWT header crit /],
  ])('is refused: %s', async (_name, header, text) => {
    const changed = await signed(structured, header);
    expectAnswer(await send('gp-connect', changed), 'signed', badRequest(text));
  });

  test.each(['none ', 'None', 'NONE', 'HS256', 'ES384', 'EdDSA', '', 1])(
    'is refused: alg %j',
    async (alg) => {
      const header = base64url(JSON.stringify({ alg, kid: 'ES256', typ: 'JWT' }));
      expectAnswer(
        await send('gp-connect', `${header}.${second}.${third}`),
        'signed',
        badRequest(/alg must be/),
      );
    },
  );

  test('JW-01 is refused: signed by another key, changed claims, changed signature', async () => {
    const forged = await signed(structured, {}, 'stranger');
    const widened = base64url(JSON.stringify({ ...structured, requested_scope: 'patient/*.write' }));
    const other = third.startsWith('A') ? 'B' : 'A';
    for (const text of [
      forged,
      `${first}.${widened}.${third}`,
      `${first}.${second}.${other}${third.slice(1)}`,
    ])
      expectAnswer(
        await send('gp-connect', text),
        'signed',
        badRequest('JWT signature is not that of the issuer'),
      );
  });

  test('JW-04 is refused: its iss is not the expected issuer', async () => {
    const foreign = await signed({ ...structured, iss: 'https://other.example' });
    expectAnswer(await send('gp-connect', foreign), 'signed', badRequest(/iss is not the expected issuer/));
  });

  test('is refused when another copy of jose knows no such key', async () => {
    // A resource server may have its own version of jose: its errors are of other classes.
    const error = Object.assign(new Error('no applicable key found'), { code: 'ERR_JWKS_NO_MATCHING_KEY' });
    const answer = await send('gp-connect', token, {}, { keys: async () => Promise.reject(error) });
    expectAnswer(answer, 'signed', badRequest('JWT signature is not that of the issuer'));
  });

  test.each([
    ['throw nothing that is an error', async () => Promise.reject(undefined), 500],
    ['cannot be reached', async () => Promise.reject(new TypeError('fetch failed')), 500],
    ['are empty', createLocalJWKSet({ keys: [] }), 400],
  ])('is not accepted when the keys %s', async (_name, keys, status) => {
    const answer = await send('gp-connect', token, {}, { keys });
    expect(answer).toMatchObject({ verdict: 'refused', status });
    expect(answer.headers['Cache-Control']).toBe('no-store');
  });
});

describe('JW-03 a legacy token', () => {
  test('is refused, unless the caller asks to read it', async () => {
    for (const options of [{ legacy: 'refuse' as const }, { legacy: undefined }])
      expectAnswer(
        await send('gp-connect', legacy, {}, options),
        'unsigned',
        badRequest('An unsigned JWT is not accepted'),
      );
  });

  test('is marked, and never says accepted', async () => {
    const answer = await send('gp-connect', legacy);
    expect(answer).toMatchObject({ verdict: 'read', trust: 'unsigned', claims: structured });
    expect(answer.passed).not.toContain('signature');
    expect(answer.passed).not.toContain('issuer');
  });

  test('names its own system as iss', async () => {
    const own = unsigned({ ...structured, iss: 'https://records.fernhill.example/' });
    expectAnswer(await send('gp-connect', own), 'unsigned', undefined);
  });

  test('has exactly this encoded header', () => {
    expect(legacy.startsWith('eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.')).toBe(true);
  });

  test.each<[string, object]>([
    ['kid beside alg and typ', { alg: 'none', typ: 'JWT', kid: '1' }],
    ['cty beside alg and typ', { alg: 'none', typ: 'JWT', cty: 'JWT' }],
    ['typ missing', { alg: 'none' }],
    ['typ in another case', { alg: 'none', typ: 'jwt' }],
    ['typ at+jwt', { alg: 'none', typ: 'at+jwt' }],
  ])('is refused: header with %s', async (_name, header) => {
    expectAnswer(
      await send('gp-connect', unsigned(structured, header)),
      'unsigned',
      badRequest(/unsigned JWT/),
    );
  });

  test('is refused: alg missing', async () => {
    expectAnswer(await send('gp-connect', unsigned(structured, { typ: 'JWT' })), 'unsigned', badRequest());
  });

  test('is refused: something in the third part', async () => {
    expectAnswer(await send('gp-connect', `${legacy}${third}`), 'unsigned', badRequest(/third part/));
  });
});

const jkt = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I';
const bound = await signed({ ...structured, cnf: { jkt } });

describe('a token that is bound to a key', () => {
  const sent = (scheme: string, text: string, proofKey?: string) =>
    send('gp-connect', text, {
      headers: { authorization: `${scheme} ${text}` },
      ...(proofKey === undefined ? {} : { proofKey }),
    });

  test('is refused as a bearer token, also with a proof (RFC 9449 section 7.1)', async () => {
    expectAnswer(await sent('Bearer', bound), 'signed', badRequest(/DPoP scheme/));
    expectAnswer(await sent('Bearer', bound, jkt), 'signed', badRequest(/DPoP scheme/));
  });

  test('is accepted with the proof of its key, and the caller is told', async () => {
    expect(await sent('DPoP', bound, jkt)).toMatchObject({ verdict: 'accepted', boundTo: jkt });
  });

  test('is refused without a proof, or with that of another key', async () => {
    expectAnswer(await sent('DPoP', bound), 'signed', badRequest(/another key/));
    expectAnswer(await sent('DPoP', bound, `${jkt}x`), 'signed', badRequest(/another key/));
  });

  test('is the only one for the DPoP scheme', async () => {
    expectAnswer(await sent('DPoP', token, jkt), 'signed', badRequest(/Bearer and one token/));
  });

  test.each([
    ['to a certificate', { 'x5t#S256': 'bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2' }],
    ['twice', { jkt, 'x5t#S256': 'x' }],
    ['to nothing', {}],
    ['by something else', 'jkt'],
    ['by null', null],
  ])('is refused when bound %s', async (_name, cnf) => {
    expectAnswer(
      await sent('Bearer', await signed({ ...structured, cnf })),
      'signed',
      badRequest(/bound in a way/),
    );
  });
});

test.each(shapes)('the checks that were passed are named in their order: %s', async (shape) => {
  const { passed } = await send('gp-connect', await make(shape, structured));
  expect(passed).toEqual([
    'authorization',
    'envelope',
    ...(shape === 'signed' ? ['signature', 'issuer'] : []),
    'binding',
    'mandatory claims',
    'FHIR resources',
    'lifetime',
    'who asks',
    'audience',
    'reason',
    'scope',
  ]);
});

test('the whole answer to a refused token', async () => {
  const claims = { ...structured, exp: 1767225901 };
  expect(await send('gp-connect', await signed(claims))).toStrictEqual({
    verdict: 'refused',
    status: 400,
    headers: { 'Cache-Control': 'no-store', 'Content-Type': 'application/fhir+json; charset=utf-8' },
    passed: [
      'authorization',
      'envelope',
      'signature',
      'issuer',
      'binding',
      'mandatory claims',
      'FHIR resources',
    ],
    outcome: {
      resourceType: 'OperationOutcome',
      meta: { profile: ['https://fhir.nhs.uk/STU3/StructureDefinition/GPConnect-OperationOutcome-1'] },
      issue: [
        {
          severity: 'error',
          code: 'invalid',
          details: {
            coding: [
              {
                system: 'https://fhir.nhs.uk/STU3/CodeSystem/Spine-ErrorOrWarningCode-1',
                code: 'BAD_REQUEST',
                display: 'Bad request',
              },
            ],
          },
          diagnostics: 'JWT claim exp must be 300 seconds after iat',
        },
      ],
    },
  });
});
