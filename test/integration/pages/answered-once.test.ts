import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endDecisions } from '../../support/decisions.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import {
  allow,
  authorisationRequest,
  authorise,
  demoPassword,
  formTo,
  type Page,
  signIn,
  type Visitor,
} from '../../support/visitor.ts';
import { begin, beginSignedIn, expectGuarded, leftBehind, press, responseOf } from './steps.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const change = { prompt: 'consent' };
const FIFTY = Array.from({ length: 50 }, (_, n) => n);

const over = 'This page is no longer valid';

/** The differences that answers have made. */
async function made(work: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = await leftBehind(server);
  await work();
  const after = await leftBehind(server);
  return Object.fromEntries(
    Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)]),
  );
}

/** A hasty finger: the same button many times, before any answer is there. */
const hurry = (visitor: Visitor, page: Page, decisions: readonly string[]): Promise<Page[]> =>
  Promise.all(decisions.map((decision) => press(visitor.copy(), page, decision)));

async function codesAfter(visitor: Visitor, answers: readonly Page[]): Promise<string[]> {
  const ends: Page[] = [];
  for (const answer of answers) ends.push(await visitor.copy().follow(answer));
  for (const end of ends) {
    expectGuarded(end);
    if (end.location === undefined) expect(end.html).toContain(over);
  }
  return ends.flatMap(({ location }) => {
    const code = location === undefined ? null : new URL(location).searchParams.get('code');
    return code === null ? [] : [code];
  });
}

describe('F-07 the sign-in form', () => {
  const typed = Object.entries({ identifier: 'aroha@example.test', password: demoPassword });

  test('pressed twice: one way on, and the second answer leads to the same page', async () => {
    const { visitor, page } = await begin(server, { change });
    const form = formTo(page, '/sign-in');
    const first = await visitor.post(form.action, [...form.fields, ...typed]);
    const second = await visitor.post(form.action, [...form.fields, ...typed]);
    expect([first.status, second.status]).toEqual([303, 303]);
    const consent = await visitor.follow(second);
    expect(responseOf(await allow(visitor, consent)).has('code')).toBe(true);
  });

  test('pressed again after it has led on: a page that says so', async () => {
    const { visitor, page } = await begin(server, { change });
    await signIn(visitor, page);
    const again = await signIn(visitor, page);
    expect(again).toMatchObject({ status: 400, location: undefined });
    expect(again.html).toContain(over);
  });

  test('pressed fifty times at once: nothing breaks, and one way leads on', async () => {
    const { visitor, page } = await begin(server, { change });
    const form = formTo(page, '/sign-in');
    const answers = await Promise.all(
      FIFTY.map(async () => {
        const tab = visitor.copy();
        return { tab, answer: await tab.post(form.action, [...form.fields, ...typed]) };
      }),
    );
    const statuses = answers.map(({ answer }) => answer.status);
    // Nobody knows yet that the password is right: most come too fast upon one another.
    expect(statuses.filter((status) => ![303, 429, 503].includes(status))).toEqual([]);
    const { tab, answer } = answers.find((one) => one.answer.status === 303) ?? {
      tab: visitor,
      answer: page,
    };
    expect(responseOf(await allow(tab, await tab.follow(answer))).has('code')).toBe(true);
  });
});

describe('F-07 the consent form', () => {
  test('pressed twice: one consent, and on the way on one grant and one code', async () => {
    const { visitor, page } = await beginSignedIn(server, { change });
    const answers: Page[] = [];
    const changes = await made(async () => {
      for (const decision of ['allow', 'allow']) answers.push(await press(visitor, page, decision));
    });
    expect(changes).toEqual({ consents: 1, answers: 1, grants: 0, audited: 1, artefacts: 0 });
    const after = await made(async () => {
      expect(await codesAfter(visitor, answers)).toHaveLength(1);
    });
    expect(after).toMatchObject({ consents: 0, answers: 0, grants: 1 });
  });

  test('pressed fifty times at once: one consent, and on the way on one grant and one code', async () => {
    const { visitor, page } = await beginSignedIn(server, { change });
    const answers: Page[] = [];
    const changes = await made(async () => {
      answers.push(
        ...(await hurry(
          visitor,
          page,
          FIFTY.map(() => 'allow'),
        )),
      );
    });
    expect(answers.every(({ status }) => status === 303 || status === 400)).toBe(true);
    expect(changes).toEqual({ consents: 1, answers: 1, grants: 0, audited: 1, artefacts: 0 });
    const after = await made(async () => {
      expect(await codesAfter(visitor, answers)).toHaveLength(1);
    });
    expect(after).toMatchObject({ consents: 0, answers: 0, grants: 1 });
  });

  test('pressed twice, each answer followed at once: one grant, and every end can be read', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { visitor, page } = await beginSignedIn(server, { change });
      const ends: Page[] = [];
      const changes = await made(async () => {
        const click = async () => visitor.follow(await press(visitor, page, 'allow'));
        ends.push(...(await Promise.all([click(), click()])));
      });
      expect(changes).toMatchObject({ consents: 1, answers: 1, grants: 1 });
      for (const end of ends) expect([200, 302, 303, 400]).toContain(end.status);
    }
  });

  test.for([
    ['allow', 'deny'],
    ['deny', 'allow'],
  ] as const)('%s, then %s: the first answer counts', async ([first, second]) => {
    const { visitor, page } = await beginSignedIn(server, { change });
    const changes = await made(async () => {
      await press(visitor, page, first);
      const answer = await visitor.follow(await press(visitor, page, second));
      const response = responseOf(answer);
      if (first === 'allow') expect(response.has('code')).toBe(true);
      else expect(response.get('error')).toBe('access_denied');
    });
    expect(changes).toMatchObject({ answers: 1, consents: first === 'allow' ? 1 : 0 });
  });

  test('allow and deny at once, many times over: one answer each, and the response agrees with it', async () => {
    for (let round = 0; round < 8; round += 1) {
      const { visitor, page } = await beginSignedIn(server, { change });
      const [decided] = await server.sql<{ count: number }>('SELECT count(*)::int AS count FROM consents');
      const answers = await hurry(visitor, page, ['deny', 'allow', 'allow', 'deny']);
      const [answer] = await server.sql<{ decision: string }>(
        'SELECT decision FROM consent_answers ORDER BY expires_at DESC LIMIT 1',
      );
      const [after] = await server.sql<{ count: number }>('SELECT count(*)::int AS count FROM consents');
      const allowed = (after?.count ?? 0) - (decided?.count ?? 0);
      expect([answer?.decision, allowed]).toEqual(allowed === 1 ? ['allow', 1] : ['deny', 0]);
      expect(await codesAfter(visitor, answers)).toHaveLength(allowed);
    }
  });

  test('allow and deny at once where more is asked for: one answer, and neither waits for the other for ever', async () => {
    const scope = 'openid launch/patient patient/Patient.rs';
    for (let round = 0; round < 5; round += 1) {
      const { visitor } = await authorise(server, { change: { scope, prompt: 'consent' } });
      const more = `${scope} patient/Immunization.rs patient/MedicationRequest.rs`;
      const { url } = authorisationRequest(server.issuer, { scope: more });
      const page = await visitor.follow(await visitor.get(url));
      expect(page.html).toContain('/consent"');
      const pressed: Page[] = [];
      const changes = await made(async () => {
        pressed.push(...(await hurry(visitor, page, ['deny', 'allow', 'deny', 'allow'])));
      });
      expect(pressed.map(({ status }) => status).filter((status) => ![303, 400].includes(status))).toEqual(
        [],
      );
      expect(changes).toMatchObject({ answers: 1 });
      await endDecisions(server);
    }
  });
});

test.for(['allow', 'deny', 'switch'])(
  'the back button after the code was issued, then %s: a readable page, and no second grant',
  async (decision) => {
    const { visitor, page } = await beginSignedIn(server, { change });
    expect(responseOf(await allow(visitor, page)).has('code')).toBe(true);
    const changes = await made(async () => {
      const answer = await press(visitor, page, decision);
      expect(answer).toMatchObject({ status: 400, location: undefined });
      expect(answer.html).toContain(over);
    });
    expect(changes).toEqual({ consents: 0, answers: 0, grants: 0, audited: 0, artefacts: 0 });
  },
);
