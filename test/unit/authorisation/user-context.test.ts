import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readUserContext } from '../../../src/authorisation/index.ts';
import type { Api } from '../../../src/catalogue/index.ts';
import type { Client } from '../../../src/clients/index.ts';
import { gpConnect, spineCore } from '../../../src/tokens/index.ts';
import { drShah } from '../../support/practitioner.ts';
import { sayable } from '../tokens/sayable.ts';
import { clinic, flags, records } from './fernhill.ts';

/** What a system says of the user whom it signed in: read, or refused in a sentence. */

const issuer = 'https://auth.fernhill.example.test';
const now = 1_767_225_600;
const roleProfile = 'https://fhir.nhs.uk/Id/sds-role-profile-id';
const local = 'https://fernhill.example.test/Id/user';

const usual = {
  iss: 'gp-clinic',
  sub: 'pr-priya',
  aud: issuer,
  iat: now,
  exp: now + 60,
  jti: 'one',
  requesting_practitioner: drShah(),
};

type Change = Readonly<Record<string, unknown>>;

const read = (change: Change = {}, api: Api = records, client: Client = clinic()) =>
  readUserContext({ ...usual, ...change }, { api, client, issuer, now });

function faultOf(...parameters: Parameters<typeof read>): string {
  const result = read(...parameters);
  if (!('fault' in result)) throw new Error('it was accepted');
  expect(result.fault).toMatch(sayable);
  return result.fault;
}

describe('read', () => {
  test('Dr Shah for GP Connect', () => {
    expect(read()).toStrictEqual({
      subject: 'pr-priya',
      practitioner: {
        id: 'pr-priya',
        sdsUser: '100000000101',
        sdsRoleProfile: '100000000203',
        local: [{ system: local, value: 'pr-priya' }],
        name: { family: 'Shah', given: ['Priya'], prefix: ['Dr'] },
      },
      user: undefined,
      sdsUser: '100000000101',
      roleProfile: '100000000203',
      reason: undefined,
      jti: 'one',
      endsAt: new Date((now + 60 + 10) * 1000),
    });
  });

  test('UNK as no national identity', () => {
    const unknown = (drShah().identifier as { system: string; value: string }[]).map((one, index) =>
      index < 2 ? { ...one, value: 'UNK' } : one,
    );
    expect(read({ requesting_practitioner: drShah({ identifier: unknown }) })).toMatchObject({
      practitioner: { sdsUser: 'UNK', sdsRoleProfile: 'UNK' },
      sdsUser: undefined,
      roleProfile: undefined,
    });
  });

  test('a role profile for Spine Core', () => {
    const said = { requesting_user: `${roleProfile}|100000000203`, sub: 'FERNHILL\\priya.shah' };
    expect(read(said, flags)).toMatchObject({
      subject: 'FERNHILL\\priya.shah',
      practitioner: undefined,
      user: { system: roleProfile, value: '100000000203' },
      sdsUser: undefined,
      roleProfile: '100000000203',
    });
  });

  test('a local user for Spine Core', () => {
    expect(read({ requesting_user: `${local}|pr-priya` }, flags)).toMatchObject({
      user: { system: local, value: 'pr-priya' },
      sdsUser: undefined,
      roleProfile: undefined,
    });
  });

  test('the reason as it was sent', () => {
    expect(read({ reason_for_request: ['x'] })).toMatchObject({ reason: ['x'] });
  });
});

describe('the times, to the second', () => {
  test.for<[string, Change]>([
    ['exp 300 s after iat', { iat: now, exp: now + 300 }],
    ['exp 300 s after iat, from a clock that is ahead', { iat: now - 10, exp: now + 290 }],
    ['iat 10 s ahead', { iat: now + 10, exp: now + 60 }],
    ['exp 9 s ago', { iat: now - 60, exp: now - 9 }],
  ])('%s passes', ([, change]) => {
    expect(read(change)).not.toHaveProperty('fault');
  });

  test.for<[string, Change, string]>([
    ['exp 301 s after iat', { iat: now - 1, exp: now + 300 }, 'exp must be at most 300 s after iat'],
    ['exp 600 s after iat', { iat: now - 300, exp: now + 300 }, 'exp must be at most 300 s after iat'],
    ['exp 301 s ahead', { iat: now + 1, exp: now + 301 }, 'exp must be at most 300 s ahead'],
    ['exp 10 s ago', { iat: now - 60, exp: now - 10 }, 'exp has passed'],
    ['iat 11 s ahead', { iat: now + 11 }, 'iat must be at most 10 s ahead'],
    ['nbf 11 s ahead', { nbf: now + 11 }, 'nbf must be at most 10 s ahead'],
    ['no iat', { iat: undefined }, 'exp must be at most 300 s after iat'],
    ['no exp', { exp: undefined }, 'exp must be whole seconds'],
  ])('%s does not', ([, change, fault]) => {
    expect(faultOf(change)).toBe(fault);
  });
});

describe('refused with a sentence', () => {
  const person = 'sub must be a person, not a system or group user';
  test.for<[Change, string]>([
    [{ iss: 'ward-app' }, 'iss must be the client_id'],
    [{ iss: undefined }, 'iss must be the client_id'],
    [{ aud: `${issuer}/token` }, 'aud must be the issuer, as one string'],
    [{ aud: [issuer] }, 'aud must be the issuer, as one string'],
    [{ aud: undefined }, 'aud must be the issuer, as one string'],
    [{ jti: undefined }, 'jti must be a text of at most 255 characters without control characters'],
    [{ sub: undefined }, 'sub must be the id of the user'],
    [{ sub: '' }, 'sub must be the id of the user'],
    [{ sub: 'p'.repeat(256) }, 'sub must be the id of the user'],
    [{ sub: 'pr-\ud800' }, 'sub must be the id of the user'],
    ...[
      'gp-clinic',
      'GP-CLINIC',
      '200000990800',
      'ward-app',
      'fernhill ward app',
      'zz800',
      'Fernhill Hospital',
    ].map((sub): [Change, string] => [{ sub }, person]),
    ...['system', 'Admin', 'FERNHILL\\reception', 'nurse@fernhill.example.test'].map(
      (sub): [Change, string] => [{ sub }, person],
    ),
    [{ sub: 'pr-rangi' }, 'sub must be the id of requesting_practitioner'],
    [{ requesting_practitioner: undefined }, 'requesting_practitioner is missing'],
    [{ requesting_organization: 'ZZ800' }, 'requesting_organization must be an object'],
  ])('%j', ([change, fault]) => {
    expect(faultOf(change)).toBe(fault);
  });

  test('another organisation, in the form of each profile', () => {
    const ods = 'https://fhir.nhs.uk/Id/ods-organization-code';
    const organization = {
      resourceType: 'Organization',
      identifier: [{ system: ods, value: 'ZZ901' }],
      name: 'x',
    };
    const fault = 'requesting_organization is not the organisation of the client';
    expect(faultOf({ requesting_organization: organization })).toBe(fault);
    expect(faultOf({ requesting_organization: `${ods}|ZZ901` }, flags)).toBe(fault);
    const stray = clinic({ organization: undefined });
    expect(faultOf({ requesting_organization: organization }, records, stray)).toBe(fault);
  });

  test.for(['/Id/practitioner', '/Id/practitioner-role', '', '/anything'])(
    'somebody under a naming system of ours (%s), where we name only whom we signed in',
    (path) => {
      const fault = 'a naming system of this server names only whom it signed in itself';
      expect(faultOf({ requesting_user: `${issuer}${path}|pr-priya` }, flags)).toBe(fault);
      const ours = { system: `${issuer}${path}`, value: 'pr-priya' };
      const identifier = [...(drShah().identifier as object[]), ours];
      expect(faultOf({ requesting_practitioner: drShah({ identifier }) })).toBe(fault);
    },
  );

  test('a local user of Spine Core who is not sub', () => {
    expect(faultOf({ requesting_user: `${local}|pr-rangi` }, flags)).toBe(
      'sub must be the local id in requesting_user',
    );
  });
});

const envelope = { issuer, issuedAt: now, jti: 'token', clientId: 'gp-clinic' };

/** Makes the claims of a token from what was read, which must be possible. */
function tokenOf(result: ReturnType<typeof read>, api: Api): object | undefined {
  if ('fault' in result) return undefined;
  const { asid = '', device, organization } = clinic();
  const { practitioner, user } = result;
  if (device === undefined || organization?.odsCode === undefined)
    throw new Error('the clinic lacks something');
  const { name, odsCode } = organization;
  const made = { ...envelope, audience: api.audience, reason: 'directcare' as const };
  if (practitioner !== undefined)
    return gpConnect.gpConnectClaims({
      ...{ ...made, device, practitioner, scope: 'patient/*.read' },
      organization: { name, odsCode },
    });
  if (user === undefined) throw new Error('nobody was read');
  return spineCore.spineCoreClaims({ ...made, asid, odsCode, user, scope: 'user/Flag.read' });
}

describe('whatever is said', () => {
  /** Names and ids of people, of machines, and of what may be mistaken for either. */
  const word = fc.oneof(
    fc.constantFrom(
      'pr-priya',
      'Shah',
      'Priya',
      'System',
      'Fernhill',
      'Ward',
      'App',
      'Hospital',
      'UNK',
      '4711',
    ),
    fc.constantFrom(
      'gp-clinic',
      'ward-app',
      'ZZ800',
      '200000990800',
      'Fernhill Ward App',
      'Fernhill Hospital',
    ),
    fc.constantFrom('100000000101', '100000000203', 'pr-priya|x', 'x\u202ey', ' Shah', 'a\0b', '\ud800', ''),
    fc.string({ maxLength: 12 }),
    fc.string({ unit: 'binary', maxLength: 12 }),
  );
  const system = fc.constantFrom(
    ...[
      'https://fhir.nhs.uk/Id/sds-user-id',
      roleProfile,
      local,
      'urn:x:y',
      'https://fhir.nhs.uk/Id/nhs-number',
    ],
    ...['https://fhir.nhs.uk/Id/accredited-system', '', 'HTTPS://x', 'urn:oid:1.2.826.0.1285.0.2.0.65'],
  );
  const identifier = fc.record({ system, value: word });
  const a = fc.record({ system: fc.constant('https://fhir.nhs.uk/Id/sds-user-id'), value: word });
  const b = fc.record({ system: fc.constant(roleProfile), value: word });
  const name = fc.record(
    { family: word, given: fc.array(word, { maxLength: 3 }), prefix: fc.array(word, { maxLength: 2 }) },
    { requiredKeys: [] },
  );
  const said = fc.record({
    id: word,
    a,
    b,
    others: fc.array(identifier, { maxLength: 1 }),
    names: fc.array(name, { minLength: 1, maxLength: 2 }),
  });

  test('for GP Connect: it is refused in a sentence, or a token can be made of it', () => {
    let made = 0;
    fc.assert(
      fc.property(said, fc.boolean(), ({ id, a: user, b: role, others, names }, lucky) => {
        const practitioner = drShah({
          id: lucky ? 'pr-priya' : id,
          identifier: lucky ? [...(drShah().identifier as object[]), ...others] : [user, role, ...others],
          name: names,
        });
        const result = read({ sub: practitioner.id, requesting_practitioner: practitioner });
        if ('fault' in result) expect(result.fault).toMatch(sayable);
        else {
          made += 1;
          expect(tokenOf(result, records)).toMatchObject({ sub: practitioner.id });
        }
      }),
      { numRuns: 5000 },
    );
    expect(made).toBeGreaterThan(50);
  });

  test('for Spine Core: it is refused in a sentence, or a token can be made of it', () => {
    let made = 0;
    fc.assert(
      fc.property(word, system, word, fc.boolean(), (sub, uri, value, same) => {
        const result = read({ sub: same ? value : sub, requesting_user: `${uri}|${value}` }, flags);
        if ('fault' in result) expect(result.fault).toMatch(sayable);
        else {
          made += 1;
          expect(tokenOf(result, flags)).toMatchObject({ sub: `${uri}|${value}` });
        }
      }),
      { numRuns: 5000 },
    );
    expect(made).toBeGreaterThan(50);
  });

  test('as any JSON at all: nothing throws, and the sentence repeats nothing of it', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...Object.keys(usual), 'zxq'), fc.jsonValue()), (claims) => {
        for (const api of [records, flags]) {
          const result = readUserContext(claims, { api, client: clinic(), issuer, now });
          expect(result).toHaveProperty('fault', expect.stringMatching(sayable));
          expect(
            readUserContext(
              { ...usual, requesting_practitioner: claims },
              { api, client: clinic(), issuer, now },
            ),
          ).toHaveProperty('fault');
        }
      }),
      { numRuns: 1000 },
    );
  });
});
