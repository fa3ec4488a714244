import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  type Credentials,
  expectInvalidGrant,
  newFamily,
  outcome,
  refreshForm,
  renew,
  tokenRequest,
} from '../../support/exchange.ts';
import { startNode, type TestNode } from '../../support/fixtures.ts';
import { practise, wardApp, wardChange } from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { type Authorised, exchangeForm, type TokenAnswer } from '../../support/visitor.ts';
import { expectEndsWithinASecond } from './ends.ts';
import { addNotes, isActiveAt, newNotesFamily, notesWeb } from './jwts.ts';

/** Codes and refresh tokens whose access tokens are JWTs: a replay ends those, too, on every node. */

let server: TestServer;
let second: TestNode;

beforeAll(async () => {
  server = await startServer();
  await addNotes(server);
  second = await startNode(server);
});
afterEach(() => shiftTime(0));
afterAll(async () => {
  await second.close();
  await server.close();
});

interface Family {
  readonly first: TokenAnswer;
  readonly authorised: Authorised;
}

async function ofPractitioner(): Promise<Family> {
  const { authorised } = await practise(server, { change: wardChange });
  if (authorised === undefined) throw new Error('there is no code');
  const { body } = await tokenRequest(server, exchangeForm(authorised), wardApp);
  return { authorised, first: JSON.parse(body) as TokenAnswer };
}

const families: readonly {
  readonly what: string;
  readonly api: string;
  readonly client: Credentials;
  start(): Promise<Family>;
}[] = [
  { what: 'a patient', api: 'notes', client: notesWeb, start: () => newNotesFamily(server) },
  { what: 'a practitioner', api: 'reasonable-adjustments', client: wardApp, start: ofPractitioner },
];

describe.for(families)('the JWTs of $what', ({ api, client, start }) => {
  const isActive = ({ access_token: token }: TokenAnswer, at: TestNode | TestServer = server) =>
    isActiveAt(at, api, token);

  const reuse = async (used: TokenAnswer, at: TestNode | TestServer = server) =>
    expectInvalidGrant(await tokenRequest(at, refreshForm(used.refresh_token), client));

  /** Every token of the family is dead, on both nodes. */
  async function expectEnded(...family: readonly TokenAnswer[]): Promise<void> {
    for (const one of family) {
      for (const node of [server, second]) await expectEndsWithinASecond(() => isActive(one, node));
      await reuse(one);
    }
  }

  /** Known to both nodes, so that neither has to look for the first time afterwards. */
  async function expectAlive(...family: readonly TokenAnswer[]): Promise<void> {
    for (const one of family)
      expect([await isActive(one), await isActive(one, second)]).toEqual([true, true]);
  }

  test('TK-01 end when their code is used again, those of refresh tokens included', async () => {
    const { first, authorised } = await start();
    const next = await renew(server, first, client);
    await expectAlive(first, next);
    expectInvalidGrant(await tokenRequest(server, exchangeForm(authorised), client));
    await expectEnded(first, next);
  });

  test('TK-01 end when their code is used again on the other node', async () => {
    const { first, authorised } = await start();
    await expectAlive(first);
    expectInvalidGrant(await tokenRequest(second, exchangeForm(authorised), client));
    await expectEnded(first);
  });

  test('TK-01 of another sign-in are left alone', async () => {
    const { first: elsewhere } = await start();
    const { authorised } = await start();
    expectInvalidGrant(await tokenRequest(server, exchangeForm(authorised), client));
    await expectAlive(elsewhere);
  });

  test.for([0, 5])(
    'RT-01 live on when a refresh token is used again after %i s, its successor unused',
    async (after) => {
      const { first } = await start();
      const next = await renew(server, first, client);
      shiftTime(after);
      await reuse(first);
      await expectAlive(first, next);
      expect(outcome(await tokenRequest(server, refreshForm(next.refresh_token), client))).toBe('200');
    },
  );

  test('RT-01 end when a refresh token is used again after 11 s', async () => {
    const { first } = await start();
    const next = await renew(server, first, client);
    await expectAlive(first, next);
    shiftTime(11);
    await reuse(first, second);
    await expectEnded(first, next);
  });

  test('RT-01 end when a refresh token is used again at once, its successor used', async () => {
    const { first } = await start();
    const next = await renew(server, first, client);
    const third = await renew(server, next, client);
    await expectAlive(first, next, third);
    await reuse(first);
    await expectEnded(first, next, third);
  });

  test('RT-02 live on when another client shows their refresh token', async () => {
    const { first } = await start();
    const [thief] = families.filter((one) => one.client !== client);
    if (thief === undefined) throw new Error('there is no other client');
    expectInvalidGrant(await tokenRequest(server, refreshForm(first.refresh_token), thief.client));
    await expectAlive(first);
    expect(outcome(await tokenRequest(server, refreshForm(first.refresh_token), client))).toBe('200');
  });
});

test('TK-01 RT-01 opaque tokens end on both nodes, too', async () => {
  const { first, authorised } = await newFamily(server);
  const isActive = async (at: TestNode | TestServer) => isActiveAt(at, 'demo-fhir', first.access_token);
  expect([await isActive(server), await isActive(second)]).toEqual([true, true]);
  expectInvalidGrant(await tokenRequest(second, exchangeForm(authorised)));
  for (const node of [server, second]) await expectEndsWithinASecond(() => isActive(node));
});
