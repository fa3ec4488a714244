import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import {
  createLocalJWKSet,
  decodeProtectedHeader,
  type JSONWebKeySet,
  type JWTPayload,
  jwtVerify,
} from 'jose';
import { expect } from 'vitest';
import { type Answer, basic, form, type Sent, send } from '../../support/fixtures.ts';
import type { TestServer } from '../../support/server.ts';
import type { TokenAnswer } from '../../support/visitor.ts';
import { kidOf } from './fixture.ts';
import type { Nodes } from './nodes.ts';

/** A token request of a system that has a secret. */
export const systemRequest: Sent = form(
  { grant_type: 'client_credentials', scope: 'system/Flag.read' },
  basic('clinic-backend', 'demo-secret-clinic-backend'),
);

/** The tokens of an answer. @throws unless it has some */
export function tokensIn({ status, body }: Answer): TokenAnswer {
  if (status !== 200) throw new Error(`${status} ${body}`);
  return JSON.parse(body) as TokenAnswer;
}

/** The kid of the key that signed a token. */
export const signerOf = (token: string | undefined) => decodeProtectedHeader(token ?? '').kid;

/** With which key the server signs tokens now. */
export const signerNow = async (server: TestServer) =>
  signerOf(tokensIn(await send(server, systemRequest)).access_token);

/** Checks a token with what is published now, as somebody who has never asked before. */
export async function verifyNow({ issuer }: TestServer, token: string | undefined): Promise<JWTPayload> {
  const keys = (await (await fetch(`${issuer}/jwks`)).json()) as JSONWebKeySet;
  return (await jwtVerify(token ?? '', createLocalJWKSet(keys), { issuer })).payload;
}

/** Rotates the keys, which must be old enough, and sees that the server signs with the new one. */
export async function rotateNow({ server, rotate, look }: Nodes): Promise<void> {
  const next = kidOf(await server.services.keys.list(), 'next');
  expect(await rotate()).toBe('done');
  await look('the server signs with the next key', async () => (await signerNow(server)) === next);
}

async function read(answer: IncomingMessage): Promise<Answer> {
  let body = '';
  for await (const chunk of answer.setEncoding('utf8')) body += chunk;
  return { status: answer.statusCode ?? 0, headers: answer.headers, body };
}

/**
 * Sends a token request up to its body. The server says `100 Continue` when it has begun with the request (RFC 9110
 * section 10.1.1), and waits for the rest.
 *
 * @returns what sends the body and gives the answer
 */
export async function hold(
  { issuer }: TestServer,
  { headers, body = '' }: Sent,
): Promise<() => Promise<Answer>> {
  const sent = request(`${issuer}/token`, {
    method: 'POST',
    agent: false,
    headers: { ...headers, 'Content-Length': Buffer.byteLength(body), Expect: '100-continue' },
  });
  // Whoever waits for the answer hears of a fault; in between nobody waits.
  sent.on('error', () => {});
  sent.flushHeaders();
  await once(sent, 'continue');
  return async () => {
    const response = once(sent, 'response') as Promise<[IncomingMessage]>;
    sent.end(body);
    return read((await response)[0]);
  };
}
