import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { pino } from 'pino';
import { createKete } from '../../../src/demo/index.ts';
import { createSecurityHeaders } from '../../../src/web/security-headers.ts';
import { pages } from '../../support/english.ts';
import { createStub, type Stub, usual } from './stub.ts';

/** A browser, as far as Kete Health can tell: it keeps a cookie and says that a form comes from the same site. */
export interface Browser {
  cookie: string | undefined;
  /** The last `Set-Cookie` as it came. */
  setCookie: string;
  get(path: string): Promise<Answer>;
  post(path: string, headers?: Record<string, string>): Promise<Answer>;
  /** Sends a form with these fields. */
  send(path: string, fields: Record<string, string>): Promise<Answer>;
  /** Begins a sign-in and goes as far as the way back: the address of the callback. */
  begin(): Promise<string>;
  /** Signs in; gives the page that one ends on. */
  connect(): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Where a redirect leads, without the origin if it is the issuer's. */
  readonly location: string;
  readonly html: string;
}

export interface World {
  readonly issuer: string;
  readonly stub: Stub;
  readonly logLines: readonly string[];
  browser(): Browser;
  /** What the stub was asked of one kind, such as `POST /token`. */
  asked(what: string): Stub['asked'];
  /** Everything as it is at first, and a browser that has connected. */
  connected(): Promise<Browser>;
  /** Moves Kete Health's clock, in seconds from now. */
  shift(seconds: number): void;
  close(): void;
}

/** Kete Health before a stub of the authorisation server and of the FHIR server, on one port. */
export async function createWorld(): Promise<World> {
  const logLines: string[] = [];
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stub = await createStub(issuer);
  const app = new Koa();
  let shifted = 0;
  const now = () => new Date(Date.now() + shifted * 1000);
  app.use(createSecurityHeaders({ issuer, formAction: ["'self'"] }));
  app.use(pages.assets.middleware);
  app.use(
    createKete({
      issuer,
      fhirBase: `${issuer}/demo/fhir/r4`,
      clientId: 'kete-web',
      clientSecret: 'demo-secret-kete-web',
      render: pages.render,
      languageOf: pages.languageOf,
      clock: { now, seconds: () => Math.floor(now().getTime() / 1000) },
      log: pino({ level: 'trace' }, { write: (line) => void logLines.push(line) }),
    }),
  );
  app.use(stub.middleware);
  server.on('request', app.callback());

  function browser(): Browser {
    async function send(
      path: string,
      init: { method?: string; headers?: Record<string, string>; body?: URLSearchParams } = {},
    ) {
      const cookie: Record<string, string> = self.cookie === undefined ? {} : { Cookie: self.cookie };
      const response = await fetch(new URL(path, issuer), {
        ...init,
        headers: { Accept: 'text/html', ...init.headers, ...cookie },
        redirect: 'manual',
      });
      for (const given of response.headers.getSetCookie()) {
        self.setCookie = given;
        const [pair = ''] = given.split(';');
        self.cookie = pair === 'kete=' ? undefined : pair;
      }
      return {
        status: response.status,
        headers: response.headers,
        location: (response.headers.get('Location') ?? '').replace(issuer, ''),
        html: await response.text(),
      };
    }
    const self: Browser = {
      cookie: undefined,
      setCookie: '',
      get: (path) => send(path),
      post: (path, headers = { 'Sec-Fetch-Site': 'same-origin' }) => send(path, { method: 'POST', headers }),
      send: (path, fields) =>
        send(path, {
          method: 'POST',
          body: new URLSearchParams(fields),
          headers: { 'Sec-Fetch-Site': 'same-origin' },
        }),
      async begin() {
        const { location } = await self.post('/demo/connect');
        return (await self.get(location)).location;
      },
      async connect() {
        const answer = await self.get(await self.begin());
        return answer.location === '' ? answer : self.get(answer.location);
      },
    };
    return self;
  }

  return {
    issuer,
    stub,
    logLines,
    browser,
    asked: (what) => stub.asked.filter((request) => request.what === what),
    async connected() {
      stub.behaviour = usual();
      shifted = 0;
      const anew = browser();
      await anew.connect();
      return anew;
    },
    shift(seconds) {
      shifted = seconds;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
