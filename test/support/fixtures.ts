import { type IncomingHttpHeaders, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { createApp } from '../../src/app.ts';
import { readRegistrations } from '../../src/clients/index.ts';
import { readConfig } from '../../src/config/index.ts';
import { openDatabase } from '../../src/db/index.ts';
import { createServices } from '../../src/services.ts';
import type { TestServer } from './server.ts';
import { masterKey } from './template.ts';

/** A request as it goes over the wire: unlike `fetch`, it may name any `Host` and any request target. */
export interface Sent {
  readonly method?: string;
  /** The request target: a path, or in absolute form. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Sends the body in chunks, so that no `Content-Length` announces its size. */
  readonly chunked?: boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/**
 * Sends one request to a node.
 *
 * @param at the address that the node is meant to be reached under; `port` where it really listens, if elsewhere
 */
export function send(at: { readonly issuer: string; readonly port?: number }, sent: Sent): Promise<Answer> {
  const { hostname, host, port } = new URL(at.issuer);
  const { method = 'POST', path = '/token', headers = {}, body, chunked = false } = sent;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { hostname, port: at.port ?? port, method, path, headers: { Host: host, ...headers }, agent: false },
      async (response) => {
        const parts: Buffer[] = [];
        for await (const part of response) parts.push(part as Buffer);
        const { statusCode = 0 } = response;
        resolve({ status: statusCode, headers: response.headers, body: Buffer.concat(parts).toString() });
      },
    );
    outgoing.on('error', reject);
    if (chunked && body !== undefined) outgoing.write(body);
    outgoing.end(chunked ? undefined : body);
  });
}

/** A form for the token endpoint; pairs where a parameter is to stand there twice. */
export function form(
  parameters: Readonly<Record<string, string>> | readonly (readonly [string, string])[],
  headers: Readonly<Record<string, string>> = {},
): Sent {
  const pairs: readonly (readonly [string, string])[] = Array.isArray(parameters)
    ? parameters
    : Object.entries(parameters);
  return {
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, value])).toString(),
  };
}

/** HTTP Basic credentials, form-encoded first (RFC 6749 section 2.3.1). */
export function basic(clientId: string, secret: string): { Authorization: string } {
  return rawBasic(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`);
}

/** HTTP Basic credentials exactly as written. */
export function rawBasic(text: string): { Authorization: string } {
  return { Authorization: `Basic ${Buffer.from(text).toString('base64')}` };
}

/** Registers clients as `assent client import` does; addresses are let through, so that refusing them later can be tested. */
export async function register(
  { services }: Pick<TestServer, 'services'>,
  ...registrations: readonly Readonly<Record<string, unknown>>[]
): Promise<void> {
  const checked = await readRegistrations(JSON.stringify(registrations), {
    apis: await services.catalogue.all(),
    organizations: await services.organizations.all(),
    addressFault: () => undefined,
    hasSecret: () => false,
    issuer: services.config.issuer,
    ids: services.ids,
  });
  await services.registry.put(
    checked.map(({ record }) => record),
    { actor: 'test', demo: false },
  );
}

/** One more node on the database of a server. It is reached under the same issuer, as behind a load balancer. */
export interface TestNode {
  readonly issuer: string;
  /** Where this node really listens. */
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Starts one more node: nothing of the first one's memory is in it, only the database is shared. On the
 * embedded database, which takes one process, the handle is shared as well.
 *
 * @param env settings beside the usual ones; the first node's are not taken over
 */
export async function startNode(server: TestServer, env: Record<string, string> = {}): Promise<TestNode> {
  const { db, target } = server.services;
  const opened =
    'url' in target
      ? await openDatabase({ url: target.url, dataDir: '', onError: () => {} })
      : { db, target };
  const config = readConfig({
    ISSUER: server.issuer,
    DATA_DIR: server.dataDir,
    ASSENT_MASTER_KEY: masterKey,
    DEMO: '1',
    ...(process.env.REDIS_URL === undefined ? {} : { REDIS_URL: process.env.REDIS_URL }),
    ...env,
  });
  const app = await createApp(createServices(config, opened), pino({ level: 'silent' }));
  await new Promise<void>((resolve) => app.server.listen(0, resolve));
  return {
    issuer: server.issuer,
    port: (app.server.address() as AddressInfo).port,
    async close() {
      await app.close();
      if (opened.db !== db) await opened.db.close();
    },
  };
}

/** Asks again until `probe` finds something. @throws when nothing was found by the deadline */
export async function eventually<T>(probe: () => Promise<T | undefined>, seconds = 10): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`nothing was found within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
