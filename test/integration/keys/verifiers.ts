import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
import { type Answer, send } from '../../support/fixtures.ts';

/** Where a key set is published: the address that all nodes have, and the node that really answers. */
interface Place {
  readonly issuer: string;
  readonly port: number;
}

/** A resource server's check of signatures. */
export interface Verifier {
  readonly name: string;
  /**
   * Checks a token. @returns when the key set was fetched that it was checked with, in milliseconds since 1970; undefined
   *   where nobody knows
   * @throws unless it is good
   */
  verify(token: string): Promise<number | undefined>;
}

const keySetOf = (place: Place): Promise<Answer> => send(place, { method: 'GET', path: '/jwks' });

/** The kids of all keys that a node publishes. */
export async function publishedBy(place: Place): Promise<(string | undefined)[]> {
  const { body } = await keySetOf(place);
  return (JSON.parse(body) as JSONWebKeySet).keys.map(({ kid }) => kid);
}

interface Copy {
  readonly keys: JWTVerifyGetKey;
  readonly at: number;
  readonly until: number;
}

/** Fetches a key set, and reads from `Cache-Control` for how long it may be used (RFC 9111 section 5.2.2.1). */
async function copyFrom(place: Place): Promise<Copy> {
  const { status, headers, body } = await keySetOf(place);
  const maxAge = /(?:^|[\s,])max-age=(\d+)(?:$|[\s,])/.exec(headers['cache-control'] ?? '')?.[1];
  if (status !== 200 || maxAge === undefined)
    throw new Error(`a key set cannot be cached: ${status} ${headers['cache-control']}`);
  const at = Date.now();
  return {
    keys: createLocalJWKSet(JSON.parse(body) as JSONWebKeySet),
    at,
    until: at + Number(maxAge) * 1000,
  };
}

/**
 * Uses each copy of the key set for exactly as long as it may and never asks for another one earlier, not even when a key
 * is not in it. It asks all nodes in turn, as through a load balancer.
 *
 * @param first number of the node that it asks first
 */
export function createCachingVerifier(issuer: string, ports: readonly number[], first: number): Verifier {
  let turn = first;
  let copy: Copy | undefined;
  let asked: Promise<Copy> | undefined;

  async function current(): Promise<Copy> {
    if (copy !== undefined && Date.now() < copy.until) return copy;
    // Of many checks that find the copy too old, one fetches another.
    asked ??= copyFrom({ issuer, port: ports[turn++ % ports.length] ?? 0 }).finally(() => {
      asked = undefined;
    });
    copy = await asked;
    return copy;
  }

  return {
    name: `cache ${first}`,
    async verify(token) {
      const { keys, at } = await current();
      await jwtVerify(token, keys, { issuer, algorithms: ['ES256'] });
      return at;
    },
  };
}

/** The cache of jose as it is when nobody sets anything: it keeps a set for longer, but looks again for a key that is not there. */
export function createLibraryVerifier(issuer: string, port: number): Verifier {
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`), {
    async [customFetch]() {
      const { status, body } = await keySetOf({ issuer, port });
      return new Response(body, { status });
    },
  });
  return {
    name: `library at ${port}`,
    async verify(token) {
      await jwtVerify(token, keys, { issuer, algorithms: ['ES256'] });
      return undefined;
    },
  };
}
