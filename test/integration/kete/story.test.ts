import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { prove } from '../../support/step-up.ts';
import { allow, createVisitor, formTo, type Page, signIn, type Visitor } from '../../support/visitor.ts';
import { consentFaults } from '../../unit/consents/r4-consent.ts';
import { linesOf } from '../pages/steps.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

/** Kete Health and Assent in one browser: from a form of Kete Health to the page on which that ends. */
function createStory(visitor: Visitor) {
  /** Sends a form of Kete Health, as far as it leads without an answer. */
  async function send(path: string, fields: Record<string, string> = {}): Promise<Page> {
    return visitor.follow(await visitor.post(`${server.issuer}${path}`, Object.entries(fields)));
  }

  /** Goes through the way back to Kete Health. */
  async function arrive(page: Page): Promise<Page> {
    if (page.location === undefined) throw new Error(`no way back at ${page.url}:\n${page.html}`);
    return visitor.follow(await visitor.get(page.location));
  }

  return { send, arrive };
}

test('the story: a record is shown, then her test results, then she adds her blood pressure', async () => {
  const visitor = createVisitor(server.issuer);
  const { send, arrive } = createStory(visitor);

  // A password is enough for what is asked first, and nobody is asked for test results.
  let page = await signIn(visitor, await send('/demo/connect'), { identifier: 'aroha@example.test' });
  expect(linesOf(page).ticked.filter((scope) => scope.includes('Observation'))).toEqual([]);
  let record = await arrive(await allow(visitor, page));
  expect(record.html).toContain('Aroha Ngata');
  expect(record.html).toContain('See your test results');
  expect(record.html).not.toContain('Haemoglobin');

  // Test results take a passkey; she is asked about them alone.
  page = await prove(visitor, await send('/demo/more', { what: 'results' }));
  expect(linesOf(page)).toEqual({ ticked: ['patient/Observation.rs'], unticked: [] });
  expect(page.html).toContain('You already allow');
  record = await arrive(await allow(visitor, page));
  expect(record.html).toContain('Haemoglobin');
  expect(record.html).toContain('patient/Immunization.rs');

  // To write is one more line, which says "add".
  page = await prove(visitor, await send('/demo/more', { what: 'reading' }));
  expect(linesOf(page)).toEqual({ ticked: ['patient/Observation.c'], unticked: [] });
  expect(page.html).toContain('Add test results and measurements to this health record');
  expect(page.html).toContain('What may Kete Health add or change?');
  const form = await arrive(await allow(visitor, page));
  expect(form.url).toContain('/demo/reading');
  expect(formTo(form, '/demo/reading').fields).toEqual([]);

  const wrong = await send('/demo/reading', { systolic: '84', diastolic: '131' });
  expect(wrong.status).toBe(422);
  expect(wrong.html).toContain('The lower number must be less than the upper number');
  record = await send('/demo/reading', { systolic: '131', diastolic: '84' });
  expect(record.url).toContain('/demo/record');
  expect(record.html).toContain('You added this to your health record');
  // Beside what Kete Health remembers, the record itself has it now.
  expect(record.html.match(/Systolic blood pressure: 131 mmHg/g)?.length).toBe(2);

  // It stays, with who wrote it.
  const kept = await server.sql<{ content: Record<string, unknown> }>(
    "SELECT content FROM demo_resources WHERE patient = 'p-aroha' ORDER BY content ->> 'resourceType'",
  );
  expect(kept.map(({ content }) => content)).toMatchObject([
    { resourceType: 'Observation', subject: { reference: 'Patient/p-aroha' } },
    { resourceType: 'Provenance', agent: [{ who: { reference: 'Patient/p-aroha' } }] },
  ]);
});

test('what she decided on the way: three versions, a receipt and a FHIR Consent of the last', async () => {
  const rows = await server.sql<{ id: string; version: number; ended: boolean }>(
    `SELECT id, version, ended_at IS NOT NULL AS ended FROM consents
     WHERE account_id = 'aroha' AND client_id = 'kete-web' ORDER BY version`,
  );
  expect(rows.map(({ version, ended }) => [version, ended])).toEqual([
    [1, true],
    [2, true],
    [3, false],
  ]);
  const id = rows.at(-1)?.id ?? '';
  const visitor = createVisitor(server.issuer);
  let page = await visitor.follow(await visitor.get(`${server.issuer}/account`));
  page = await signIn(visitor, page, { identifier: 'aroha@example.test' });
  const receipt = await visitor.get(`${server.issuer}/account/applications/${id}/receipt`);
  expect(receipt.html).toContain('Yes: Add test results and measurements to this health record');
  const consent = await visitor.get(`${server.issuer}/account/applications/${id}/fhir-consent`);
  const resource: unknown = JSON.parse(consent.html);
  expect(consentFaults(resource)).toEqual([]);
  expect(resource).toMatchObject({
    status: 'active',
    meta: { versionId: '3' },
    patient: { reference: `${server.issuer}/demo/fhir/r4/Patient/p-aroha` },
    provision: {
      type: 'permit',
      action: [{ coding: [{ code: 'access' }] }],
      provision: [{ type: 'permit', action: [{ coding: [{ code: 'collect' }] }] }],
    },
  });
});
