import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DemoFhir, fhir, ids, startDemoFhir } from './fixture.ts';

let server: DemoFhir;

beforeAll(async () => {
  server = await startDemoFhir();
});

afterAll(() => server.close());

const aroha = { scope: 'patient/*.rs', patient: 'p-aroha', fhirUser: 'Patient/p-aroha' };
const form = (body: string) => ({
  method: 'POST',
  headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
  body,
});

test('a patient reads her own record', async () => {
  const answer = await server.as(aroha, '/Patient/p-aroha');
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('application/fhir+json; charset=utf-8');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(await fhir(answer)).toMatchObject({
    resourceType: 'Patient',
    id: 'p-aroha',
    name: [{ text: 'Aroha Ngata' }],
    identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: '9990001014' }],
  });
});

test('the macron in a name arrives as it is', async () => {
  const answer = await server.as({ scope: 'patient/Patient.r', patient: 'p-wiremu' }, '/Patient/p-wiremu');
  expect(await answer.text()).toContain('P\u014dtae');
});

test('an id may be percent-encoded', async () => {
  expect((await server.as(aroha, '/Patient/p%2Daroha')).status).toBe(200);
});

test('HEAD tells the same without a body', async () => {
  const answer = await server.as(aroha, '/Patient/p-aroha', { method: 'HEAD' });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('application/fhir+json; charset=utf-8');
  expect(await answer.text()).toBe('');
});

test('a search finds what is in the record and says where to find it again', async () => {
  const body = await fhir(await server.as(aroha, '/Immunization?patient=p-aroha&status=completed'));
  expect(body).toMatchObject({ resourceType: 'Bundle', type: 'searchset', total: 3 });
  expect(ids(body)).toEqual(['im-aroha-1', 'im-aroha-2', 'im-aroha-3']);
  expect(body.entry?.[0]?.fullUrl).toBe(`${server.base}/Immunization/im-aroha-1`);
  expect(body.link).toEqual([
    { relation: 'self', url: `${server.base}/Immunization?patient=p-aroha&status=completed` },
  ]);
});

test('a search finds nothing of others, and an empty Bundle has no entry', async () => {
  const body = await fhir(await server.as(aroha, '/Immunization?patient=p-tama'));
  expect(body.total).toBe(0);
  expect(body).not.toHaveProperty('entry');
});

test('pages lead from one to the next until all was seen', async () => {
  const seen: string[] = [];
  let next: string | undefined = `${server.base}/Immunization?_count=2`;
  while (next !== undefined) {
    const body = await fhir(await server.as(aroha, next.slice(server.base.length)));
    expect(body.total).toBe(3);
    seen.push(...ids(body));
    next = body.link?.find(({ relation }) => relation === 'next')?.url;
  }
  expect(seen).toEqual(['im-aroha-1', 'im-aroha-2', 'im-aroha-3']);
});

test('_count=0 only counts', async () => {
  const body = await fhir(await server.as(aroha, '/Immunization?_count=0'));
  expect(body.total).toBe(3);
  expect(ids(body)).toEqual([]);
  expect(body.link).toHaveLength(1);
});

test('a search by POST counts its form and its query together', async () => {
  const answer = await server.as(aroha, '/Observation/_search?status=final', form('category=laboratory'));
  expect(answer.status).toBe(200);
  expect(ids(await fhir(answer))).toEqual(['ob-aroha-1']);
});

test('a search by POST may have no body', async () => {
  const answer = await server.as(aroha, '/Observation/_search', { method: 'POST' });
  expect(answer.status).toBe(200);
  expect((await fhir(answer)).total).toBe(2);
});

test('a restricted scope shows only what it names', async () => {
  const laboratory = 'http://terminology.hl7.org/CodeSystem/observation-category|laboratory';
  const restricted = {
    ...aroha,
    fhirUser: undefined,
    scope: `patient/Observation.rs?category=${laboratory}`,
  };
  expect(ids(await fhir(await server.as(restricted, '/Observation')))).toEqual(['ob-aroha-1']);
  expect((await server.as(restricted, '/Observation/ob-aroha-1')).status).toBe(200);
  expect((await server.as(restricted, '/Observation/ob-aroha-2')).status).toBe(404);
});

test('a patient who signed in is named, and no more than that without a scope for it', async () => {
  const named = { ...aroha, scope: 'openid fhirUser patient/Immunization.rs' };
  const bare = await fhir(await server.as(named, '/Patient/p-aroha'));
  expect(Object.keys(bare).sort()).toEqual(['id', 'name', 'resourceType']);
  expect(await fhir(await server.as(aroha, '/Patient/p-aroha'))).toHaveProperty('birthDate');
});

test('a delegate reads the RelatedPerson that she is, and nothing else of that type', async () => {
  const delegate = {
    scope: 'patient/Immunization.rs',
    patient: 'p-tama',
    fhirUser: `${server.base}/RelatedPerson/rp-aroha-tama`,
  };
  const own = await server.as(delegate, '/RelatedPerson/rp-aroha-tama');
  expect(own.status).toBe(200);
  expect(await fhir(own)).toMatchObject({ patient: { reference: 'Patient/p-tama' }, active: true });
  for (const path of ['/RelatedPerson/rp-aroha-hana', '/RelatedPerson/rp-none', '/RelatedPerson'])
    expect((await server.as(delegate, path)).status, path).toBe(403);
});

test('a system reads everything its scopes name', async () => {
  const system = { scope: 'system/Patient.rs' };
  expect((await fhir(await server.as(system, '/Patient'))).total).toBe(7);
  const found = await server.as(system, '/Patient?identifier=https://fhir.nhs.uk/Id/nhs-number|9990001022');
  expect(ids(await fhir(found))).toEqual(['p-tama']);
});

test('the label of a sensitive vaccination is told', async () => {
  const body = await fhir(
    await server.as({ scope: 'patient/*.r', patient: 'p-hana' }, '/Immunization/im-hana-2'),
  );
  expect(body.meta).toMatchObject({
    security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'SEX' }],
  });
});

test('introspection is asked with credentials in form encoding, once a request', async () => {
  const before = server.introspections.length;
  await server.as(aroha, '/Patient/p-aroha');
  const asked = server.introspections.slice(before);
  expect(asked).toHaveLength(1);
  expect(Buffer.from(asked[0]?.authorization.slice('Basic '.length) ?? '', 'base64').toString()).toBe(
    'demo-fhir-server:a+secret%3A+with%2Fodd%2Bsigns',
  );
  expect(asked[0]?.form.get('token_type_hint')).toBe('access_token');
});

test('a token that ends counts no longer at once', async () => {
  server.tokens.set('ending', aroha);
  expect((await server.call('/Patient/p-aroha', 'ending')).status).toBe(200);
  server.tokens.delete('ending');
  expect((await server.call('/Patient/p-aroha', 'ending')).status).toBe(401);
});

test('/metadata needs no token and lists what is served', async () => {
  const answer = await server.call('/metadata');
  expect(answer.status).toBe(200);
  const body = await fhir(answer);
  expect(body).toMatchObject({ resourceType: 'CapabilityStatement', fhirVersion: '4.0.1', kind: 'instance' });
  const [rest] = body.rest as { resource: { type: string; searchParam: { name: string }[] }[] }[];
  expect(rest?.resource).toHaveLength(10);
  expect(
    rest?.resource.find(({ type }) => type === 'Observation')?.searchParam.map(({ name }) => name),
  ).toContain('category');
  expect(JSON.stringify(rest)).toContain('SMART-on-FHIR');
});

test.each(['/.well-known/smart-configuration', '/../r5/Patient', '4/Patient', '/../../fhir'])(
  '%s belongs to others and is passed on',
  async (path) => {
    expect(await (await server.call(path)).text()).toBe('passed on');
  },
);

test('a page of any origin may ask and read the answer', async () => {
  const origin = { Origin: 'https://app.example.test' };
  const preflight = await server.call('/Patient/p-aroha', undefined, {
    method: 'OPTIONS',
    headers: {
      ...origin,
      'Access-Control-Request-Method': 'GET',
      'Access-Control-Request-Headers': 'authorization',
    },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get('access-control-allow-methods')).toBe('GET, HEAD, POST, OPTIONS');
  expect(preflight.headers.get('access-control-allow-headers')).toContain('Authorization');
  const answers = [
    preflight,
    await server.as(aroha, '/Patient/p-aroha', { headers: origin }),
    await server.call('/Patient/p-aroha', 'unknown', { headers: origin }),
    await server.call('/metadata', undefined, { headers: origin }),
  ];
  for (const { headers } of answers) {
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(headers.get('access-control-expose-headers')).toContain('WWW-Authenticate');
    expect(headers.get('access-control-allow-credentials')).toBeNull();
  }
});
