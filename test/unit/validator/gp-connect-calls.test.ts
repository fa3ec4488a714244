import { describe, expect, test } from 'vitest';
import {
  type Claims,
  interactions,
  interactions0,
  type ResourceRequest,
} from '../../../src/validator/index.ts';
import {
  atProxy,
  badRequest,
  careRecord,
  expectAnswer,
  getStructured,
  proxied,
  scoped,
  send,
  signed,
  structured,
} from './world.ts';

const token = await signed(structured);

/** Section 7.3, written out once more: id, call, and from 6.1 what its token must say. */
const calls: [
  id: string,
  call: string,
  scope: string,
  conf: '' | 'optional' | 'required',
  reason?: 'migration' | 'directcare',
][] = [
  ['fhir:rest:read:metadata-1', 'GET /metadata', 'organization/*.read', ''],
  ['fhir:rest:read:patient-1', 'GET /Patient/9', 'patient/*.read', ''],
  ['fhir:rest:search:patient-1', 'GET /Patient', 'patient/*.read', ''],
  ['fhir:rest:read:practitioner-1', 'GET /Practitioner/9', 'organization/*.read', ''],
  ['fhir:rest:search:practitioner-1', 'GET /Practitioner', 'organization/*.read', ''],
  ['fhir:rest:read:organization-1', 'GET /Organization/9', 'organization/*.read', ''],
  ['fhir:rest:search:organization-1', 'GET /Organization', 'organization/*.read', ''],
  ['fhir:rest:read:location-1', 'GET /Location/9', 'organization/*.read', ''],
  ['fhir:rest:read:healthcareservice-1', 'GET /HealthcareService/9', 'organization/*.read', ''],
  ['fhir:rest:search:healthcareservice-1', 'GET /HealthcareService', 'organization/*.read', ''],
  ['fhir:operation:gpc.registerpatient-1', 'POST /Patient/$gpc.registerpatient', 'patient/*.write', ''],
  ['fhir:rest:search:slot-1', 'GET /Slot', 'organization/*.read', ''],
  ['fhir:rest:create:appointment-1', 'POST /Appointment', 'patient/*.write', ''],
  ['fhir:rest:read:appointment-1', 'GET /Appointment/9', 'patient/*.read', ''],
  ['fhir:rest:update:appointment-1', 'PUT /Appointment/9', 'patient/*.write', ''],
  ['fhir:rest:cancel:appointment-1', 'PUT /Appointment/9', 'patient/*.write', ''],
  ['fhir:rest:search:patient_appointments-1', 'GET /Patient/9/Appointment', 'patient/*.read', ''],
  [
    'fhir:operation:gpc.getstructuredrecord-1',
    'POST /Patient/$gpc.getstructuredrecord',
    'patient/*.read',
    'optional',
  ],
  [
    'fhir:operation:gpc.migratestructuredrecord-1',
    'POST /Patient/$gpc.migratestructuredrecord',
    'patient/*.read',
    'required',
    'migration',
  ],
  ['structured:fhir:rest:read:metadata-1', 'GET /metadata', 'organization/*.read', ''],
  ['documents:fhir:rest:read:metadata-1', 'GET /metadata', 'organization/*.read', ''],
  ['documents:fhir:rest:search:patient-1', 'GET /Patient', 'patient/*.read', ''],
  [
    'documents:fhir:rest:search:documentreference-1',
    'GET /Patient/9/DocumentReference',
    'patient/*.read',
    'optional',
  ],
  ['documents:fhir:rest:read:binary-1', 'GET /Binary/9', 'patient/*.read', 'optional'],
  ['documents:fhir:rest:migrate:binary-1', 'GET /Binary/9', 'patient/*.read', 'optional', 'migration'],
];

test('the table of interactions is complete', () => {
  expect(interactions.map(({ id }) => id)).toEqual(
    calls.map(([id]) => `urn:nhs:names:services:gpconnect:${id}`),
  );
});

describe.each(calls)('7.3 and 6.1 %s', (id, call, scope, conf, reason = 'directcare') => {
  const [method = '', path = ''] = call.split(' ');
  const request = { method, path, headers: proxied(id), registeredPractice: 'ZZ800' };
  const check = async (claims: Claims, changed: Partial<ResourceRequest> = {}) =>
    send('gp-connect', await signed(claims), { ...request, ...changed }, atProxy);
  const right = conf === 'required' ? `${scope} conf/N` : scope;

  test(`is ${call} with ${right} and ${reason}`, async () => {
    expectAnswer(await check(scoped(right, { reason_for_request: reason })), 'signed', undefined);
    const query = { path: `${path}?_count=10` };
    expectAnswer(await check(scoped(right, { reason_for_request: reason }), query), 'signed', undefined);
  });

  test('is not another method', async () => {
    const other = { method: method === 'GET' ? 'POST' : 'GET' };
    expectAnswer(await check(scoped(right), other), 'signed', badRequest(/method and path/));
  });

  test.each(['/', '/Group', `${path}/1/2`, path.toUpperCase()])('is not the path %s', async (other) => {
    expectAnswer(await check(scoped(right), { path: other }), 'signed', badRequest(/method and path/));
  });

  const others = ['patient/*.read', 'patient/*.write', 'organization/*.read', 'organization/*.write'];
  test.each(others.filter((one) => one !== scope))('is not for %s', async (one) => {
    expectAnswer(
      await check(scoped(right.replace(scope, one), { reason_for_request: reason })),
      'signed',
      badRequest(`JWT claim requested_scope must be ${scope} for this call`),
    );
  });

  test(`conf is ${conf || 'not for it'}`, async () => {
    const say = (text: string) => check(scoped(text, { reason_for_request: reason }));
    expectAnswer(
      await say(scope),
      'signed',
      conf === 'required' ? badRequest(/conf\/N or conf\/R/) : undefined,
    );
    expectAnswer(await say(`${scope} conf/N`), 'signed', undefined);
    expectAnswer(await say(`conf/N ${scope}`), 'signed', undefined);
    expectAnswer(
      await say(`${scope} conf/R`),
      'signed',
      conf === '' ? badRequest(/must not have conf\/R/) : undefined,
    );
  });

  test(`is for no other reason than ${reason}`, async () => {
    const other = reason === 'migration' ? 'directcare' : 'migration';
    expectAnswer(
      await check(scoped(right, { reason_for_request: other })),
      'signed',
      badRequest(`JWT claim reason_for_request must be ${reason} for this interaction`),
    );
  });
});

describe('7.3 version 0.x', () => {
  const rows: [string, string, string][] = [
    ['fhir:rest:read:metadata', 'GET /metadata', 'organization/*.read'],
    ['fhir:operation:gpc.getcarerecord', 'POST /Patient/$gpc.getcarerecord', 'patient/*.read'],
  ];

  test('has two interactions', () => expect(interactions0).toHaveLength(rows.length));

  test.each(rows)('%s', async (id, call, requested_scope) => {
    const [method = '', path = ''] = call.split(' ');
    const request = { method, path, headers: proxied(id) };
    const right = await signed({ ...careRecord, requested_scope });
    expectAnswer(await send('gp-connect-0', right, request, atProxy), 'signed', undefined);
    const newer = { ...request, headers: proxied(`${id}-1`) };
    expectAnswer(
      await send('gp-connect-0', right, newer, atProxy),
      'signed',
      badRequest(/not a known/),
      'gp-connect-0',
    );
    const wrong = await signed({ ...careRecord, requested_scope: 'organization/*.write' });
    expectAnswer(
      await send('gp-connect-0', wrong, request, atProxy),
      'signed',
      badRequest(/requested_scope/),
      'gp-connect-0',
    );
  });
});

test('the $ of an operation may come percent-encoded', async () => {
  const request = { ...getStructured, path: '/Patient/%24gpc.getstructuredrecord' };
  expectAnswer(await send('gp-connect', token, request, atProxy), 'signed', undefined);
});
