import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { usual } from './stub.ts';
import { type Browser, createWorld, type World } from './world.ts';

let world: World;
let browser: Browser;

beforeAll(async () => {
  world = await createWorld();
});

afterAll(() => world.close());

beforeEach(async () => {
  browser = await world.connected();
});

const types = [
  'Patient',
  'Immunization',
  'Appointment',
  'MedicationRequest',
  'AllergyIntolerance',
  'Observation',
];

test('each kind is searched for the patient of the token', async () => {
  const searches = world.stub.asked.filter(({ what }) => what.startsWith('GET /demo/fhir/r4/')).slice(-6);
  expect(searches.map(({ what, form }) => `${what.split('/r4/')[1]}?${form}`).sort()).toEqual([
    'AllergyIntolerance?patient=p-wiremu',
    'Appointment?patient=p-wiremu',
    'Immunization?patient=p-wiremu',
    'MedicationRequest?patient=p-wiremu',
    'Observation?patient=p-wiremu',
    'Patient/p-wiremu?',
  ]);
});

test('one kind that was not allowed leaves the others', async () => {
  world.stub.behaviour.fhir.set('AllergyIntolerance', 403);
  const page = await browser.get('/demo/record');
  expect(page.status).toBe(200);
  expect(page.html.match(/You chose not to share this/g)).toHaveLength(1);
  expect(page.html).not.toContain('Penicillin');
  expect(page.html).toContain('Tetanus');
});

test.each([404, 500, 503, 302])('one kind that answers %s could not be read', async (status) => {
  world.stub.behaviour.fhir.set('Immunization', status);
  const page = await browser.get('/demo/record');
  expect(page.status).toBe(200);
  expect(page.html.match(/We could not read this now/g)).toHaveLength(1);
  expect(page.html).toContain('HbA1c');
});

test('nothing allowed: a page of its own', async () => {
  for (const type of types) world.stub.behaviour.fhir.set(type, 403);
  const page = await browser.get('/demo/record');
  expect(page.status).toBe(403);
  expect(page.html).toContain('You chose not to share anything');
});

test('a FHIR server that is out of order: try again later, still connected', async () => {
  for (const type of types) world.stub.behaviour.fhir.set(type, 503);
  const page = await browser.get('/demo/record');
  expect(page.status).toBe(503);
  expect(page.html).toContain('We cannot read the health record now');
  expect(page.html).toContain('href="/demo/record"');
  world.stub.behaviour = usual();
  expect((await browser.get('/demo/record')).status).toBe(200);
});

test('a token that is not good any more: access has ended, and the tokens are forgotten', async () => {
  world.stub.behaviour.fhir.set('Patient', 401);
  const page = await browser.get('/demo/record');
  expect(page.status).toBe(403);
  expect(page.html).toContain('Our access has ended');
  world.stub.behaviour = usual();
  expect(await browser.get('/demo/record')).toMatchObject({ status: 303, location: '/demo' });
});

test('without a connection there is nothing to see', async () => {
  expect(await world.browser().get('/demo/record')).toMatchObject({ status: 303, location: '/demo' });
});

test('SE-01 a cookie that is unknown, twisted or endless is no session', async () => {
  for (const value of ['', 'x', '"', '__proto__', 'x'.repeat(4000), '%00']) {
    browser.cookie = `kete=${value}`;
    expect(await browser.get('/demo/record'), value).toMatchObject({ status: 303, location: '/demo' });
  }
});
