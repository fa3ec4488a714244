import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endDecisions } from '../../support/decisions.ts';
import { isActive, newFamily, tryRefresh } from '../../support/exchange.ts';
import { form } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorisationRequest, type Visitor } from '../../support/visitor.ts';
import { needsServer } from '../database/server.ts';
import { heldBy, type ReadyForm, readyForm } from '../withdrawal/taking.ts';
import { createMortals, killEverywhere, type Mortals } from './mortal.ts';
import { expectWhole } from './whole.ts';

/** A person takes back one line, or everything, on her pages, and the node is killed between any two statements of that. */

if (needsServer !== undefined)
  console.warn(`No node is killed while something is taken back on the account pages: ${needsServer}`);

describe.skipIf(needsServer !== undefined)('a node that is killed while a person takes back', () => {
  let server: TestServer;
  let mortals: Mortals;

  beforeAll(async () => {
    server = await startServer();
    mortals = createMortals(server);
    // An application that wants to be told of sign-outs.
    const [web] = await server.sql<{ metadata: object }>(
      `SELECT metadata FROM clients WHERE client_id = 'kete-web'`,
    );
    await server.sql(`UPDATE clients SET metadata = $1 WHERE client_id = 'kete-web'`, [
      JSON.stringify({ ...web?.metadata, backchannel_logout_uri: 'https://kete.example.test/signed-out' }),
    ]);
  });
  afterAll(async () => {
    await mortals?.close();
    await server?.close();
  });

  const taken = 'patient/Appointment.rs';

  /** What a browser sends when the button is pressed. */
  const pressed = (visitor: Visitor, { action, fields }: ReadyForm) => ({
    ...form(fields, {
      Accept: 'text/html',
      Cookie: visitor.cookies('/account').join('; '),
      'Sec-Fetch-Site': 'same-origin',
      Origin: server.issuer,
    }),
    path: action,
  });

  const startAnew = () => endDecisions(server);

  const count = async (text: string, values: readonly unknown[] = []) =>
    (await server.sql(text, values)).length;

  test('CO-03 one line: all of it has happened, or nothing', { timeout: 900_000 }, async () => {
    const done: boolean[] = [];
    const passed = await killEverywhere(mortals, async (meet) => {
      await startAnew();
      const { first, visitor } = await newFamily(server);
      const ready = await readyForm(server, visitor, { clientId: 'kete-web', scope: taken });
      const before = await heldBy(server, 'kete-web');
      const answer = await meet(pressed(visitor, ready));
      if (answer !== undefined) expect(answer.status).toBe(303);
      await expectWhole(server);
      const after = await heldBy(server, 'kete-web');
      const gone = after?.id !== before?.id;
      done.push(gone);
      expect({
        allowed: after?.lines.some((line) => line.scope === taken && line.allowed),
        active: await isActive(server, first),
        audited: await count(
          `SELECT FROM audit_events WHERE type = 'consent.withdrawn' AND detail->>'next' = $1`,
          [after?.id],
        ),
      }).toEqual({ allowed: !gone, active: !gone, audited: gone ? 1 : 0 });
      // The rest goes on, with the same refresh token.
      expect(await tryRefresh(server, first)).toBe('200');
      const { first: anew } = await newFamily(server, { visitor, change: { prompt: 'none' } });
      expect(anew.scope.includes(taken)).toBe(!gone);
      await expectWhole(server);
    });
    console.log(`killed at each of ${passed.length} places: ${passed.join(', ')}`);
    expect(passed).toEqual(
      expect.arrayContaining(['  oidc_artefacts_lock', '  revocations_narrow', 'COMMIT', 'after COMMIT']),
    );
    expect(done).toEqual(done.toSorted());
    expect(new Set(done)).toEqual(new Set([false, true]));
  });

  test('everything: all of it has happened, or nothing', { timeout: 900_000 }, async () => {
    const done: boolean[] = [];
    const passed = await killEverywhere(mortals, async (meet) => {
      await startAnew();
      await server.sql('DELETE FROM logout_notices');
      const { first, visitor } = await newFamily(server);
      const ready = await readyForm(server, visitor, { clientId: 'kete-web' });
      const before = await heldBy(server, 'kete-web');
      const answer = await meet(pressed(visitor, ready));
      if (answer !== undefined) expect(answer.status).toBe(303);
      await expectWhole(server);
      const gone = (await heldBy(server, 'kete-web')) === undefined;
      done.push(gone);
      expect({
        active: await isActive(server, first),
        told: await count(`SELECT FROM logout_notices WHERE client_id = 'kete-web'`),
        audited: await count(
          `SELECT FROM audit_events WHERE type = 'consent.withdrawn' AND detail->>'consent' = $1`,
          [before?.id],
        ),
      }).toEqual({ active: !gone, told: gone ? 1 : 0, audited: gone ? 1 : 0 });
      expect(await tryRefresh(server, first)).toBe(gone ? '400 invalid_grant' : '200');
      const { location = '' } = await visitor.get(
        authorisationRequest(server.issuer, { prompt: 'none' }).url,
      );
      expect(new URL(location).searchParams.get('error')).toBe(gone ? 'consent_required' : null);
      await expectWhole(server);
    });
    console.log(`killed at each of ${passed.length} places: ${passed.join(', ')}`);
    expect(passed).toEqual(
      expect.arrayContaining(['  consents_end_one', '  logout_notices_add', 'COMMIT', 'after COMMIT']),
    );
    expect(done).toEqual(done.toSorted());
    expect(new Set(done)).toEqual(new Set([false, true]));
  });
});
