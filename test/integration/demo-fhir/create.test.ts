import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BloodPressure, bloodPressureResource } from '../../../src/demo/kete/blood-pressure.ts';
import { type DemoFhir, expectOutcome, fhir, ids, startDemoFhir } from './fixture.ts';

let server: DemoFhir;

beforeAll(async () => {
  server = await startDemoFhir();
});

afterAll(() => server.close());

const token = { scope: 'launch/patient patient/Observation.c', patient: 'p-mere' };
const reader = { scope: 'patient/Observation.rs patient/Provenance.rs', patient: 'p-mere' };
const reading = (pressure: BloodPressure = { systolic: 131, diastolic: 84 }, patient = 'p-mere') =>
  bloodPressureResource(pressure, patient, Date.now() - 60_000);

function send(body: unknown, given: Record<string, unknown> = token, headers: Record<string, string> = {}) {
  return server.as(given, '/Observation', {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'Content-Type': 'application/fhir+json', ...headers },
  });
}

const count = async () => (await fhir(await server.as(reader, '/Observation'))).total;

describe('a blood pressure is added', () => {
  test('201 with its address; it is read and found there', async () => {
    const before = (await count()) ?? 0;
    const answer = await send(reading());
    expect(answer.status).toBe(201);
    const location = answer.headers.get('location') ?? '';
    const body = await fhir(answer);
    expect(location).toBe(`${server.base}/Observation/${body.id}`);
    expect(body).toMatchObject({
      resourceType: 'Observation',
      status: 'final',
      category: [{ coding: [{ code: 'vital-signs' }] }],
      code: { coding: [{ system: 'http://loinc.org', code: '85354-9' }] },
      subject: { reference: 'Patient/p-mere' },
      component: [
        { code: { coding: [{ code: '8480-6' }] }, valueQuantity: { value: 131, code: 'mm[Hg]' } },
        { code: { coding: [{ code: '8462-4' }] }, valueQuantity: { value: 84, code: 'mm[Hg]' } },
      ],
    });
    const read = await server.as(reader, location.slice(server.base.length));
    expect(await fhir(read)).toEqual(body);
    const found = await fhir(await server.as(reader, '/Observation?patient=p-mere&code=85354-9'));
    expect(ids(found)).toContain(body.id);
    expect(await count()).toBe(before + 1);
  });

  test('with a Provenance: the patient wrote it, for nobody else', async () => {
    const { id } = await fhir(await send(reading()));
    const found = await fhir(await server.as(reader, `/Provenance?target=Observation/${id}`));
    expect(found.total).toBe(1);
    expect(found.entry?.[0]?.resource).toMatchObject({
      resourceType: 'Provenance',
      target: [{ reference: `Observation/${id}` }],
      recorded: expect.stringMatching(/^\d{4}-/),
      agent: [{ type: { coding: [{ code: 'author' }] }, who: { reference: 'Patient/p-mere' } }],
    });
    expect(JSON.stringify(found)).not.toContain('onBehalfOf');
  });

  test.each([
    'patient/Observation.cruds',
    'patient/*.c',
    'patient/Observation.write',
    'patient/Observation.*',
  ])('%s adds it as well', async (scope) => {
    expect((await send(reading(), { ...token, scope })).status).toBe(201);
  });

  test('Prefer: return=minimal has no body', async () => {
    const answer = await send(reading(), token, { Prefer: 'return=minimal' });
    expect([answer.status, await answer.text()]).toEqual([201, '']);
  });

  test('what the client calls it, and what is not known here, is not kept', async () => {
    const sent = { ...reading(), id: 'ob-aroha-1', text: { status: 'generated', div: '<div>x</div>' } };
    const body = await fhir(await send(sent));
    expect(body.id).not.toBe('ob-aroha-1');
    expect(body).not.toHaveProperty('text');
  });

  test('the subject may be named by its whole address', async () => {
    const subject = { reference: `${server.base}/Patient/p-mere` };
    const body = await fhir(await send({ ...reading(), subject, performer: [subject] }));
    expect(body).toMatchObject({ subject: { reference: 'Patient/p-mere' } });
  });

  test('ten at once are ten', async () => {
    const before = (await count()) ?? 0;
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(reading())));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    expect(await count()).toBe(before + 10);
  });

  test('the CapabilityStatement says so, of this type alone', async () => {
    const { rest } = (await fhir(await server.call('/metadata'))) as unknown as {
      rest: [{ resource: { type: string; interaction: { code: string }[] }[] }];
    };
    const creating = rest[0].resource.filter(({ interaction }) =>
      interaction.some(({ code }) => code === 'create'),
    );
    expect(creating.map(({ type }) => type)).toEqual(['Observation']);
  });
});

describe('refused, and nothing is added', () => {
  test('without a token: 401', async () => {
    const init = { method: 'POST', headers: { 'Content-Type': 'application/fhir+json' } };
    const answer = await server.call('/Observation', undefined, { ...init, body: JSON.stringify(reading()) });
    expect(answer.headers.get('www-authenticate')).toContain('Bearer');
    await expectOutcome(answer, 401, 'login');
  });

  test('with a token that is over: 401', async () => {
    await expectOutcome(await send(reading(), { ...token, active: false }), 401, 'login');
  });

  test.each<[string, Record<string, unknown>]>([
    ['to read only', { ...token, scope: 'patient/Observation.rs' }],
    ['to change and remove only', { ...token, scope: 'patient/Observation.ud' }],
    ['for another type', { ...token, scope: 'patient/Immunization.c' }],
    ['of a user, not of a patient', { ...token, scope: 'user/Observation.c', fhirUser: 'Patient/p-mere' }],
    ['of a system', { ...token, scope: 'system/Observation.c' }],
    ['for no patient', { scope: token.scope }],
    [
      'for the laboratory alone',
      {
        ...token,
        scope:
          'patient/Observation.c?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory',
      },
    ],
  ])('with a scope %s: 403', async (_what, given) => {
    const before = await count();
    const answer = await send(reading(), given);
    expect(answer.headers.get('www-authenticate')).toContain('insufficient_scope');
    await expectOutcome(answer, 403, 'forbidden');
    expect(await count()).toBe(before);
  });

  test.each(['p-aroha', 'p-nobody', '../Patient/p-mere'])('for the patient %s: 403', async (patient) => {
    await expectOutcome(await send(reading(undefined, patient)), 403, 'forbidden');
  });

  const change = (more: object) => ({ ...reading(), ...more });
  const component = (n: 0 | 1, more: object) => {
    const sent = reading();
    return { ...sent, component: sent.component.map((one, at) => (at === n ? { ...one, ...more } : one)) };
  };
  const value = (more: object) =>
    component(0, { valueQuantity: { ...reading().component[0]?.valueQuantity, ...more } });

  test.each<[string, () => unknown]>([
    ['no status', () => change({ status: undefined })],
    ['a status that is no result yet', () => change({ status: 'preliminary' })],
    ['no category', () => change({ category: [] })],
    ['another category', () => change({ category: [{ coding: [{ system: 'x', code: 'vital-signs' }] }] })],
    ['another code', () => change({ code: { coding: [{ system: 'http://loinc.org', code: '718-7' }] } })],
    ['no subject', () => change({ subject: undefined })],
    ['somebody else who measured', () => change({ performer: [{ reference: 'Practitioner/pr-priya' }] })],
    ['no time', () => change({ effectiveDateTime: undefined })],
    ['a time that is none', () => change({ effectiveDateTime: 'yesterday' })],
    ['a time to come', () => change({ effectiveDateTime: new Date(Date.now() + 3_600_000).toISOString() })],
    ['one number', () => change({ component: reading().component.slice(1) })],
    ['the same number twice', () => change({ component: [reading().component[0], reading().component[0]] })],
    ['another unit', () => value({ code: 'kPa' })],
    ['a number as text', () => value({ value: '131' })],
    ['a number below zero', () => value({ value: -1 })],
    ['a number that no heart has', () => value({ value: 1e9 })],
    ['numbers the wrong way round', () => reading({ systolic: 80, diastolic: 120 })],
    ['something that turns its meaning round', () => change({ modifierExtension: [{ url: 'x' }] })],
  ])('with %s: 422, and which element it is', async (_what, body) => {
    const before = await count();
    const diagnostics = await expectOutcome(await send(body()), 422, expect.any(String) as unknown as string);
    expect(diagnostics).toMatch(
      /status|category|code|subject|performer|effectiveDateTime|component|diastolic|modifier/,
    );
    expect(await count()).toBe(before);
  });

  test.each<[string, unknown]>([
    ['no JSON', '{"resourceType":"Observation"'],
    ['nothing', ''],
    ['a list', '[]'],
    ['null', 'null'],
    ['another resource', { resourceType: 'Patient' }],
    ['no type', {}],
  ])('%s: 400', async (_what, body) => {
    await expectOutcome(await send(body), 400, 'invalid');
  });

  test('more than a reading can be: 413', async () => {
    await expectOutcome(await send({ ...reading(), note: 'x'.repeat(20_000) }), 413, 'too-long');
  });

  test.each(['text/plain', 'application/fhir+xml', 'application/x-www-form-urlencoded'])(
    'as %s: 415',
    async (type) => {
      await expectOutcome(await send(reading(), token, { 'Content-Type': type }), 415, 'not-supported');
    },
  );

  test('nothing of it is in the log', () => {
    expect(server.logLines.join('\n')).not.toMatch(/p-mere|131|85354/);
  });
});
