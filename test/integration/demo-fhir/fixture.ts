import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import Koa from 'koa';
import { pino } from 'pino';
import { expect } from 'vitest';
import type { Resource } from '../../../src/demo/fhir/resource.ts';
import type { WrittenResources } from '../../../src/demo/fhir/written.ts';
import { createDemoFhir } from '../../../src/demo/index.ts';

export const today = '2026-07-30';
const path = '/demo/fhir/r4';

/** The parts of FHIR answers that tests look at. */
export interface Body {
  readonly resourceType: string;
  readonly id?: string;
  readonly total?: number;
  readonly entry?: readonly { readonly fullUrl: string; readonly resource: { readonly id: string } }[];
  readonly link?: readonly { readonly relation: string; readonly url: string }[];
  readonly issue?: readonly {
    readonly severity: string;
    readonly code: string;
    readonly diagnostics: string;
  }[];
  readonly [element: string]: unknown;
}

export interface DemoFhir {
  readonly base: string;
  /** What introspection tells about a token; `aud`, `active` and the like are filled in. */
  readonly tokens: Map<string, Record<string, unknown>>;
  /** Requests that reached the introspection endpoint. */
  readonly introspections: { readonly authorization: string; readonly form: URLSearchParams }[];
  /** Replaces the next answers of the introspection endpoint; undefined to answer from `tokens` again. */
  answerWith(answer: ((res: ServerResponse) => void) | undefined): void;
  readonly logLines: readonly string[];
  /** Calls an address below the base, with a token if given. */
  call(path: string, token?: string, init?: RequestInit): Promise<Response>;
  /** As `call`, with scopes and context instead of a token. */
  as(token: Record<string, unknown>, path: string, init?: RequestInit): Promise<Response>;
  close(): Promise<void>;
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** What was added, for as long as the process lives. */
function inMemory(): WrittenResources {
  const kept = new Map<string, Resource[]>();
  const of = (patient: string) => kept.get(patient) ?? [];
  return {
    of: async (patient) => of(patient),
    async add(patient, resources) {
      kept.set(patient, [...of(patient), ...resources]);
      return true;
    },
  };
}

/** Starts the demo FHIR server on a Koa of its own, with a stand-in for the authorisation server's introspection. */
export async function startDemoFhir(readToday: () => Promise<string> = async () => today): Promise<DemoFhir> {
  const tokens = new Map<string, Record<string, unknown>>();
  const introspections: DemoFhir['introspections'] = [];
  const logLines: string[] = [];
  let forced: ((res: ServerResponse) => void) | undefined;
  let base = '';

  async function introspect(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const form = new URLSearchParams(await text(req));
    introspections.push({ authorization: req.headers.authorization ?? '', form });
    if (forced) return forced(res);
    const known = tokens.get(form.get('token') ?? '');
    res.setHeader('Content-Type', 'application/json');
    res.end(
      JSON.stringify(known ? { active: true, aud: base, token_type: 'Bearer', ...known } : { active: false }),
    );
  }

  const authorisationServer = createServer((req, res) => void introspect(req, res));
  const introspectionEndpoint = `${await listen(authorisationServer)}/token/introspection`;
  const koa = new Koa();
  const fhirServer = createServer((req, res) => void koa.callback()(req, res));
  base = `${await listen(fhirServer)}${path}`;
  koa.use(
    createDemoFhir({
      base,
      introspectionEndpoint,
      clientId: 'demo-fhir-server',
      clientSecret: 'a secret: with/odd+signs',
      today: readToday,
      written: inMemory(),
      clock: { now: () => new Date(), seconds: () => Math.floor(Date.now() / 1000) },
      log: pino({ level: 'info' }, { write: (line) => void logLines.push(line) }),
    }),
  );
  koa.use((ctx) => {
    ctx.body = 'passed on';
  });

  const call: DemoFhir['call'] = (below, token, init = {}) => {
    const headers = new Headers(init.headers);
    if (token !== undefined) headers.set('Authorization', `Bearer ${token}`);
    return fetch(`${base}${below}`, { ...init, headers });
  };
  return {
    base,
    tokens,
    introspections,
    answerWith(answer) {
      forced = answer;
    },
    logLines,
    call,
    as(token, below, init) {
      const value = `token-${tokens.size}`;
      tokens.set(value, token);
      return call(below, value, init);
    },
    async close() {
      await Promise.all([stop(fhirServer), stop(authorisationServer)]);
    },
  };
}

/** The body of an answer that is FHIR JSON. */
export async function fhir(answer: Response): Promise<Body> {
  return (await answer.json()) as Body;
}

/** Ids of the entries of a searchset. */
export function ids(body: Body): string[] {
  return (body.entry ?? []).map(({ resource }) => resource.id);
}

/** Checks that an answer is an OperationOutcome and nothing more, and gives its diagnostics. */
export async function expectOutcome(answer: Response, status: number, code: string): Promise<string> {
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toBe('application/fhir+json; charset=utf-8');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const body = await fhir(answer);
  expect(body).toMatchObject({ resourceType: 'OperationOutcome', issue: [{ severity: 'error', code }] });
  expect(JSON.stringify(body)).not.toMatch(/node_modules|\.ts\b|Error/);
  return body.issue?.[0]?.diagnostics ?? '';
}
