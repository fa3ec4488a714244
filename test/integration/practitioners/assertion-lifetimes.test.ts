import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { refreshForm, tokenRequest } from '../../support/exchange.ts';
import { send } from '../../support/fixtures.ts';
import { clinicRequest, clinicTokens, wardApp, wardTokens } from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import type { TokenAnswer } from '../../support/visitor.ts';
import { type Asserter, about, asked, registerAsserter } from './assertions.ts';

/** Receivers refuse 299 and 301 seconds alike (spine-jwt.md sections 8.1 and 13, note 4). */

let server: TestServer;
let reader: Asserter;
let ward: Asserter;

beforeAll(async () => {
  server = await startServer();
  reader = await registerAsserter(server, 'fernhill-records');
  ward = await registerAsserter(server, 'fernhill-ward', {
    apis: { 'reasonable-adjustments': 'user/Flag.read' },
  });
});

afterEach(() => shiftTime(0));

afterAll(() => server.close());

const TOKENS = 1000;
const AT_ONCE = 20;

/** The time of the next request, so that the readings of the clock fall anywhere within a second, and across its end. */
const shifted = (index: number) => shiftTime((index * 0.137) % 7);

const user = { requesting_user: 'https://fhir.nhs.uk/Id/sds-role-profile-id|100000000203' };

async function asserted(index: number): Promise<TokenAnswer> {
  shifted(index);
  const [asserter, claims, scope] =
    index % 2 === 0
      ? ([reader, {}, 'patient/*.read'] as const)
      : ([ward, { ...user, requesting_practitioner: undefined }, 'user/Flag.read'] as const);
  const answer = await send(server, asked(asserter, await about(server, asserter, claims), { scope }));
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.body}`);
  return JSON.parse(answer.body) as TokenAnswer;
}

/** What is wrong with the life of a token, as text. */
function lifeOf({ access_token: token, expires_in: life }: TokenAnswer): string {
  const { iat = 0, exp = 0 } = decodeJwt(token);
  return `exp - iat ${exp - iat}, expires_in ${life}, whole ${Number.isInteger(iat) && Number.isInteger(exp)}`;
}

const right = 'exp - iat 300, expires_in 300, whole true';

test(`JW-04 of ${TOKENS} tokens for asserted users each lives exactly 300 s`, {
  timeout: 180_000,
}, async () => {
  const lives = new Map<string, number>();
  for (let made = 0; made < TOKENS; made += AT_ONCE) {
    const answers = await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => asserted(made + index)));
    for (const answer of answers) lives.set(lifeOf(answer), (lives.get(lifeOf(answer)) ?? 0) + 1);
  }
  expect([...lives]).toEqual([[right, TOKENS]]);
});

test('tokens of people who signed in here do, too: 4 by code and 180 refreshed', {
  timeout: 180_000,
}, async () => {
  const lives = new Set<string>();
  for (let round = 0; round < 2; round += 1) {
    let atClinic = await clinicTokens(server);
    let atWard = await wardTokens(server);
    for (const answer of [atClinic, atWard]) lives.add(lifeOf(answer));
    for (let index = 0; index < 45; index += 1) {
      shifted(index);
      const clinic = await clinicRequest(server, refreshForm(atClinic.refresh_token));
      const atDesk = await tokenRequest(server, refreshForm(atWard.refresh_token), wardApp);
      expect([clinic.status, atDesk.status]).toEqual([200, 200]);
      [atClinic, atWard] = [JSON.parse(clinic.body) as TokenAnswer, JSON.parse(atDesk.body) as TokenAnswer];
      for (const answer of [atClinic, atWard]) lives.add(lifeOf(answer));
    }
    shiftTime(0);
  }
  expect([...lives]).toEqual([right]);
});
