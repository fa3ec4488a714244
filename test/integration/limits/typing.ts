import { startServer, type TestServer } from '../../support/server.ts';
import { demoPassword, formTo, type Page, type Visitor } from '../../support/visitor.ts';
import { begin, visit } from '../pages/steps.ts';
import { createPassing, type Passing, redisDatabase, redisUrl } from './stores.ts';

/** A server behind a proxy, so that a request may come from any address, and time for its counters. */
export interface World extends Passing {
  readonly server: TestServer;
  /** Settings of one more node of the same system. */
  readonly env: Record<string, string>;
}

/**
 * Starts a server.
 *
 * @param database number of the Redis database, where there is Redis: each test file has its own
 */
export async function startWorld(database: number, env: Record<string, string> = {}): Promise<World> {
  const url = redisUrl === undefined ? undefined : redisDatabase(database);
  const settings = {
    TRUST_PROXY: '127.0.0.1,::1',
    ...(url === undefined ? {} : { REDIS_URL: url }),
    ...env,
  };
  return { server: await startServer(settings), env: settings, ...createPassing(url) };
}

let addresses = 0;

/** An address that nobody had before. */
export function newAddress(): string {
  addresses += 1;
  return `198.51.${Math.floor(addresses / 250)}.${(addresses % 250) + 1}`;
}

let people = 0;

/** Registers somebody who has not signed in yet, with the password of all. @returns her identifier */
export async function newPerson({ services }: TestServer): Promise<string> {
  people += 1;
  const id = `person-${people}`;
  const identifier = `${id}@example.test`;
  const passwordHash = await services.passwords.hash(demoPassword);
  const nobodyElse = { patient: undefined, practitioner: undefined };
  await services.accounts.put(
    { id, name: 'Aroha Ngata', ...nobodyElse, passwordHash, identifiers: [identifier] },
    { demo: true },
  );
  return identifier;
}

/** A browser on a sign-in page, in which a name and a password can be typed again and again. */
export interface Typist {
  readonly visitor: Visitor;
  type(password: string, options?: { identifier?: string; source?: string }): Promise<Page>;
}

/** @param source address from which the browser comes, unless a try says another */
export async function openTypist(
  server: TestServer,
  options: { visitor?: Visitor; identifier?: string; source?: string } = {},
): Promise<Typist> {
  const { visitor = visit(server), identifier: usual = 'nobody@example.test', source: home } = options;
  const { page } = await begin(server, { visitor, change: { prompt: 'login' } });
  const { action, fields } = formTo(page, '/sign-in');
  return {
    visitor,
    type(password, { identifier = usual, source = home } = {}) {
      const typed = [...fields, ['identifier', identifier] as const, ['password', password] as const];
      return visitor.post(action, typed, source === undefined ? {} : { 'X-Forwarded-For': source });
    },
  };
}

/** Types wrong passwords, one after the other. @returns the status of each answer */
export async function typeWrong(typist: Typist, times: number, source?: string): Promise<number[]> {
  const statuses: number[] = [];
  for (let n = 0; n < times; n += 1) {
    const { status } = await typist.type(`wrong ${n}`, source === undefined ? {} : { source });
    statuses.push(status);
  }
  return statuses;
}

/** Types the right password. */
export const typeRight = (typist: Typist, options: { identifier?: string; source?: string } = {}) =>
  typist.type(demoPassword, options);

/** The cookie of a browser in which somebody signed in before, as it would be sent. */
export function knownCookie(visitor: Visitor): string {
  const found = visitor.cookies('/').find((pair) => /^(__Host-)?assent_known=/.test(pair));
  if (found === undefined) throw new Error('this browser is not known');
  return found;
}
