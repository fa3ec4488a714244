import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isActive, newFamily, tryRefresh } from '../../support/exchange.ts';
import { form } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorisationRequest, createVisitor, formTo, type Visitor } from '../../support/visitor.ts';
import { needsServer } from '../database/server.ts';
import { createMortals, killEverywhere, type Mortals } from './mortal.ts';
import { expectWhole } from './whole.ts';

/** F-02: a person takes something back, and the node is killed between any two statements of that. */

if (needsServer !== undefined)
  console.warn(
    `No node is killed while something is taken back, as nobody could share its database: ${needsServer}`,
  );

describe.skipIf(needsServer !== undefined)(
  'a node that is killed while a person takes something back',
  () => {
    let server: TestServer;
    let mortals: Mortals;

    beforeAll(async () => {
      server = await startServer();
      mortals = createMortals(server);
    });
    afterAll(async () => {
      await mortals?.close();
      await server?.close();
    });

    const taken = 'patient/Appointment.rs';

    /** The consent page, asked for anew, and what is sent when everything is ticked, or all but one line. */
    async function page(visitor: Visitor, all: boolean) {
      const request = authorisationRequest(server.issuer, { prompt: 'consent' });
      const { action, fields } = formTo(await visitor.follow(await visitor.get(request.url)), '/consent');
      const others = fields.filter(([, value]) => value !== taken);
      const line = all ? [['line', taken] as const] : [];
      return { action, sent: [...others, ...line, ['decision', 'allow']] as const };
    }

    const live = () =>
      server.sql<{ id: string }>(`SELECT id FROM consents WHERE account_id = 'aroha' AND ended_at IS NULL`);

    test('has ended everything that came from before, or nothing', { timeout: 300_000 }, async () => {
      const visitor = createVisitor(server.issuer);
      await newFamily(server, { visitor });
      const ended: string[] = [];
      const passed = await killEverywhere(mortals, async (meet) => {
        // Taking it back ends what earlier rounds left, so that each round has as many statements as the last.
        for (const all of [true, false, true]) {
          const { action, sent } = await page(visitor, all);
          await visitor.follow(await visitor.post(action, sent));
        }
        const { first } = await newFamily(server, { visitor });
        const [before] = await live();
        const less = await page(visitor, false);
        const headers = {
          Accept: 'text/html',
          Cookie: visitor.cookies(new URL(less.action, server.issuer).pathname).join('; '),
          'Sec-Fetch-Site': 'same-origin',
          Origin: server.issuer,
        };
        const answer = await meet({ ...form(less.sent, headers), path: less.action });
        if (answer !== undefined) expect(answer.status).toBe(303);
        await expectWhole(server);
        const [after] = await live();
        const done = after?.id !== before?.id;
        ended.push(`${done}`);
        // All of it or nothing: the decision, the grants that it ended, and every token of theirs.
        expect({ done, active: await isActive(server, first) }).toEqual({ done, active: !done });
        expect(await tryRefresh(server, first)).toBe(done ? '400 invalid_grant' : '200');
        await expectWhole(server);
        const { first: anew } = await newFamily(server, { visitor });
        expect(anew.scope.includes(taken)).toBe(!done);
      });
      console.log(`killed at each of ${passed.length} places: ${passed.join(', ')}`);
      expect(passed).toEqual(expect.arrayContaining(['  oidc_artefacts_revoke', 'COMMIT', 'after COMMIT']));
      expect(ended).toEqual(ended.toSorted());
      expect(new Set(ended)).toEqual(new Set(['false', 'true']));
    });
  },
);
