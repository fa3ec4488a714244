import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { redeem, renew } from '../support/exchange.ts';
import { basic, form as formOf, send } from '../support/fixtures.ts';
import { practise, wardApp, wardChange } from '../support/practitioner.ts';
import { authorise, createVisitor, keteWeb, type TokenAnswer } from '../support/visitor.ts';
import { form } from './form.ts';
import { isActiveAt } from './load/afterwards.ts';
import { type Stage, setStage } from './stage/stage.ts';

/** A token that is taken back on one node is refused by introspection on the other within a second (RFC 7009, RFC 7662). */

/** Whoever asks the other node later than this after the answer of the one, in milliseconds, is told that it is not active. */
const REFUSED_WITHIN = 1000;

/** How long it is followed at all, in milliseconds. */
const FOLLOWED = 10_000;

type Headers = Readonly<Record<string, string>>;

/** What is taken back, by whom, and which access token must die of it. */
interface Taken {
  readonly revoked: string;
  readonly credentials: Headers;
  readonly dies: string;
}

let stage: Stage;

const clinic = basic('clinic-backend', 'demo-secret-clinic-backend');
const kete = basic(...keteWeb);
const ward = basic(wardApp[0], wardApp[1] ?? '');

const itself = ({ access_token: token }: TokenAnswer, credentials: Headers): Taken => ({
  revoked: token,
  credentials,
  dies: token,
});
const asFamily = (tokens: TokenAnswer, credentials: Headers): Taken => ({
  revoked: tokens.refresh_token ?? '',
  credentials,
  dies: tokens.access_token,
});

/** Aroha's tokens, of a browser in which nobody else's grant ends. */
async function ofAroha(): Promise<() => Promise<TokenAnswer>> {
  const visitor = createVisitor(stage.issuer);
  await authorise(stage, { visitor });
  return async () => redeem(stage, await authorise(stage, { visitor }));
}

/** Dr Shah's tokens, likewise. */
async function ofDrShah(): Promise<() => Promise<TokenAnswer>> {
  const visitor = createVisitor(stage.issuer);
  const sign = () => practise(stage, { change: wardChange, visitor });
  await sign();
  return async () => {
    const { authorised, page } = await sign();
    if (authorised === undefined) throw new Error(`no code (${page.status}) ${page.location}\n${page.html}`);
    return redeem(stage, authorised, wardApp);
  };
}

/** Each begins with people who sign in, and then gives something new to be taken back, as often as it is asked. */
const kinds: Readonly<Record<string, () => Promise<() => Promise<Taken>>>> = {
  "a system's JWT": async () => async () => {
    const parameters = { grant_type: 'client_credentials', scope: 'system/Flag.read' };
    const { body } = await send(stage, formOf(parameters, clinic));
    return itself(JSON.parse(body) as TokenAnswer, clinic);
  },
  async "a practitioner's JWT"() {
    const make = await ofDrShah();
    return async () => itself(await make(), ward);
  },
  async 'an opaque token'() {
    const make = await ofAroha();
    return async () => itself(await make(), kete);
  },
  async 'a refresh token, of opaque tokens'() {
    const make = await ofAroha();
    return async () => asFamily(await renew(stage, await make()), kete);
  },
  async 'a refresh token, of JWTs'() {
    const make = await ofDrShah();
    return async () => asFamily(await make(), ward);
  },
};

/**
 * Takes something back on one node, and asks the other until it says so.
 *
 * @returns when it was last asked and still said that the token is good: milliseconds from the answer of the one node on
 */
async function follow({ revoked, credentials, dies }: Taken, turn: number): Promise<number> {
  const { issuer } = stage;
  const [here, there] = turn % 2 === 0 ? [stage.first, stage.second] : [stage.second, stage.first];
  expect(await isActiveAt(there, dies)).toBe(true);
  const sent = { ...formOf({ token: revoked }, credentials), path: '/token/revocation' };
  const { status } = await send({ issuer, port: here.port }, sent);
  const answered = performance.now();
  expect(status).toBe(200);
  let last = 0;
  for (;;) {
    const asked = performance.now() - answered;
    if (!(await isActiveAt(there, dies))) return last;
    last = asked;
    if (asked > FOLLOWED) return Number.POSITIVE_INFINITY;
  }
}

describe.each([
  ['told by Redis', {}, form.revocations],
  ['found in the database', { REDIS_URL: '' }, form.revocations / 2],
])('taken back on one node, asked about on the other, %s', (how, env, count) => {
  beforeAll(async () => {
    stage = await setStage(env);
  });
  afterAll(() => stage?.close());

  test(`${count} of ${count} are refused within ${REFUSED_WITHIN} ms, and stay refused on both`, async () => {
    const makers: [string, () => Promise<Taken>][] = [];
    for (const [kind, begin] of Object.entries(kinds)) makers.push([kind, await begin()]);
    const seen = await Promise.all(
      makers.map(async ([kind, make]) => {
        const times: number[] = [];
        for (let turn = 0; turn < count / makers.length; turn += 1) {
          const taken = await make();
          times.push(await follow(taken, turn));
          for (const node of stage.nodes) expect(await isActiveAt(node, taken.dies)).toBe(false);
        }
        return { kind, times };
      }),
    );
    const all = seen.flatMap(({ times }) => times);
    const inTime = all.filter((within) => within <= REFUSED_WITHIN);
    const latest = seen.map(({ kind, times }) => `${kind} ${Math.round(Math.max(...times))} ms`);
    console.log(`${how}: ${inTime.length} of ${all.length} refused within ${REFUSED_WITHIN} ms`);
    console.log(`last good: ${latest.join(', ')}`);
    expect([inTime.length, all.length]).toEqual([count, count]);
  });
});
