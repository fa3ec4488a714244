import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { codeOf, forgetCodes } from '../../support/code.ts';
import type { PasskeyFault, SoftwarePasskey } from '../../support/passkey.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { passkeyOptions, prove, sendPasskey, setUpPasskey, typeCode } from '../../support/step-up.ts';
import { shiftTime } from '../../support/time.ts';
import {
  allow,
  authorise,
  createVisitor,
  demoPassword,
  exchange,
  formTo,
  introspect,
  type Page,
  type Visitor,
} from '../../support/visitor.ts';
import { begin, responseOf, visit } from '../pages/steps.ts';

let server: TestServer;
beforeAll(async () => {
  // Tries are counted in the database, where a test can forget them.
  server = await startServer({ REDIS_URL: '' });
});
afterAll(() => server.close());
beforeEach(async () => {
  await forgetCodes(server.issuer);
  await server.sql('DELETE FROM rate_limits');
});

/** What needs a code, and what needs a passkey. */
const second = { acr_values: '2', prompt: 'login consent' };
const third = { scope: 'openid launch/patient patient/Observation.rs', prompt: 'login consent' };

/** Types name and password, and nothing else. */
async function typePassword(visitor: Visitor, page: Page, identifier = 'aroha@example.test'): Promise<Page> {
  const { action, fields } = formTo(page, '/sign-in');
  const typed = [...fields, ['identifier', identifier], ['password', demoPassword]] as const;
  return visitor.follow(await visitor.post(action, typed));
}

/** A sign-in that waits for the code. */
async function atCode(change: Record<string, string> = second) {
  const begun = await begin(server, { change });
  return { ...begun, page: await typePassword(begun.visitor, begun.page) };
}

const sendCode = (visitor: Visitor, page: Page, code: string, fields = formTo(page, '/code').fields) =>
  visitor.post(formTo(page, '/code').action, [...fields, ['code', code]]);

/** Where a visitor is let go on to: out of the pages of signing in. */
const isThrough = (page: Page) => page.location?.includes('/auth/') === true;

describe('a code', () => {
  test('is asked for where the application wants acr 2, and the token says so', async () => {
    const authorised = await authorise(server, { change: second });
    const tokens = await exchange(server, authorised);
    const claims = decodeJwt(tokens.id_token ?? '');
    expect(claims).toMatchObject({ acr: '2', amr: ['pwd', 'otp', 'mfa'], auth_time: expect.any(Number) });
    expect(await introspect(server, tokens.access_token)).toMatchObject({
      active: true,
      acr: '2',
      auth_time: claims.auth_time,
    });
  });

  test('is asked for at every sign-in of whoever wants it so', async () => {
    await server.sql("UPDATE authenticators SET always = true WHERE account_id = 'aroha'");
    try {
      const { page } = await atCode({ prompt: 'login consent' });
      expect(page.html).toContain('/code"');
    } finally {
      await server.sql("UPDATE authenticators SET always = false WHERE account_id = 'aroha'");
    }
  });

  test('that is wrong, empty or of yesterday lets nobody in', async () => {
    const { visitor, page } = await atCode();
    for (const code of ['000000', '', codeOf(undefined, -10)]) {
      const answer = await sendCode(visitor, page, code);
      expect(answer).toMatchObject({ status: 200, location: undefined });
      expect(answer.html).toContain('/code"');
    }
  });

  test('is good once: of ten who send it at once, one is let in', async () => {
    const { visitor, page } = await atCode();
    const code = codeOf();
    const answers = await Promise.all(Array.from({ length: 4 }, () => sendCode(visitor.copy(), page, code)));
    expect(answers.filter(isThrough)).toHaveLength(1);
  });

  test('is counted: after four wrong ones even the right one has to wait', async () => {
    const { visitor, page } = await atCode();
    for (const code of ['000000', '000001', '000002', '000003']) await sendCode(visitor, page, code);
    const answer = await sendCode(visitor, page, codeOf());
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('a recovery code counts as one, once', async () => {
    const [code = ''] = await server.services.credentials.recoveryCodes.make('aroha');
    const { visitor, page } = await atCode();
    const answers = await Promise.all([0, 1, 2].map(() => sendCode(visitor.copy(), page, code)));
    expect(answers.filter(isThrough)).toHaveLength(1);
    const { visitor: later, page: again } = await atCode();
    expect(isThrough(await sendCode(later, again, code))).toBe(false);
  });

  test('cannot be sent without the token of the page', async () => {
    const { visitor, page } = await atCode();
    expect((await sendCode(visitor, page, codeOf(), [])).status).toBe(403);
    const cross = { 'Sec-Fetch-Site': 'cross-site' };
    const { action, fields } = formTo(page, '/code');
    const sent = await visitor.post(action, [...fields, ['code', codeOf()]], cross);
    expect(sent.status).toBe(403);
  });
});

describe('the steps of a sign-in', () => {
  test('belong to the browser: one that stole the cookie of the interaction starts at the password', async () => {
    const { visitor, page } = await atCode();
    const thief = await createVisitor(server.issuer).get(page.url, {
      Cookie: visitor
        .cookies(new URL(page.url).pathname)
        .filter((one) => !one.startsWith('assent_step='))
        .join('; '),
    });
    expect(thief.html).toContain('/sign-in"');
    expect(thief.html).not.toContain('/code"');
  });

  test('belong to one interaction: what was proved in another counts for nothing', async () => {
    const first = await atCode();
    const other = await begin(server, { change: second });
    const step = first.visitor
      .cookies(new URL(first.page.url).pathname)
      .filter((one) => one.startsWith('assent_step='));
    const path = new URL(other.page.url).pathname;
    const page = await createVisitor(server.issuer).get(other.page.url, {
      Cookie: [...other.visitor.cookies(path), ...step].join('; '),
    });
    expect(step).toHaveLength(1);
    expect(page.html).toContain('/sign-in"');
  });

  test('are forgotten after ten minutes, and by whoever begins again', async () => {
    const { visitor, page } = await atCode();
    shiftTime(601);
    try {
      expect((await visitor.get(page.url)).html).toContain('/sign-in"');
    } finally {
      shiftTime(0);
    }
    expect((await visitor.get(page.url)).html).toContain('/code"');
    const { action, fields } = formTo(page, '/restart');
    expect((await visitor.follow(await visitor.post(action, fields))).html).toContain('/sign-in"');
  });

  test('go their own way in two tabs', async () => {
    const one = await atCode();
    const { page: other } = await begin(server, { change: second, visitor: one.visitor });
    expect(other.html).toContain('/sign-in"');
    const through = await typeCode(one.visitor, one.page);
    expect(through.html).toContain('/consent"');
  });

  test('an account that was suspended meanwhile is not let in', async () => {
    const { visitor, page } = await atCode();
    await server.sql(
      "UPDATE accounts SET disabled_at = created_at, disabled_reason = 'suspended' WHERE id = 'aroha'",
    );
    try {
      expect(isThrough(await sendCode(visitor, page, codeOf()))).toBe(false);
    } finally {
      await server.sql("UPDATE accounts SET disabled_at = NULL, disabled_reason = NULL WHERE id = 'aroha'");
    }
  });
});

describe('a passkey', () => {
  let known: SoftwarePasskey;
  beforeAll(async () => {
    known = (await owner('tom@example.test')).passkey;
  });

  /** Somebody who has set one up, in a browser of her own. */
  async function owner(identifier: string) {
    const begun = await begin(server, { change: third });
    const code = await typePassword(begun.visitor, begun.page, identifier);
    const none = await typeCode(begun.visitor, code);
    expect(none.html).toContain('You need a passkey for this');
    return { visitor: begun.visitor, ...(await setUpPasskey(begun.visitor, none)) };
  }

  test('can be set up where one is needed, and then be used: acr 3', async () => {
    const { visitor, page } = await owner('mere@example.test');
    expect(page.html).toContain('Use your passkey');
    const code = responseOf(await allow(visitor, await prove(visitor, page))).get('code');
    expect(code).toBeTruthy();
    const tokens = await exchange(
      server,
      await authorise(server, { change: third, identifier: 'mere@example.test' }),
    );
    expect(decodeJwt(tokens.id_token ?? '')).toMatchObject({ acr: '3', amr: ['swk', 'user', 'mfa'] });
  });

  test('signs in without a name, and a session steps up with it, but only with her own', async () => {
    const { passkey } = await owner('wiremu@example.test');
    const stranger = await owner('hana@example.test');
    const { visitor, page } = await begin(server, { change: { prompt: 'consent' } });
    const consent = await sendPasskey(visitor, page, '/passkey', passkey.get(passkeyOptions(page, 'get')));
    expect(consent.html).toContain('Wiremu');

    const weak = visit(server);
    await allow(
      weak,
      await prove(
        weak,
        await typePassword(
          weak,
          (await begin(server, { visitor: weak, change: { prompt: 'consent' } })).page,
          'wiremu@example.test',
        ),
      ),
    );
    const { page: up } = await begin(server, { visitor: weak, change: { scope: third.scope } });
    expect(up.html).toContain('Use your passkey');
    const options = passkeyOptions(up, 'get');
    const refused = await sendPasskey(weak, up, '/own-passkey', stranger.passkey.get(options));
    expect(refused.html).toContain('We could not use that passkey');
    const letIn = await sendPasskey(weak, up, '/own-passkey', passkey.get(options));
    expect(letIn.html).toContain('/consent"');
  });

  test.each<[what: string, fault: PasskeyFault]>([
    ['for another origin', { origin: 'https://assent.example.org' }],
    ['for another host', { rpId: 'example.org' }],
    ['that nobody unlocked', { verified: false }],
    ['with a forged signature', { forged: true }],
    ['from making one', { type: 'webauthn.create' }],
  ])('%s is refused', async (_what, fault) => {
    const { visitor, page } = await begin(server, { change: second });
    const options = passkeyOptions(page, 'get');
    const answer = await sendPasskey(visitor, page, '/passkey', known.get(options, fault));
    expect(answer.html).toContain('We could not use that passkey');
  });
  test('that is replayed is refused: of several at once, one is let in', async () => {
    const { visitor, page } = await begin(server, { change: second });
    const response = known.get(passkeyOptions(page, 'get'));
    const form = formTo(page, '/passkey');
    const fields = [
      ...form.fields.filter(([name]) => name === 'csrf'),
      ['response', JSON.stringify(response)],
    ] as const;
    const answers = await Promise.all([0, 1, 2, 3].map(() => visitor.copy().post(form.action, fields)));
    expect(answers.filter(isThrough)).toHaveLength(1);
    const elsewhere = await begin(server, { change: second });
    const replayed = await sendPasskey(elsewhere.visitor, elsewhere.page, '/passkey', response);
    expect(replayed.html).toContain('We could not use that passkey');
  });
});

describe('an application that asks silently', () => {
  test('for more than was proved is told interaction_required', async () => {
    const { visitor } = await authorise(server, { visitor: visit(server) });
    const { page } = await begin(server, { visitor, change: { prompt: 'none', acr_values: '2' } });
    expect(responseOf(page).get('error')).toBe('interaction_required');
  });

  test('for somebody who signed in too long ago is told login_required', async () => {
    const { visitor } = await authorise(server, { visitor: visit(server) });
    shiftTime(120);
    try {
      const { page } = await begin(server, { visitor, change: { prompt: 'none', max_age: '60' } });
      expect(responseOf(page).get('error')).toBe('login_required');
    } finally {
      shiftTime(0);
    }
  });

  test('to change a record, of somebody who signed in more than five minutes ago, is told login_required', async () => {
    const change = { scope: 'openid launch/patient patient/Observation.c' };
    const { visitor } = await authorise(server, {
      visitor: visit(server),
      change,
      identifier: 'mere@example.test',
    });
    const silent = { ...change, prompt: 'none' };
    shiftTime(290);
    try {
      expect(responseOf((await begin(server, { visitor, change: silent })).page).has('code')).toBe(true);
      shiftTime(302);
      const { page } = await begin(server, { visitor, change: silent });
      expect(responseOf(page).get('error')).toBe('login_required');
      const reading = { ...silent, scope: 'openid launch/patient' };
      expect(responseOf((await begin(server, { visitor, change: reading })).page).get('error')).not.toBe(
        'login_required',
      );
    } finally {
      shiftTime(0);
    }
  });

  test('discovery names what it may ask for', async () => {
    const answer = await fetch(`${server.issuer}/.well-known/openid-configuration`);
    expect(await answer.json()).toMatchObject({ acr_values_supported: ['1', '2', '3'] });
  });
});
