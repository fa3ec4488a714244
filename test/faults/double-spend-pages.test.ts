import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { push } from '../integration/authorisation/pushing.ts';
import { beginSignedIn, leftBehind } from '../integration/pages/steps.ts';
import { isActive, redeem } from '../support/exchange.ts';
import { type Answer, form as formOf, type Sent, send } from '../support/fixtures.ts';
import { authorise, createVisitor, formTo, type Visitor } from '../support/visitor.ts';
import { form } from './form.ts';
import { expectOneWinner, play } from './outcomes.ts';
import { type Stage, setStage } from './stage/stage.ts';

/** F-07: a pushed request, and the answer to the consent page, fifty times at once, half on each of two processes. */

const { parallel, rounds, pageRounds } = form;

let stage: Stage;
let visitor: Visitor;

beforeAll(async () => {
  stage = await setStage();
  visitor = createVisitor(stage.issuer);
  await redeem(stage, await authorise(stage, { visitor }));
});
afterAll(() => stage?.close());

/** What a browser sends. */
function asSent(browser: Visitor, address: string, fields?: readonly (readonly [string, string])[]): Sent {
  const { pathname, search } = new URL(address, stage.issuer);
  const path = `${pathname}${search}`;
  const headers = { Accept: 'text/html', Cookie: browser.cookies(pathname).join('; ') };
  const own = { ...headers, 'Sec-Fetch-Site': 'same-origin', Origin: stage.issuer };
  return fields === undefined ? { method: 'GET', path, headers } : { ...formOf(fields, own), path };
}

/** Sends many requests at once, by turns to each node. */
const together = (requests: readonly Sent[]): Promise<Answer[]> =>
  Promise.all(
    requests.map((sent, index) =>
      send({ issuer: stage.issuer, port: stage.nodes[index % 2 === 0 ? 0 : 1].port }, sent),
    ),
  );

const responseOf = ({ headers }: Answer) => new URL(headers.location ?? 'about:blank').searchParams;

/** `won` with a code; else the status, with the error that the application was told. */
function wayBack(answer: Answer): string {
  const response = responseOf(answer);
  return response.has('code') ? 'won' : `${answer.status} ${response.get('error') ?? 'page'}`;
}

const usable = () =>
  stage.sql(`SELECT id FROM oidc_artefacts WHERE model = 'AuthorizationCode' AND consumed_at IS NULL`);

/** Opens an address in one more browser with the session of another, up to its consent page. */
async function openConsent(owner: Visitor, url: string): Promise<{ browser: Visitor; allowed: Sent }> {
  const browser = owner.copy();
  const { action, fields } = formTo(await browser.follow(await browser.get(url)), '/consent');
  return { browser, allowed: asSent(browser, action, [...fields, ['decision', 'allow']]) };
}

/** Exactly the code that won is there, if one did, and brings tokens. */
async function expectOnly(answers: readonly Answer[], verifier: string): Promise<void> {
  const code = answers.flatMap((answer) => responseOf(answer).get('code') ?? [])[0];
  expect(await usable()).toHaveLength(code === undefined ? 0 : 1);
  if (code === undefined) return;
  const redirectUri = 'http://127.0.0.1:8090/cb';
  const response = new URLSearchParams();
  const tokens = await redeem(stage, { code, verifier, redirectUri, visitor, response });
  expect(await isActive(stage, tokens)).toBe(true);
  expect(await usable()).toEqual([]);
}

describe(`of ${parallel} parallel uses on two nodes one succeeds:`, () => {
  const used = ['303 invalid_request_uri', '400 page'];

  test(`F-07 a pushed request that needs no page, ${rounds} rounds`, async () => {
    await play('pushed request', rounds, async () => {
      const { url, request } = await push(stage);
      const answers = await together(Array(parallel).fill(asSent(visitor, url)));
      const counts = expectOneWinner(answers.map(wayBack), used, 'at most');
      await expectOnly(answers, request.verifier);
      const [again] = await together([asSent(visitor, url)]);
      expect(used).toContain(again && wayBack(again));
      return counts;
    });
  });

  test(`F-07 a pushed request that ${parallel} browsers have open, ${pageRounds} rounds`, async () => {
    await play('pushed request on open pages', pageRounds, async () => {
      // Each way back gives the session a new name, which the other browsers do not know.
      const owner = createVisitor(stage.issuer);
      await redeem(stage, await authorise(stage, { visitor: owner }));
      const { url, request } = await push(stage, { prompt: 'consent' });
      const open: Awaited<ReturnType<typeof openConsent>>[] = [];
      // Not all at once: the race is between the answers, and a busy machine may send away who only wants to look.
      while (open.length < parallel)
        open.push(
          ...(await Promise.all(Array.from({ length: parallel / 10 }, () => openConsent(owner, url)))),
        );
      const pressed = await together(open.map(({ allowed }) => allowed));
      const ways = pressed.flatMap(({ status, headers }, index) =>
        status === 303 ? asSent(open[index]?.browser ?? visitor, headers.location ?? '') : [],
      );
      const back = await together(ways);
      const sentAway = pressed.filter(({ status }) => status !== 303).map(wayBack);
      const counts = expectOneWinner([...back.map(wayBack), ...sentAway], used, 'at most');
      await expectOnly(back, request.verifier);
      return counts;
    });
  });

  test(`F-07 the consent form, ${rounds} rounds`, async () => {
    await play('consent form', rounds, async () => {
      const {
        visitor: browser,
        page,
        request,
      } = await beginSignedIn(stage, { change: { prompt: 'consent' } });
      const { action, fields } = formTo(page, '/consent');
      const before = await leftBehind(stage);
      const sent = asSent(browser, action, [...fields, ['decision', 'allow']]);
      const answers = await together(Array(parallel).fill(sent));
      const made = async (name: string) => Number((await leftBehind(stage))[name]) - Number(before[name]);
      expect([await made('consents'), await made('answers')]).toEqual([1, 1]);
      const over = answers.filter(({ status }) => status !== 303).map(wayBack);
      const ways = answers.filter(({ status }) => status === 303);
      const back = await together(ways.map(({ headers }) => asSent(browser, headers.location ?? '')));
      const counts = expectOneWinner([...back.map(wayBack), ...over], ['400 page'], 'at most');
      await expectOnly(back, request.verifier);
      // The way on makes the grant, and one of them all goes on.
      expect(await made('grants')).toBeLessThanOrEqual(1);
      return counts;
    });
  });
});
