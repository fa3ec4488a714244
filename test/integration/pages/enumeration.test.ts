import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../support/fixtures.ts';
import { lasting } from '../../support/lasting.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { demoPassword, formTo, type Page } from '../../support/visitor.ts';
import { begin } from './steps.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ TRUST_PROXY: '127.0.0.1,::1' });
  await server.sql("UPDATE accounts SET disabled_at = now() WHERE id = 'mere'");
  await server.sql("UPDATE accounts SET password_hash = NULL WHERE id = 'tom'");
});
afterAll(() => server.close());

async function attempt(identifier: string, password: string): Promise<Page & { uid: string; csrf: string }> {
  const { visitor, page } = await begin(server);
  const { action, fields } = formTo(page, '/sign-in');
  const [, csrf = ''] = fields.find(([name]) => name === 'csrf') ?? [];
  const answer = await visitor.post(action, [...fields, ['identifier', identifier], ['password', password]]);
  return { ...answer, uid: action.split('/')[2] ?? '', csrf };
}

/** A page without what is made anew for each visitor, and what she typed herself. */
const bare = ({ html, uid, csrf }: { html: string; uid: string; csrf: string }, typed: string) =>
  lasting(html).replaceAll(uid, '[uid]').replaceAll(csrf, '[csrf]').replaceAll(typed, '[typed]');

const perVisit = /^(date|content-length|set-cookie|x-correlation-id)$/;

/** Names that nobody has: each is tried a few times only, or it would have to wait. */
let strangers = 0;

describe('LO-02 who has an account is not told', () => {
  test.for([
    ['a wrong password', 'aroha@example.test', 'kereru sings at dusk'],
    ['a disabled account with a wrong password', 'mere@example.test', 'kereru sings at dusk'],
    ['a disabled account with the right password', 'mere@example.test', demoPassword],
    ['an account without a password', 'tom@example.test', demoPassword],
    ['a name that nobody can have', 'x'.repeat(201), demoPassword],
    ['a password that nobody can have', 'aroha@example.test', 'x'.repeat(1001)],
  ])('%s is answered as an unknown name is', async ([, identifier = '', password = '']) => {
    strangers += 1;
    const nobody = `nobody-${strangers}@example.test`;
    const unknown = await attempt(nobody, demoPassword);
    const answer = await attempt(identifier, password);
    expect(answer.status).toBe(unknown.status);
    expect(bare(answer, identifier)).toBe(bare(unknown, nobody));
    const names = (page: Page) => [...page.headers].filter(([name]) => !perVisit.test(name));
    expect(names(answer).map(([name, value]) => [name, value.replaceAll(answer.uid, '')])).toEqual(
      names(unknown).map(([name, value]) => [name, value.replaceAll(unknown.uid, '')]),
    );
  });

  test('each of them is counted, without the name', async () => {
    const count = async () => {
      const rows = await server.sql<{ count: number }>(
        "SELECT sum(count)::int AS count FROM anonymous_denials WHERE error = 'sign_in_refused'",
      );
      return rows[0]?.count ?? 0;
    };
    await eventually(async () => ((await count()) >= 12 ? true : undefined));
    const before = await count();
    await attempt('aroha@example.test', 'wrong');
    expect(await eventually(async () => ((await count()) > before ? count() : undefined))).toBe(before + 1);
    const rows = await server.sql('SELECT * FROM anonymous_denials');
    expect(JSON.stringify(rows)).not.toContain('@');
    expect(await server.sql("SELECT 1 FROM audit_events WHERE type = 'person.signed-in'")).toEqual([]);
  });
});

test('F-16 a flood of sign-ins fills a short queue: who comes too late is told to try again', async () => {
  const visits = await Promise.all(Array.from({ length: 12 }, () => begin(server)));
  const answers = await Promise.all(
    Array.from({ length: 120 }, (_, n) => {
      const { visitor, page } = visits[n % visits.length] ?? { visitor: undefined, page: undefined };
      if (visitor === undefined) throw new Error('a visit is missing');
      const { action, fields } = formTo(page, '/sign-in');
      // One of a hospital's many: neither a name nor an address is tried too often.
      const typed = [
        ...fields,
        ['identifier', `person-${n}@example.test`] as const,
        ['password', 'wrong'] as const,
      ];
      return visitor.post(action, typed, { 'X-Forwarded-For': `198.51.100.${n}` });
    }),
  );
  const busy = answers.filter(({ status }) => status === 503);
  expect(busy.length).toBeGreaterThan(0);
  expect(answers.every(({ status }) => status === 503 || status === 200)).toBe(true);
  for (const page of busy) {
    expect(page.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    expect(page.html).toContain('We cannot check your password just now. Wait a minute, then type it again.');
    expect(page.html).not.toContain('is not right');
  }
  // Afterwards everything is as before.
  expect((await attempt('aroha@example.test', demoPassword)).status).toBe(303);
}, 60_000);
