import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  type Credentials,
  expectInvalidGrant,
  isActive,
  keteSpa,
  labChange,
  labWeb,
  newFamily,
  outcome,
  redeem,
  registerLab,
  renew,
  spaChange,
  tokenRequest,
  tryRefresh,
} from '../../support/exchange.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import {
  type Authorised,
  authorise,
  createVisitor,
  exchangeForm,
  keteWeb,
  type Visitor,
} from '../../support/visitor.ts';

/** A code is exchanged once, by the client it was made for, within a minute. */

let server: TestServer;
let visitor: Visitor;

beforeAll(async () => {
  server = await startServer();
  await registerLab(server);
  visitor = createVisitor(server.issuer);
});
afterEach(() => shiftTime(0));
afterAll(() => server.close());

const code = () => authorise(server, { visitor });
const use = (authorised: Authorised, client: Credentials = keteWeb) =>
  tokenRequest(server, exchangeForm(authorised), client);

describe('TK-01 a code that is used twice, one after the other', () => {
  test('is refused, and ends every token that came from it', async () => {
    const { first, authorised } = await newFamily(server);
    const second = await renew(server, first);
    expect(await isActive(server, first)).toBe(true);
    expectInvalidGrant(await use(authorised));
    expect([await isActive(server, first), await isActive(server, second)]).toEqual([false, false]);
    expect(await tryRefresh(server, second)).toBe('400 invalid_grant');
  });

  test('is refused a third time, too, and does no harm to what was authorised afterwards', async () => {
    const { authorised, visitor: own } = await newFamily(server);
    expectInvalidGrant(await use(authorised));
    const { first: later } = await newFamily(server, { visitor: own });
    expectInvalidGrant(await use(authorised));
    expect(await isActive(server, later)).toBe(true);
    expect(await tryRefresh(server, later)).toBe('200');
  });

  test('ends the family of that browser only', async () => {
    const { first: elsewhere } = await newFamily(server);
    const { authorised } = await newFamily(server);
    expectInvalidGrant(await use(authorised));
    expect(await isActive(server, elsewhere)).toBe(true);
    expect(await tryRefresh(server, elsewhere)).toBe('200');
  });

  test('is refused to another client without ending anything: it may have been read from a log', async () => {
    const { first, authorised } = await newFamily(server);
    expectInvalidGrant(await use(authorised, labWeb));
    expect(await isActive(server, first)).toBe(true);
  });

  test('ends its family also late in its minute', async () => {
    const { first, authorised } = await newFamily(server);
    shiftTime(50);
    expectInvalidGrant(await use(authorised));
    expect(await isActive(server, first)).toBe(false);
  });

  // Nobody looks at its verifier then, and a code from an old log must not be a means to sign people out (ADR 6).
  test('is refused after its minute, too, and ends nothing any more', async () => {
    const { first, authorised } = await newFamily(server);
    shiftTime(61);
    expectInvalidGrant(await use(authorised));
    expect(await isActive(server, first)).toBe(true);
  });
});

describe('the life of a code', () => {
  test('it is good for the whole of its minute', async () => {
    const authorised = await code();
    shiftTime(55);
    expect(outcome(await use(authorised))).toBe('200');
  });

  test('it is over after 61 s, for good', async () => {
    const authorised = await code();
    shiftTime(61);
    expectInvalidGrant(await use(authorised));
    expectInvalidGrant(await use(authorised));
  });
});

describe('TK-02 a code in the hands of another client', () => {
  test.each([
    ['a confidential one', labWeb],
    ['one that runs in a browser', keteSpa],
  ])('is refused to %s, and good afterwards for the one it was made for', async (_what, thief) => {
    const authorised = await code();
    expectInvalidGrant(await use(authorised, thief));
    expectInvalidGrant(await use(authorised, thief));
    expect(outcome(await use(authorised))).toBe('200');
  });

  test('made for one that runs in a browser is refused to a confidential one', async () => {
    const authorised = await authorise(server, { change: spaChange, visitor });
    expectInvalidGrant(await use(authorised));
    expect(outcome(await use(authorised, keteSpa))).toBe('200');
  });
});

describe('a client that runs in a browser', () => {
  test('exchanges its code with its name alone', async () => {
    const { first } = await newFamily(server, { change: spaChange, client: keteSpa });
    expect(first).toMatchObject({ token_type: 'Bearer', patient: 'p-aroha', need_patient_banner: false });
    expect(decodeJwt(first.id_token ?? '')).toMatchObject({ aud: 'kete-spa', sub: 'aroha' });
    expect(await isActive(server, first)).toBe(true);
    expect(await tryRefresh(server, first, keteSpa)).toBe('200');
  });

  test('needs its name', async () => {
    const authorised = await authorise(server, { change: spaChange, visitor });
    const { status, body } = await tokenRequest(server, exchangeForm(authorised), ['']);
    expect({ status, body: JSON.parse(body) }).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    });
    expect(outcome(await use(authorised, keteSpa))).toBe('200');
  });
});

describe('two applications of one browser', () => {
  test('have a family each: the replay of one code leaves the other alone', async () => {
    const kete = await newFamily(server);
    const lab = await authorise(server, { change: labChange, visitor: kete.visitor });
    const labTokens = await redeem(server, lab, labWeb);
    expectInvalidGrant(await use(kete.authorised));
    expect([await isActive(server, kete.first), await isActive(server, labTokens)]).toEqual([false, true]);
  });
});
