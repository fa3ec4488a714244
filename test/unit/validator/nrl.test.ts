import { describe, test } from 'vitest';
import {
  type Claims,
  type Profile,
  type ResourceRequest,
  retrievalInteraction,
} from '../../../src/validator/index.ts';
import {
  aroha,
  badHeader,
  expectAnswer,
  fernhillAsid,
  make,
  millbrookAsid,
  priya,
  professional,
  proxied,
  type Refusal,
  send,
  shapes,
  signed,
  system,
  without,
} from './world.ts';

const atSpine = { via: 'proxy' } as const;
const patient = aroha.replace('http:', 'https:');
const tama = 'https://fhir.nhs.net/Id/nhs-number|9990001022';
const readScope = 'patient/DocumentReference.read';
const writeScope = 'patient/DocumentReference.write';

const doctor: Claims = { ...professional, scope: readScope };
const citizen: Claims = {
  ...without(professional, 'requesting_user'),
  sub: patient,
  requesting_patient: patient,
  reason_for_request: 'patientaccess',
  scope: readScope,
};
const proxy: Claims = { ...citizen, act: { sub: tama } };
const night: Claims = { ...without(professional, 'requesting_user'), sub: system, scope: writeScope };
const local = 'https://fernhill.example/Id/user|pshah';
const missing = (claim: string) =>
  badHeader(
    `The mandatory claim [${claim}] from the JWT associated with the Authorisation header is missing`,
  );

const rows: [name: string, claims: Claims, refusal?: Refusal][] = [
  [
    'requesting_organization always required',
    without(doctor, 'requesting_organization'),
    missing('requesting_organization'),
  ],
  ['requesting_system always required', without(doctor, 'requesting_system'), missing('requesting_system')],
  ['professional', doctor],
  [
    'professional: must not have requesting_patient',
    { ...doctor, requesting_patient: patient },
    badHeader(/both/),
  ],
  [
    'professional: requesting_user is a URP id',
    { ...doctor, sub: local, requesting_user: local },
    badHeader(/SDSRoleProfileID/),
  ],
  [
    'professional: sub = requesting_user',
    { ...doctor, sub: system },
    badHeader(/^requesting_user .* must match$/),
  ],
  ['professional: directcare', { ...doctor, reason_for_request: 'secondaryuses' }, badHeader(/directcare/)],
  ['professional: act is for citizens', { ...doctor, act: { sub: tama } }, badHeader(/^act must only/)],
  ['citizen', citizen],
  ['citizen: under the http system of Spine Core', { ...citizen, sub: aroha, requesting_patient: aroha }],
  ['citizen: must not have requesting_user', { ...citizen, requesting_user: priya }, badHeader(/both/)],
  [
    'citizen: sub = requesting_patient',
    { ...citizen, sub: system },
    badHeader("requesting_patient and sub claim's values must match"),
  ],
  ['citizen: the two compared literally', { ...citizen, sub: aroha }, badHeader(/must match$/)],
  ['citizen: patientaccess', { ...citizen, reason_for_request: 'directcare' }, badHeader(/patientaccess/)],
  ['citizen for another citizen', proxy],
  [
    'citizen for another citizen: sub is the subject of the record',
    { ...proxy, sub: tama },
    badHeader(/must match$/),
  ],
  [
    'citizen for another citizen: act.sub malformed',
    { ...proxy, act: { sub: '9990001022' } },
    badHeader(/act\.sub/),
  ],
  ['citizen for another citizen: act.sub missing', { ...proxy, act: {} }, badHeader(/act\.sub/)],
  ['citizen for another citizen: act a text', { ...proxy, act: tama }, badHeader(/act\.sub/)],
  [
    'citizen for another citizen: no requesting_user',
    { ...proxy, requesting_user: priya },
    badHeader(/both/),
  ],
  ['unattended', night],
  [
    'unattended: sub = requesting_system',
    { ...night, sub: priya },
    badHeader(/^requesting_system .* must match$/),
  ],
  ['unattended: directcare', { ...night, reason_for_request: 'patientaccess' }, badHeader(/directcare/)],
  ['unattended: providers only', { ...night, scope: readScope }, badHeader(/Required scopes/)],
  ['unattended: act is for citizens', { ...night, act: { sub: tama } }, badHeader(/^act must only/)],
  ['scope one of the two', { ...doctor, scope: writeScope }],
  ['scope exactly one', { ...doctor, scope: `${readScope} ${writeScope}` }, badHeader(/Required scopes/)],
  ['scope of a retrieval', { ...doctor, scope: 'patient/*.read' }, badHeader(/Required scopes/)],
  ['scope of another type', { ...doctor, scope: 'patient/Patient.read' }, badHeader(/Required scopes/)],
];

describe.each(shapes)('5.2 flows, %s', (shape) => {
  test.each(rows)('%s', async (_name, claims, refusal) => {
    expectAnswer(await send('nrl', await make(shape, claims)), shape, refusal);
  });
});

describe('5.2 calls', () => {
  const headers = { fromASID: fernhillAsid, toASID: millbrookAsid };
  const retrieval = { ...proxied(''), 'Ssp-InteractionID': retrievalInteraction };
  const pointer = '/DocumentReference/9';
  type Call = [
    name: string,
    profile: Profile,
    scope: string,
    request: Partial<ResourceRequest>,
    refusal?: Refusal,
  ];

  const calls: Call[] = [
    ['consumer reads a pointer', 'nrl', readScope, { method: 'GET', path: pointer, headers }],
    [
      'consumer scope for writing',
      'nrl',
      readScope,
      { method: 'POST', path: '/DocumentReference', headers },
      badHeader(/Required scopes/),
    ],
    ['provider writes a pointer', 'nrl', writeScope, { method: 'POST', path: '/DocumentReference', headers }],
    [
      'provider scope for reading',
      'nrl',
      writeScope,
      { method: 'GET', path: pointer, headers },
      badHeader(/Required scopes/),
    ],
    [
      'fromASID missing',
      'nrl',
      readScope,
      { method: 'GET', headers: { toASID: millbrookAsid } },
      badHeader('fromASID HTTP Header is missing', 'invalid'),
    ],
    [
      'toASID missing',
      'nrl',
      readScope,
      { method: 'GET', headers: { fromASID: fernhillAsid } },
      badHeader('toASID HTTP Header is missing', 'invalid'),
    ],
    [
      'Authorization missing',
      'nrl',
      readScope,
      { method: 'GET', headers: { ...headers, authorization: undefined } },
      badHeader('The Authorisation header must be supplied', 'structure'),
    ],
    [
      'consumer retrieves',
      'nrl-retrieval',
      'patient/*.read',
      { method: 'GET', path: '/Binary/9', headers: retrieval },
    ],
    [
      'provider retrieves',
      'nrl-retrieval',
      'patient/*.write',
      { method: 'GET', path: '/Binary/9', headers: retrieval },
    ],
    [
      'retrieval with the scope of the index',
      'nrl-retrieval',
      readScope,
      { method: 'GET', headers: retrieval },
      badHeader(/Required scopes/),
    ],
    [
      'retrieval under another interaction',
      'nrl-retrieval',
      'patient/*.read',
      { method: 'GET', headers: proxied('fhir:rest:read:patient-1') },
      badHeader(/Ssp-InteractionID/, 'invalid'),
    ],
    [
      'retrieval without Ssp-From',
      'nrl-retrieval',
      'patient/*.read',
      { method: 'GET', headers: { ...retrieval, 'Ssp-From': undefined } },
      badHeader('Ssp-From HTTP Header is missing', 'invalid'),
    ],
  ];

  test.each(calls)('%s', async (_name, profile, scope, request, refusal) => {
    const token = await signed({ ...doctor, scope });
    expectAnswer(await send(profile, token, request, atSpine), 'signed', refusal);
  });

  describe.each(shapes)('retrieval by whom, %s', (shape) => {
    const wide = (claims: Claims, scope = 'patient/*.read'): Claims => ({ ...claims, scope });
    const rows: [name: string, claims: Claims, refusal?: Refusal][] = [
      ['professional', wide(doctor)],
      ['citizen', wide(citizen)],
      ['citizen for another citizen', wide(proxy)],
      ['citizen for another citizen, without act.sub', { ...wide(proxy), act: {} }, badHeader(/act\.sub/)],
      ['unattended, to read', wide(night), badHeader('Required scopes not found in token (patient/*.read)')],
      ['unattended, to write', wide(night, 'patient/*.write')],
    ];

    test.each(rows)('%s', async (_name, claims, refusal) => {
      const request = { method: 'GET', path: '/Binary/9', headers: retrieval };
      const answer = await send('nrl-retrieval', await make(shape, claims), request, atSpine);
      expectAnswer(answer, shape, refusal);
    });
  });

  describe('both the ASID and the ODS code are known, the ASID is the caller and belongs to the code', () => {
    const known: [string, string[]][] = [
      [fernhillAsid, ['ZZ800']],
      [millbrookAsid, ['ZZ901']],
    ];
    const rows: [string, [string, string[]][], string, string?][] = [
      ['all of it', known, fernhillAsid],
      [
        'unknown ASID',
        [[millbrookAsid, ['ZZ800']]],
        fernhillAsid,
        'The ASID defined in the requesting_system (200000990800) is unknown',
      ],
      [
        'unknown ODS code',
        [[fernhillAsid, ['ZZ801']]],
        fernhillAsid,
        'The ODS code defined in the requesting_organisation(ZZ800) is unknown',
      ],
      [
        'ASID ≠ fromASID',
        known,
        millbrookAsid,
        'The ASID defined in the requesting_system (200000990800) does not match the FromASID in the request',
      ],
      [
        'ODS code of another ASID',
        [
          [fernhillAsid, ['ZZ801']],
          [millbrookAsid, ['ZZ800']],
        ],
        fernhillAsid,
        'requesting_system ASID (200000990800) is not associated with the requesting_organisation ODS code (ZZ800)',
      ],
    ];

    test.each(rows)('%s', async (_name, entries, fromASID, diagnostics) => {
      const options = { ...atSpine, directory: new Map(entries) };
      const request = { method: 'GET', headers: { ...headers, fromASID } };
      const answer = await send('nrl', await signed(doctor), request, options);
      expectAnswer(answer, 'signed', diagnostics === undefined ? undefined : badHeader(diagnostics));
    });

    test('a retrieval is sent by Ssp-From, whatever fromASID says', async () => {
      const claims = await signed({ ...doctor, scope: 'patient/*.read' });
      const sent = (more: object) => ({ method: 'GET', headers: { ...retrieval, ...more } });
      const wrong = sent({ 'Ssp-From': millbrookAsid, fromASID: fernhillAsid });
      expectAnswer(
        await send('nrl-retrieval', claims, wrong, atSpine),
        'signed',
        badHeader(/does not match the FromASID/),
      );
      const right = sent({ fromASID: millbrookAsid });
      expectAnswer(await send('nrl-retrieval', claims, right, atSpine), 'signed', undefined);
    });
  });
});
