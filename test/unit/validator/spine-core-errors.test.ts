import { describe, expect, test } from 'vitest';
import type { Claims, ResourceRequest, ValidatorOptions } from '../../../src/validator/index.ts';
import {
  aroha,
  badHeader,
  citizen,
  directory,
  expectAnswer,
  fernhill,
  fernhillAsid,
  make,
  millbrookAsid,
  priya,
  professional,
  type Refusal,
  send,
  shapes,
  signed,
  spine,
  system,
  unattended,
  without,
} from './world.ts';

type Row = [
  name: string,
  claims: Claims,
  refusal?: Refusal,
  request?: Partial<ResourceRequest>,
  options?: Partial<ValidatorOptions>,
];

const change = (members: Claims): Claims => ({ ...professional, ...members });
const proxied = { via: 'proxy' as const };
const from = (asid: string) => ({ headers: { FromASID: asid, ToASID: millbrookAsid } });

const table: Record<string, Row[]> = {
  '8.3 errors': [
    [
      'no user, sub ≠ system',
      { ...unattended, sub: fernhill },
      badHeader(`requesting_system (${system}) and sub (${fernhill}) claim's values must match`),
    ],
    [
      'user present, sub ≠ user',
      change({ sub: fernhill }),
      badHeader(`requesting_user (${priya}) and sub (${fernhill}) claim's values must match`),
    ],
    [
      'scope not recognised',
      change({ scope: 'everything' }),
      badHeader('Required scopes not found in token (everything)'),
    ],
    [
      'scope not the required one',
      professional,
      badHeader('Required scopes not found in token (user/Flag.read)'),
      { scopes: ['user/Flag.write'] },
    ],
    ['scope the required one', professional, undefined, { scopes: ['user/Flag.read'] }],
    [
      'one of two required scopes',
      professional,
      badHeader(/Required scopes/),
      { scopes: ['user/Flag.read', 'user/List.read'] },
    ],
    [
      'a wildcard covers the required one',
      change({ scope: 'user/*.read' }),
      undefined,
      { scopes: ['user/Flag.read'] },
    ],
    [
      'scope with two spaces',
      change({ scope: 'user/Flag.read  user/List.read' }),
      badHeader(/Required scopes/),
    ],
    [
      'system malformed: a slash for the pipe, as the messages show it',
      change({ requesting_system: 'https://fhir.nhs.uk/Id/accredited-system/200000990800' }),
      badHeader(
        'requesting_system (https://fhir.nhs.uk/Id/accredited-system/200000990800) must be of the form [https://fhir.nhs.uk/Id/accredited-system/[ASID]]',
      ),
    ],
    [
      'system malformed: two pipes',
      change({ requesting_system: `${system}|1` }),
      badHeader(/^requesting_system \(/),
    ],
    [
      'system malformed: no digits',
      change({ requesting_system: 'https://fhir.nhs.uk/Id/accredited-system|x' }),
      badHeader(/^requesting_system/),
    ],
    [
      'system malformed: an object',
      change({ requesting_system: { value: '2' } }),
      badHeader(/^requesting_system \(\{"value":"2"\}\)/),
    ],
    [
      'ASID unknown',
      change({ requesting_system: 'https://fhir.nhs.uk/Id/accredited-system|200000990999' }),
      badHeader('The ASID defined in the requesting_system (200000990999) is unknown'),
      {},
      { directory },
    ],
    [
      'ASID ≠ caller',
      professional,
      badHeader(
        'The ASID defined in the requesting_system (200000990800) does not match the FromASID in the request',
      ),
      from('200000990901'),
      proxied,
    ],
    [
      'ASID ≠ caller, who adds the header of another API',
      professional,
      badHeader(/does not match the FromASID/),
      { headers: { ...from('200000990901').headers, 'ssp-from': '200000990800' } },
      proxied,
    ],
    ['ASID = caller', professional, undefined, from('200000990800'), proxied],
    [
      'organisation malformed',
      change({ requesting_organization: 'ZZ800' }),
      badHeader(
        'requesting_organisation (ZZ800) must be of the form [https://fhir.nhs.uk/Id/ods-organization-code/[ODSCode]',
      ),
    ],
    [
      'organisation an object, as in GP Connect',
      change({ requesting_organization: { resourceType: 'Organization' } }),
      badHeader(/^requesting_organisation \(\{/),
    ],
    [
      'ODS unknown',
      change({ requesting_organization: 'https://fhir.nhs.uk/Id/ods-organization-code|ZZ999' }),
      badHeader('The ODS code defined in the requesting_organisation(ZZ999) is unknown'),
      {},
      { directory },
    ],
    [
      'ODS not of that ASID',
      change({ requesting_organization: 'https://fhir.nhs.uk/Id/ods-organization-code|ZZ901' }),
      badHeader(
        'requesting_system ASID (200000990800) is not associated with the requesting_organisation ODS code (ZZ901)',
      ),
      {},
      { directory },
    ],
    [
      'everything known and associated',
      professional,
      undefined,
      from('200000990800'),
      { ...proxied, directory },
    ],
  ],
};

describe.each(shapes)('%s', (shape) => {
  describe.each(Object.entries(table))('%s', (_section, rows) => {
    test.each(rows)('%s', async (_name, claims, refusal, request, options) => {
      expectAnswer(await send('spine-core', await make(shape, claims), request, options), shape, refusal);
    });
  });
});

describe('7.1 sender and receiver', () => {
  const headers = { FromASID: fernhillAsid, ToASID: millbrookAsid };
  const rows: [name: string, changes: ResourceRequest['headers'], refusal?: Refusal][] = [
    ['both', {}],
    [
      'ToASID another',
      { ToASID: fernhillAsid },
      badHeader('ToASID HTTP Header is not the ASID of this server', 'invalid'),
    ],
    [
      'Ssp-From for FromASID',
      { FromASID: undefined, 'Ssp-From': fernhillAsid },
      badHeader('FromASID HTTP Header is missing', 'invalid'),
    ],
    ...['FromASID', 'ToASID'].flatMap((name): [string, ResourceRequest['headers'], Refusal][] => [
      [`${name} missing`, { [name]: undefined }, badHeader(`${name} HTTP Header is missing`, 'invalid')],
      [`${name} blank`, { [name]: ' ' }, badHeader(`${name} HTTP Header is missing`, 'invalid')],
      [
        `${name} twice`,
        { [name]: [fernhillAsid, millbrookAsid] },
        badHeader(`${name} HTTP Header must be given once`, 'invalid'),
      ],
      [
        `${name} twice the same`,
        { [name]: [millbrookAsid, millbrookAsid] },
        badHeader(`${name} HTTP Header must be given once`, 'invalid'),
      ],
    ]),
  ];

  test.each(rows)('%s', async (_name, changes, refusal) => {
    const request = { headers: { ...headers, ...changes } };
    expectAnswer(await send('spine-core', await signed(professional), request, proxied), 'signed', refusal);
    expectAnswer(await send('spine-core', await signed(professional), request), 'signed', undefined);
  });
});

describe('provenance is named among the checks only where it was compared', () => {
  test.each<[string, boolean, Partial<ResourceRequest>, Partial<ValidatorOptions>]>([
    ['with a directory', true, {}, { directory }],
    ['with the caller', true, from(fernhillAsid), proxied],
    ['with nothing', false, from(fernhillAsid), {}],
  ])('%s', async (_name, isThere, request, options) => {
    const answer = await send('spine-core', await signed(professional), request, options);
    expect(answer.passed.includes('provenance')).toBe(isThere);
  });
});

describe('diagnostics are short, and name no patient unless the published text does', () => {
  const long = 'x'.repeat(2_000_000);
  const rows: [claim: string, claims: Claims][] = [
    ['requesting_system', change({ requesting_system: long })],
    ['requesting_organization', change({ requesting_organization: { name: long } })],
    ['requesting_user', change({ requesting_user: [long] })],
    ['requesting_patient', { ...citizen, requesting_patient: long }],
    ['sub', change({ sub: long })],
    ['scope', change({ scope: long })],
    [
      'ASID',
      change({ requesting_system: `https://fhir.nhs.uk/Id/accredited-system|${'1'.repeat(2_000_000)}` }),
    ],
  ];

  test.each(rows)('%s of two million characters', async (_name, claims) => {
    const answer = await send('spine-core', await signed(claims), {}, { directory });
    expectAnswer(answer, 'signed', badHeader(/^.{1,320}$/s));
  });

  test.each<[string, Claims, string]>([
    [
      'requesting_patient malformed',
      { ...citizen, requesting_patient: '9990001014' },
      'requesting_patient must be of the form [http://fhir.nhs.net/Id/nhs-number|[NHSNumber]]',
    ],
    ['sub ≠ patient', { ...citizen, sub: system }, "requesting_patient and sub claim's values must match"],
    [
      'a patient as user',
      change({ requesting_user: aroha }),
      'requesting_user must be of the form [https://fhir.nhs.uk/Id/sds-role-profile-id|[SDSRoleProfileID]] or [local URI|local id of a person]',
    ],
  ])('%s', async (_name, claims, diagnostics) => {
    expectAnswer(await send('spine-core', await signed(claims)), 'signed', badHeader(diagnostics));
  });
});

test('the whole answer to a refused token', async () => {
  const answer = await send('spine-core', await signed(without(professional, 'scope')));
  expect(answer).toMatchObject({
    status: 400,
    headers: { 'Cache-Control': 'no-store', 'Content-Type': 'application/fhir+json; charset=utf-8' },
    outcome: {
      resourceType: 'OperationOutcome',
      meta: { profile: ['https://fhir.nhs.uk/STU3/StructureDefinition/Spine-OperationOutcome-1'] },
      issue: [
        {
          severity: 'error',
          code: 'structure',
          details: {
            coding: [
              {
                system: 'https://fhir.nhs.uk/STU3/CodeSystem/Spine-ErrorOrWarningCode-1',
                code: 'MISSING_OR_INVALID_HEADER',
                display: 'There is a required header missing or invalid',
              },
            ],
          },
          diagnostics:
            'The mandatory claim [scope] from the JWT associated with the Authorisation header is missing',
        },
      ],
    },
  });
});

test('the first fault is the answer: claims, identifiers, times, subject, provenance, audience, reason, scope', async () => {
  let claims: Claims = {
    ...without(professional, 'iss'),
    requesting_system: 'ASID',
    exp: 0,
    sub: fernhill,
    aud: 'https://elsewhere.example',
    reason_for_request: 'curiosity',
    scope: 'everything',
  };
  const unknownSystem = 'https://fhir.nhs.uk/Id/accredited-system|200000990999';
  const repairs: [RegExp, Claims][] = [
    [/\[iss\]/, { iss: professional.iss }],
    [/requesting_system \(ASID\)/, { requesting_system: unknownSystem }],
    [/300 seconds/, { exp: professional.exp }],
    [/must match/, { sub: priya }],
    [/is unknown/, { requesting_system: system }],
    [/aud/, { aud: spine }],
    [/reason_for_request/, { reason_for_request: 'directcare' }],
    [/Required scopes/, { scope: 'user/Flag.read' }],
  ];
  for (const [fault, repair] of repairs) {
    const answer = await send('spine-core', await signed(claims), {}, { directory });
    expect(JSON.stringify(answer)).toMatch(fault);
    claims = { ...claims, ...repair };
  }
  expectAnswer(await send('spine-core', await signed(claims), {}, { directory }), 'signed', undefined);
});
