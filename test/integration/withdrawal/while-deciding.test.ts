import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { endDecisions } from '../../support/decisions.ts';
import { holdStatement } from '../../support/held.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import {
  allow,
  authorisationRequest,
  authorise,
  createVisitor,
  exchange,
  introspect,
  keteWeb,
  type Visitor,
} from '../../support/visitor.ts';
import { heldBy, readyForm } from './taking.ts';

/** A line is taken back while a page that asks for more is answered: no order of the two brings it back. */

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());
afterEach(() => endDecisions(server));

const taken = 'patient/Patient.rs';
const before = `openid fhirUser launch/patient offline_access ${taken} patient/Immunization.rs`;
const medicines = 'patient/MedicationRequest.rs';
/** What is new, and another spelling of a part of what is taken back: nobody is asked about that. */
const after = { scope: `${before} patient/Patient.r ${medicines}` };

/** Somebody who is asked for more. */
async function asked() {
  const { visitor } = await authorise(server, { change: { scope: before } });
  const { url } = authorisationRequest(server.issuer, after);
  const page = await visitor.follow(await visitor.get(url));
  expect(page.html).toContain('/consent"');
  return { visitor, page };
}

/** What the decision that holds allows. */
async function allowed(): Promise<readonly string[]> {
  const lines = (await heldBy(server, keteWeb[0]))?.lines.filter((line) => line.allowed) ?? [];
  return lines.map(({ scope }) => scope);
}

/** A token by the decision as it is now. */
async function tokenOf(visitor: Visitor) {
  const token = await exchange(server, await authorise(server, { visitor, change: after }));
  const told = await introspect(server, token.access_token);
  expect(told.active).toBe(true);
  return String(told.scope).split(' ');
}

describe('CO-03 a line that is taken back while a page that asks for more is answered', () => {
  test('after the page had read what holds: it stays taken back, in every spelling', async () => {
    const { visitor, page } = await asked();
    const { action, fields } = await readyForm(server, visitor, { clientId: 'kete-web', scope: taken });
    const held = holdStatement(server, (name) => name === 'standings_find', 'after');
    const allowing = allow(visitor.copy(), page);
    await held.reached;
    expect((await visitor.copy().post(action, fields)).status).toBe(303);
    held.release();
    expect((await allowing).location).toContain('code=');
    expect(await allowed()).toEqual(expect.arrayContaining([medicines, 'patient/Immunization.rs']));
    expect((await allowed()).join(' ')).not.toContain('patient/Patient.');
    expect((await tokenOf(visitor)).join(' ')).not.toContain('patient/Patient.');
  });

  test('after the answer was kept, before its grant is made: she comes back with the rest', async () => {
    const { visitor, page } = await asked();
    const { action, fields } = await readyForm(server, visitor, { clientId: 'kete-web', scope: taken });
    const held = holdStatement(server, (name) => name.startsWith('oidc_artefacts_add_grant'));
    const allowing = allow(visitor.copy(), page);
    await held.reached;
    expect((await visitor.copy().post(action, fields)).location).toContain('/account/applications/');
    held.release();
    expect((await allowing).location).toContain('code=');
    expect((await tokenOf(visitor)).join(' ')).not.toContain('patient/Patient.');
  });

  test('everything, after the page had read it: nothing is decided, and the page asks about all of it', async () => {
    const { visitor, page } = await asked();
    const { action, fields } = await readyForm(server, visitor, { clientId: 'kete-web' });
    const held = holdStatement(server, (name) => name === 'standings_find', 'after');
    const browser = visitor.copy();
    const allowing = allow(browser, page);
    await held.reached;
    expect((await visitor.copy().post(action, fields)).status).toBe(303);
    held.release();
    expect((await allowing).status).toBe(403);
    expect(await allowed()).toEqual([]);
    expect((await allow(browser, await browser.get(page.url))).location).toContain('code=');
    expect(await allowed()).toContain(taken);
  });

  test('at the same moment, again and again: no grant opens what its decision says was taken back', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { visitor, page } = await asked();
      // Elsewhere: answering gives the session of this browser another name.
      const elsewhere = createVisitor(server.issuer);
      const { action, fields } = await readyForm(server, elsewhere, { clientId: 'kete-web', scope: taken });
      const [allowing, taking] = await Promise.all([allow(visitor, page), elsewhere.post(action, fields)]);
      expect(allowing.location).toContain('code=');
      expect(taking.location).toContain('/account/applications/');
      expect((await allowed()).join(' ')).not.toContain('patient/Patient.');
      const scopes = await tokenOf(visitor);
      expect(scopes).toContain(medicines);
      expect(scopes.join(' ')).not.toContain('patient/Patient.');
      await endDecisions(server);
    }
  });
});
