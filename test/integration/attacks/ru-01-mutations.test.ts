import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { register } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorisationRequest } from '../../support/visitor.ts';
import { ask, expectAsked } from '../authorisation/answers.ts';

/** Every address that is one stroke away from a registered one: none of them is that one. */

const web = 'https://app.fernhill.example.test/cb?t=a';
const native = 'com.example.pocket:/cb';
const loopback = 'http://127.0.0.1:7000/cb';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
  const shared = {
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code'],
    apis: { 'demo-fhir': 'launch/patient patient/*.rs' },
  };
  await register(
    server,
    { ...shared, client_id: 'stroke-web', redirect_uris: [web] },
    {
      ...shared,
      client_id: 'stroke-native',
      application_type: 'native',
      redirect_uris: [native, loopback],
    },
  );
});
afterAll(() => server.close());

const percent = (letter: string) => `%${letter.charCodeAt(0).toString(16).padStart(2, '0')}`;
const otherCase = (letter: string) =>
  letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase();

/** All that a stroke at one place can make of an address. */
function strokes(address: string): string[] {
  const made = [...address].flatMap((letter, at) => {
    const [before, after] = [address.slice(0, at), address.slice(at + 1)];
    const instead = ['', letter + letter, otherCase(letter), percent(letter), percent(percent(letter)), '*'];
    const inFront = ['/', '.', '@', '\\', '\t', '\u200b', '%00', ';'];
    return [
      ...instead.map((one) => `${before}${one}${after}`),
      ...inFront.map((one) => `${before}${one}${letter}${after}`),
    ];
  });
  const behind = [
    '/',
    '?',
    '#',
    '&',
    '.',
    ' ',
    '%20',
    '\n',
    '\u0000',
    '%0d%0a',
    '/..',
    '?x',
    '#x',
    '@evil.example.test',
  ];
  const all = [...made, ...behind.map((one) => address + one)];
  return [...new Set(all)].filter((one) => one !== address);
}

/** On the loopback address the port is anybody's (RFC 8252 section 7.3). */
const isOtherPort = (address: string) => /^http:\/\/127\.0\.0\.1(:\d{1,5})?\/cb$/.test(address);

async function refuses(clientId: string, address: string): Promise<boolean> {
  const change = { client_id: clientId, redirect_uri: address, scope: 'launch/patient patient/Patient.rs' };
  const { url } = authorisationRequest(server.issuer, change);
  const answer = await fetch(url, { redirect: 'manual', headers: { Accept: 'application/json' } });
  const body = await answer.text();
  return answer.status === 400 && answer.headers.get('location') === null && /"invalid_re/.test(body);
}

describe.for([
  ['stroke-web', web],
  ['stroke-native', native],
  ['stroke-native', loopback],
] as const)('RU-01 %s, whose address is %s,', ([clientId, registered]) => {
  test('may be sent there', async () => {
    const change = {
      client_id: clientId,
      redirect_uri: registered,
      scope: 'launch/patient patient/Patient.rs',
    };
    expectAsked(await ask(server, change), server.issuer);
  });

  test('may not be sent anywhere that is a stroke away', { timeout: 120_000 }, async () => {
    const wrong = strokes(registered).filter((one) => clientId === 'stroke-web' || !isOtherPort(one));
    expect(wrong.length).toBeGreaterThan(200);
    const taken: string[] = [];
    for (const address of wrong) if (!(await refuses(clientId, address))) taken.push(address);
    expect(taken).toEqual([]);
  });
});
