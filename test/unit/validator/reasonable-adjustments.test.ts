import { describe, expect, test } from 'vitest';
import {
  type Claims,
  type ResourceRequest,
  reasonableAdjustmentsInteractions,
} from '../../../src/validator/index.ts';
import {
  badHeader,
  expectAnswer,
  fernhillAsid,
  make,
  millbrookAsid,
  professional,
  type Refusal,
  send,
  shapes,
  signed,
  spine,
  system,
  without,
} from './world.ts';

const atSpine = { via: 'proxy' } as const;
const headers = (interaction: string) => ({
  FromASID: fernhillAsid,
  ToASID: millbrookAsid,
  TraceID: '09a01679-2564-0fb4-5129-aecc81ea2706',
  InteractionID: `urn:nhs:names:services:raflags:${interaction}`,
});
const representation = { Prefer: 'return=representation' };
const readFlag = { method: 'GET', path: '/Flag', headers: headers('Flag.read:1') };
const change = (members: Claims): Claims => ({ ...professional, ...members });
const missing = (claim: string) =>
  badHeader(
    `The mandatory claim [${claim}] from the JWT associated with the Authorisation header is missing`,
  );
const local = 'https://fernhill.example/Id/user|pshah';

describe.each(shapes)('5.1 claims, %s', (shape) => {
  const rows: [name: string, claims: Claims, refusal?: Refusal][] = [
    ['everything in its place', professional],
    [
      'requesting_organization is mandatory',
      without(professional, 'requesting_organization'),
      missing('requesting_organization'),
    ],
    ['requesting_user is mandatory', without(professional, 'requesting_user'), missing('requesting_user')],
    [
      'an unattended system',
      { ...without(professional, 'requesting_user'), sub: system },
      missing('requesting_user'),
    ],
    ['sub is the URP id', change({ sub: system }), badHeader(/must match/)],
    ['a local user', change({ sub: local, requesting_user: local }), badHeader(/SDSRoleProfileID/)],
    [
      'reason_for_request is directcare',
      change({ reason_for_request: 'secondaryuses' }),
      badHeader(/directcare/),
    ],
    ['aud with a query string', change({ aud: `${spine}?x=1` }), badHeader(/aud/)],
  ];

  test.each(rows)('%s', async (_name, claims, refusal) => {
    expectAnswer(
      await send('reasonable-adjustments', await make(shape, claims), readFlag, atSpine),
      shape,
      refusal,
    );
  });
});

describe('5.1 headers', () => {
  const update = { method: 'PUT', path: '/List/9', headers: headers('List.write:1') };
  const create = { method: 'POST', path: '/Flag', headers: headers('Flag.write:1') };
  const scopes = { '/Flag': 'user/Flag.read', '/List/9': 'user/List.write' };
  const rows: [name: string, request: Partial<ResourceRequest>, refusal?: Refusal, scope?: string][] = [
    ['all of them', readFlag],
    ...['FromASID', 'ToASID', 'TraceID', 'InteractionID'].flatMap(
      (name): [string, Partial<ResourceRequest>, Refusal][] => {
        const changed = (value: undefined | string[]) => ({
          ...readFlag,
          headers: { ...readFlag.headers, [name]: value },
        });
        return [
          [`${name} missing`, changed(undefined), badHeader(`${name} HTTP Header is missing`, 'invalid')],
          [`${name} twice`, changed(['1', '2']), badHeader(/once/, 'invalid')],
        ];
      },
    ),
    ...['1', '09a01679', '09a01679-2564-0fb4-5129-aecc81ea270', '09a01679-2564-0fb4-5129-aecc81ea270g'].map(
      (TraceID): [string, Partial<ResourceRequest>, Refusal] => [
        `TraceID no UUID: ${TraceID}`,
        { ...readFlag, headers: { ...readFlag.headers, TraceID } },
        badHeader('TraceID HTTP Header must be a UUID', 'invalid'),
      ],
    ),
    [
      'TraceID a UUID in upper case',
      { ...readFlag, headers: { ...readFlag.headers, TraceID: '09A01679-2564-0FB4-5129-AECC81EA2706' } },
    ],
    [
      'Ssp-From beside it is not looked at',
      { ...readFlag, headers: { ...readFlag.headers, 'Ssp-From': millbrookAsid } },
    ],
    [
      'ToASID another',
      { ...readFlag, headers: { ...readFlag.headers, ToASID: fernhillAsid } },
      badHeader(/ToASID HTTP Header is not the ASID/, 'invalid'),
    ],
    [
      'FromASID another',
      { ...readFlag, headers: { ...readFlag.headers, FromASID: millbrookAsid } },
      badHeader(
        `The ASID defined in the requesting_system (${fernhillAsid}) does not match the FromASID in the request`,
      ),
    ],
    [
      'InteractionID unknown',
      { ...readFlag, headers: headers('Flag.search:1') },
      badHeader(/known/, 'invalid'),
    ],
    [
      'InteractionID of another type',
      { ...readFlag, headers: headers('List.read:1') },
      badHeader(/match/, 'invalid'),
    ],
    ['create without Prefer', create, badHeader(/Prefer/, 'invalid'), 'user/Flag.write'],
    [
      'create',
      { ...create, headers: { ...create.headers, ...representation } },
      undefined,
      'user/Flag.write',
    ],
    [
      'update without If-Match',
      { ...update, headers: { ...update.headers, ...representation } },
      badHeader('If-Match HTTP Header is missing', 'invalid'),
      'user/List.write',
    ],
    [
      'update without Prefer',
      { ...update, headers: { ...update.headers, 'If-Match': 'W/"1"' } },
      badHeader(/Prefer/, 'invalid'),
      'user/List.write',
    ],
    [
      'update',
      { ...update, headers: { ...update.headers, ...representation, 'If-Match': 'W/"1"' } },
      undefined,
      'user/List.write',
    ],
  ];

  test.each(rows)('%s', async (_name, request, refusal, scope = scopes['/Flag']) => {
    const token = await signed(change({ scope }));
    expectAnswer(await send('reasonable-adjustments', token, request, atSpine), 'signed', refusal);
  });
});

/** The table of 5.1, written out once more. */
const calls: [name: string, call: string, interaction: string, scope: string][] = [
  ['read Consent', 'GET /Consent', 'Consent.read:1', 'user/Consent.read'],
  ['read adjustments', 'GET /Flag/9', 'Flag.read:1', 'user/Flag.read'],
  ['read Conditions', 'GET /Condition', 'Condition.read:1', 'user/Condition.read'],
  ['read Conditions, as printed', 'GET /Condition', 'Condition.read:1', 'user/Condition'],
  ['read List', 'GET /List', 'List.read:1', 'user/List.read'],
  ['create Consent', 'POST /Consent', 'Consent.write:1', 'user/Consent.write'],
  ['delete Consent', 'DELETE /Consent/9', 'Consent.write:1', 'user/Consent.write'],
  ['create Flag', 'POST /Flag', 'Flag.write:1', 'user/Flag.write'],
  ['delete Flag', 'DELETE /Flag/9', 'Flag.write:1', 'user/Flag.write'],
  ['create Condition', 'POST /Condition', 'Condition.write:1', 'user/Condition.write'],
  ['delete Condition', 'DELETE /Condition/9', 'Condition.write:1', 'user/Condition.write'],
  ['create List', 'POST /List', 'List.write:1', 'user/List.write'],
  ['update List', 'PUT /List/9', 'List.write:1', 'user/List.write'],
  ['delete List', 'DELETE /List/9', 'List.write:1', 'user/List.write'],
];

const writeHeaders = { ...representation, 'If-Match': 'W/"1"' };

describe.each(calls)('5.1 %s', (_name, call, interaction, scope) => {
  const [method = '', path = ''] = call.split(' ');
  const request = { method, path, headers: { ...headers(interaction), ...writeHeaders } };

  test(`is ${call} with ${scope}`, async () => {
    const token = await signed(change({ scope: `user/Patient.read ${scope}` }));
    expectAnswer(await send('reasonable-adjustments', token, request, atSpine), 'signed', undefined);
  });

  const accepted =
    path.startsWith('/Condition') && method === 'GET' ? ['user/Condition.read', 'user/Condition'] : [scope];
  const others = [...new Set(calls.map((row) => row[3]))].filter((one) => !accepted.includes(one));
  test('is for no other scope', async () => {
    for (const other of [...others, 'user/*.read', 'system/Flag.read']) {
      const answer = await send(
        'reasonable-adjustments',
        await signed(change({ scope: other })),
        request,
        atSpine,
      );
      expectAnswer(answer, 'signed', badHeader(`Required scopes not found in token (${other})`));
    }
  });
});

describe('5.1 $removeflag, which states no scope', () => {
  const call = { method: 'POST', path: '/$removeflag' };
  const rows: [name: string, request: Partial<ResourceRequest>, refusal?: Refusal][] = [
    ['without Prefer', { ...call, headers: headers('removeflag.write:1') }],
    ['of one flag', { ...call, path: '/Flag/$removeflag', headers: headers('removeflag.write:1') }],
    [
      'without its header',
      { ...call, headers: { ...headers('removeflag.write:1'), InteractionID: undefined } },
      badHeader('InteractionID HTTP Header is missing', 'invalid'),
    ],
    ...['Flag.write:1', 'Flag.read:1', 'List.write:1'].map(
      (other): [string, Partial<ResourceRequest>, Refusal] => [
        `under ${other}`,
        { ...call, headers: headers(other) },
        badHeader('InteractionID HTTP Header does not match the method and path of the request', 'invalid'),
      ],
    ),
    [
      'its header over another call',
      { method: 'POST', path: '/Flag', headers: headers('removeflag.write:1') },
      badHeader('InteractionID HTTP Header does not match the method and path of the request', 'invalid'),
    ],
    [
      'by another method',
      { ...call, method: 'GET', headers: headers('removeflag.write:1') },
      badHeader('InteractionID HTTP Header does not match the method and path of the request', 'invalid'),
    ],
  ];

  test.each(rows)('%s', async (_name, request, refusal) => {
    const answer = await send('reasonable-adjustments', await signed(professional), request, atSpine);
    expectAnswer(answer, 'signed', refusal);
  });
});

test('5.1 the table is complete', () => {
  const ids = new Set([...calls.map((row) => row[2]), 'removeflag.write:1']);
  expect(new Set(reasonableAdjustmentsInteractions.map(({ id }) => id.replace(/.*raflags:/, '')))).toEqual(
    ids,
  );
});

test('5.1 without knowledge of the call, one scope of the table is needed', async () => {
  const check = async (scope: string) => send('reasonable-adjustments', await signed(change({ scope })));
  expectAnswer(await check('user/Consent.write'), 'signed', undefined);
  expectAnswer(await check('user/Patient.read'), 'signed', badHeader(/Required scopes/));
});
