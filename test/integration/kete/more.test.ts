import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Browser, createWorld, type World } from './world.ts';

let world: World;
let browser: Browser;

beforeAll(async () => {
  world = await createWorld();
});

afterAll(() => world.close());

beforeEach(async () => {
  browser = await world.connected();
  world.stub.asked.length = 0;
});

/** Says what she wants more, and comes back from the server. */
async function want(what: string) {
  const { location } = await browser.send('/demo/more', { what });
  const back = (await browser.get(location)).location;
  return { request: new URL(location, world.issuer).searchParams, end: await browser.get(back) };
}

const results = 'patient/Observation.rs';
const adding = 'patient/Observation.c';

describe('what a person may want later', () => {
  test('is not asked for at first', async () => {
    const { location } = await browser.post('/demo/connect');
    expect(new URL(location, world.issuer).searchParams.get('scope')).not.toContain('Observation');
  });

  test.each([
    ['results', results, '/demo/record'],
    ['reading', adding, '/demo/reading'],
  ])(
    '%s: one scope more, beside all that she gave already, and no new question about that',
    async (what, scope, leadsTo) => {
      const { request, end } = await want(what);
      const scopes = request.get('scope')?.split(' ') ?? [];
      expect(scopes.at(-1)).toBe(scope);
      expect(scopes).toEqual(expect.arrayContaining(['openid', 'launch/patient', 'patient/Immunization.rs']));
      expect(request.has('prompt')).toBe(false);
      expect(end).toMatchObject({ status: 303, location: leadsTo });
      expect((await browser.get('/demo/record')).html).toContain(scope);
    },
  );

  test('both, one after the other: the second token opens both', async () => {
    await want('results');
    const { request } = await want('reading');
    expect(request.get('scope')).toContain(`${results} ${adding}`);
  });

  test('asks again only where she herself wants to be asked, after a no', async () => {
    world.stub.behaviour.grant = (scope) => scope.replace(` ${results}`, '');
    world.stub.behaviour.fhir.set('Observation', 403);
    await want('results');
    expect((await browser.get('/demo/record')).html).toContain(
      'You chose not to share this. You can decide again.',
    );
    expect((await want('results')).request.get('prompt')).toBe('consent');
  });

  test('a no at the server leaves what there was', async () => {
    world.stub.behaviour.answer = ({ code: _code, ...rest }) => ({ ...rest, error: 'access_denied' });
    const { end } = await want('reading');
    expect(end).toMatchObject({ status: 303, location: '/demo/reading' });
    const page = await browser.get('/demo/reading');
    expect(page.html).toContain('You chose not to let Kete Health add anything');
    expect((await browser.get('/demo/record')).status).toBe(200);
    expect((await want('reading')).request.get('prompt')).toBe('consent');
  });

  test('another error at the server is a problem as ever', async () => {
    world.stub.behaviour.answer = ({ code: _code, ...rest }) => ({ ...rest, error: 'invalid_scope' });
    expect((await want('reading')).end).toMatchObject({ status: 502 });
  });

  test.each(['', 'everything', '__proto__'])('"%s" is nothing to want', async (what) => {
    expect(await browser.send('/demo/more', { what })).toMatchObject({ status: 303, location: '/demo' });
    expect(world.stub.asked).toEqual([]);
  });

  test('without a connection there is nothing to add to', async () => {
    const other = world.browser();
    expect(await other.send('/demo/more', { what: 'results' })).toMatchObject({ location: '/demo' });
    expect(await other.get('/demo/reading')).toMatchObject({ location: '/demo' });
    expect(await other.send('/demo/reading', { systolic: '120' })).toMatchObject({ location: '/demo' });
  });
});

describe('a blood pressure', () => {
  const typed = { systolic: '131', diastolic: '84' };

  beforeEach(async () => {
    await want('reading');
    world.stub.asked.length = 0;
  });

  test('is sent as FHIR has it, and shown as the record keeps it', async () => {
    expect(await browser.send('/demo/reading', typed)).toMatchObject({
      status: 303,
      location: '/demo/record',
    });
    const [sent] = world.asked('POST /demo/fhir/r4/Observation');
    expect(JSON.parse(sent?.body ?? '')).toMatchObject({
      resourceType: 'Observation',
      status: 'final',
      code: { coding: [{ system: 'http://loinc.org', code: '85354-9' }] },
      subject: { reference: 'Patient/p-wiremu' },
      component: [
        { code: { coding: [{ code: '8480-6' }] }, valueQuantity: { value: 131, code: 'mm[Hg]' } },
        { code: { coding: [{ code: '8462-4' }] }, valueQuantity: { value: 84, code: 'mm[Hg]' } },
      ],
    });
    const { html } = await browser.get('/demo/record');
    expect(html).toContain('Systolic blood pressure: 131 mmHg; Diastolic blood pressure: 84 mmHg');
  });

  test.each<[string, Record<string, string>, string]>([
    ['nothing', {}, 'Enter the upper number'],
    ['one number', { systolic: '131' }, 'Enter the lower number'],
    ['a word', { ...typed, systolic: 'high' }, 'The upper number must be a whole number'],
    ['a fraction', { ...typed, diastolic: '84.5' }, 'The lower number must be a whole number'],
    ['mark-up', { ...typed, systolic: '"><b>' }, 'The upper number must be a whole number'],
    ['too much', { ...typed, systolic: '900' }, 'The upper number must be between 50 and 300'],
    ['too little', { ...typed, diastolic: '2' }, 'The lower number must be between 20 and 200'],
    ['the wrong way round', { systolic: '84', diastolic: '131' }, 'The lower number must be less than'],
  ])('%s: the form again, in plain words, and nothing is sent', async (_what, fields, sentence) => {
    const page = await browser.send('/demo/reading', fields);
    expect(page.status).toBe(422);
    expect(page.html).toContain('<title>Error: Add a blood pressure reading');
    expect(page.html).toContain(sentence);
    expect(page.html).not.toContain('<b>');
    expect(world.asked('POST /demo/fhir/r4/Observation')).toEqual([]);
  });

  test.each([
    [422, 422, 'Your health record did not take these numbers'],
    [400, 422, 'Your health record did not take these numbers'],
    [503, 503, 'Your health record does not answer'],
    [500, 503, 'Your health record does not answer'],
    [403, 403, 'Your health record does not let Kete Health add anything now'],
    [401, 403, 'Our access has ended'],
  ])('the record says %i: %i, in plain words', async (given, status, sentence) => {
    world.stub.behaviour.fhir.set('Observation', given);
    const page = await browser.send('/demo/reading', typed);
    expect(page.status).toBe(status);
    expect(page.html).toContain(sentence);
    if (given !== 401) expect(page.html).toContain('value="131"');
  });

  test('that was added to one record is not shown with another', async () => {
    await browser.send('/demo/reading', typed);
    world.stub.behaviour.patient = 'p-mere';
    expect((await browser.connect()).html).not.toContain('131 mmHg');
  });
});
