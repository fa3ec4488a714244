import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isActive } from '../../support/exchange.ts';
import { form, type Sent } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import {
  type AuthorisationRequest,
  allow,
  authorisationRequest,
  authorise,
  createVisitor,
  demoPassword,
  exchange,
  formTo,
  type Page,
  type PageForm,
  signIn,
  type Visitor,
} from '../../support/visitor.ts';
import { needsServer } from '../database/server.ts';
import { createMortals, killEverywhere, type Mortals } from './mortal.ts';
import { expectWhole } from './whole.ts';

/** F-02: a node is killed between any two statements of signing in, deciding, and going back to the application. */

if (needsServer !== undefined)
  console.warn(`No node is killed under a page, as nobody could share its database: ${needsServer}`);

describe.skipIf(needsServer !== undefined)('a node that is killed at any statement of', () => {
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

  const LONG = { timeout: 300_000 };

  /** What a browser would send, for the node that is going to die. */
  function asSent(visitor: Visitor, address: string, fields?: readonly (readonly [string, string])[]): Sent {
    const { pathname, search } = new URL(address, server.issuer);
    const headers = { Accept: 'text/html', Cookie: visitor.cookies(pathname).join('; ') };
    const own = { ...headers, 'Sec-Fetch-Site': 'same-origin', Origin: server.issuer };
    return fields === undefined
      ? { method: 'GET', path: `${pathname}${search}`, headers }
      : { ...form(fields, own), path: pathname };
  }

  const count = async (text: string) => {
    const [row] = await server.sql<{ count: number }>(`SELECT count(*) AS count FROM ${text}`);
    return row?.count ?? Number.NaN;
  };

  /** Goes on from a page as a person would, whatever it asks, until the application has a code; and exchanges it. */
  async function goOn(visitor: Visitor, start: Page, request: AuthorisationRequest): Promise<void> {
    let page = await visitor.follow(start);
    // What was interrupted may have to be begun again: from the application, as a person would.
    if (page.status >= 400) page = await visitor.follow(await visitor.get(request.url));
    if (page.html.includes('/sign-in"')) page = await signIn(visitor, page);
    if (page.html.includes('/consent"')) page = await allow(visitor, page);
    const response = new URL(page.location ?? 'about:blank').searchParams;
    const code = response.get('code');
    if (code === null) throw new Error(`no code at ${page.url} (${page.status}):\n${page.html}`);
    const redirectUri = request.parameters.redirect_uri ?? '';
    const tokens = await exchange(server, {
      code,
      verifier: request.verifier,
      redirectUri,
      visitor,
      response,
    });
    expect(await isActive(server, tokens)).toBe(true);
  }

  test('the answer to the sign-in page: it can be sent again', LONG, async () => {
    const signedIn = `audit_events WHERE type = 'person.signed-in'`;
    const passed = await killEverywhere(mortals, async (meet) => {
      const visitor = createVisitor(server.issuer);
      const request = authorisationRequest(server.issuer);
      const { action, fields }: PageForm = formTo(
        await visitor.follow(await visitor.get(request.url)),
        '/sign-in',
      );
      const typed = [...fields, ['identifier', 'aroha@example.test'], ['password', demoPassword]] as const;
      const before = await count(signedIn);
      const answer = await meet(asSent(visitor, action, typed));
      if (answer !== undefined) expect(answer.status).toBe(303);
      expect((await count(signedIn)) - before).toBeLessThanOrEqual(1);
      await goOn(visitor, await visitor.post(action, typed), request);
      await expectWhole(server);
    });
    console.log(`killed at each of ${passed.length} places: ${passed.join(', ')}`);
    expect(passed).toContain('accounts_identify');
    expect(passed).toContain('audit_events_add');
  });

  test(
    'the answer to the consent page: one decision with its record and its grant, or none',
    LONG,
    async () => {
      const visitor = createVisitor(server.issuer);
      await authorise(server, { visitor });
      const decisions: number[] = [];
      const passed = await killEverywhere(mortals, async (meet) => {
        const request = authorisationRequest(server.issuer, { prompt: 'consent' });
        const { action, fields } = formTo(await visitor.follow(await visitor.get(request.url)), '/consent');
        const pressed = [...fields, ['decision', 'allow']] as const;
        const [consents, grants] = [await count('consents'), await count('grants')];
        const answer = await meet(asSent(visitor, action, pressed));
        if (answer !== undefined) expect(answer.status).toBe(303);
        await expectWhole(server);
        const decided = (await count('consents')) - consents;
        decisions.push(decided);
        // The session's grant goes on under the new decision, so there need not be another; but there must be one.
        if (decided === 0) expect(await count('grants')).toBe(grants);
        const granted = 'consents c WHERE ended_at IS NULL AND EXISTS (SELECT FROM grants g WHERE';
        expect(await count(`${granted} g.consent_id = c.id AND g.ended_at IS NULL)`)).toBe(1);
        await goOn(visitor, await visitor.post(action, pressed), request);
        await expectWhole(server);
      });
      console.log(`killed at each of ${passed.length} places: ${passed.join(', ')}`);
      expect(passed).toEqual(expect.arrayContaining(['BEGIN', 'COMMIT', 'after COMMIT']));
      // Once it is decided it stays so, wherever the node dies afterwards.
      expect(decisions).toEqual(decisions.toSorted());
      expect(new Set(decisions)).toEqual(new Set([0, 1]));
    },
  );

  test('the way back to the application: a code at most, and a second way to it', LONG, async () => {
    const visitor = createVisitor(server.issuer);
    await authorise(server, { visitor });
    const passed = await killEverywhere(mortals, async (meet) => {
      const request = authorisationRequest(server.issuer, { prompt: 'consent' });
      const { action, fields } = formTo(await visitor.follow(await visitor.get(request.url)), '/consent');
      const next = await visitor.post(action, [...fields, ['decision', 'allow']]);
      const codes = await count(`oidc_artefacts WHERE model = 'AuthorizationCode'`);
      const answer = await meet(asSent(visitor, next.location ?? ''));
      if (answer !== undefined) expect(answer.headers.location).toContain('code=');
      expect((await count(`oidc_artefacts WHERE model = 'AuthorizationCode'`)) - codes).toBeLessThanOrEqual(
        1,
      );
      await expectWhole(server);
      await goOn(visitor, await visitor.get(next.location ?? ''), request);
      await expectWhole(server);
    });
    console.log(`killed at each of ${passed.length} places: ${passed.join(', ')}`);
    expect(passed).toContain('oidc_artefacts_put');
  });

  test('and the same browser, and a new one, authorise anew without anybody cleaning up', async () => {
    expect(await isActive(server, await exchange(server, await authorise(server)))).toBe(true);
  });
});
