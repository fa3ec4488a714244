import { decodeJwt, importJWK, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RETIRING_LIFE } from '../../../src/keys/index.ts';
import { send, startNode, type TestNode } from '../../support/fixtures.ts';
import { addNotes, askedBy, isActiveAt } from '../attacks/jwts.ts';
import { expectInactive } from '../exchange/introspection.ts';
import { keyIn } from '../keys/fixture.ts';
import { type Nodes, RIPE, startOneNode } from '../keys/nodes.ts';
import { rotateNow, signerOf, systemRequest, tokensIn } from '../keys/swaps.ts';

/** Introspection while keys change: a token is good as long as the key that signed it is one of ours. */

let nodes: Nodes;
/** A node that does not follow the keys: it knows those with which it began. */
let behind: TestNode;

beforeAll(async () => {
  nodes = await startOneNode();
  await addNotes(nodes.server);
  behind = await startNode(nodes.server);
});
afterAll(async () => {
  await behind.close();
  await nodes.close();
});

const api = 'reasonable-adjustments';
const obtain = async () => tokensIn(await send(nodes.server, systemRequest)).access_token;

/** A token that lives longer than any, so that only its key can make it bad. */
async function lasting(): Promise<string> {
  const [signs] = (await nodes.server.services.keys.privateJwks()).filter(({ alg }) => alg === 'ES256');
  if (signs === undefined) throw new Error('there is no key');
  const exp = Math.floor(Date.now() / 1000) + 10 * RETIRING_LIFE;
  return new SignJWT({ ...decodeJwt(await obtain()), exp })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: String(signs.kid) })
    .sign(await importJWK(signs, 'ES256'));
}

test('tokens of the key before and of the key after are good, also at a node that has not looked yet', async () => {
  await nodes.pass(RIPE);
  const before = await obtain();
  await rotateNow(nodes);
  const after = await obtain();
  expect(signerOf(after)).not.toBe(signerOf(before));
  for (const at of [nodes.server, behind])
    for (const token of [before, after]) expect(await isActiveAt(at, api, token)).toBe(true);
});

test('a token is good while its key retires, and nothing when the key has left', async () => {
  const token = await lasting();
  const kid = signerOf(token);
  await nodes.pass(RIPE);
  await rotateNow(nodes);
  expect(keyIn(await nodes.server.services.keys.list(), 'retiring')).toBeDefined();
  expect(await isActiveAt(nodes.server, api, token)).toBe(true);
  await nodes.pass(RETIRING_LIFE + 60);
  await nodes.look('the key has left', async () =>
    (await nodes.server.services.keys.list()).every((key) => key.kid !== kid),
  );
  expectInactive(await askedBy(nodes.server, api, token));
});

test('a key that an operator takes away is none of ours from then on', async () => {
  const token = await lasting();
  expect(await isActiveAt(nodes.server, api, token)).toBe(true);
  await rotateNow(nodes);
  await nodes.server.sql('DELETE FROM signing_keys WHERE kid = $1', [signerOf(token)]);
  await nodes.look('it is not published', async () => {
    const { keys } = (await (await fetch(`${nodes.server.issuer}/jwks`)).json()) as {
      keys: { kid: string }[];
    };
    return keys.every((key) => key.kid !== signerOf(token));
  });
  expectInactive(await askedBy(nodes.server, api, token));
});
