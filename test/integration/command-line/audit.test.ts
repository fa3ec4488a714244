import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startChildServer } from '../../support/child.ts';
import { createWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.dispose());

interface Report {
  readonly sealed: number;
  readonly waiting: number;
  readonly head: string;
  readonly faults: readonly string[];
}

/** Runs `assent audit verify …` and reads what it printed. */
async function verify(...parameters: string[]): Promise<Report & { readonly code: number | null }> {
  const { code, stdout, stderr } = await world.run('audit', 'verify', ...parameters);
  expect(stderr).toBe('');
  const lines = stdout.split('\n');
  const after = (name: string) =>
    lines
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length)
      .trim();
  const faults = lines.filter((line) => line.startsWith('FAULT  ')).map((line) => line.slice(7));
  expect(stdout.includes('Everything that is sealed is as it was written.')).toBe(faults.length === 0);
  return {
    code,
    sealed: Number(after('sealed')),
    waiting: Number(after('waiting')),
    head: String(after('head')),
    faults,
  };
}

/** A server that issues so many tokens and stops; what it has noted in its log as the head. */
async function serve(tokens: number): Promise<string | undefined> {
  const server = await startChildServer(world.env);
  const authorization = `Basic ${Buffer.from('clinic-backend:demo-secret-clinic-backend').toString('base64')}`;
  for (let n = 0; n < tokens; n += 1) {
    const response = await fetch(`${server.issuer}/token`, {
      method: 'POST',
      headers: { authorization },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'system/Flag.read' }),
    });
    expect(response.status).toBe(200);
    await response.arrayBuffer();
  }
  await server.child.said('the audit is sealed so far');
  const { stdout } = await server.stop();
  return /"head":"(\d+:[\w-]{43})"/.exec(stdout)?.[1];
}

const change = (...statements: readonly string[]) =>
  world.look(async (sql) => {
    for (const statement of statements) await sql(statement);
  });

/** Each command is a process with an embedded database of its own. */
describe('F-15 assent audit verify', { timeout: 120_000 }, () => {
  let noted: string;
  let sealed: Report;

  test('counts what waits until a server seals it', async () => {
    expect(await verify()).toMatchObject({ code: 0, sealed: 0, head: '0:', faults: [] });
    expect((await verify()).waiting).toBeGreaterThan(10);
  });

  test('finds nothing wrong with what servers have sealed, and the head that they noted in it', async () => {
    noted = String(await serve(3));
    const first = await verify('--head', noted);
    expect(first).toMatchObject({ code: 0, waiting: 0, faults: [] });
    expect(first.head).toMatch(new RegExp(`^${first.sealed}:[\\w-]{43}$`));
    await serve(2);
    sealed = await verify('--head', first.head);
    expect(sealed).toMatchObject({ code: 0, sealed: first.sealed + 2, waiting: 0, faults: [] });
  });

  test('names each row that was changed or removed, and fails', async () => {
    const ids = await world.look((sql) =>
      sql<{ id: string }>(
        `SELECT id FROM audit_events JOIN audit_chain ON event_id = id WHERE type = 'token.issued' ORDER BY seq`,
      ),
    );
    const [one, two] = ids.map(({ id }) => id);
    await change(
      `UPDATE audit_events SET client_id = 'kete-web' WHERE id = '${one}'`,
      `UPDATE audit_events SET detail = detail || '{"reason": "none"}' WHERE id = '${two}'`,
    );
    const { code, faults } = await verify('--head', noted);
    expect([code, faults.length]).toEqual([1, 2]);
    expect(faults[0]).toMatch(new RegExp(`^number \\d+: row ${one} is not what was sealed here$`));
    expect(faults[1]).toContain(two);

    await change(`DELETE FROM audit_events WHERE id = '${one}'`);
    const after = await verify();
    expect([after.code, after.faults.length]).toEqual([1, 2]);
    expect(after.faults[0]).toMatch(new RegExp(`row ${one} was removed$`));
  });

  test('knows by a noted head that the end was cut off', async () => {
    await change(
      `DELETE FROM audit_events WHERE id IN (SELECT event_id FROM audit_chain WHERE seq > 5)`,
      `DELETE FROM audit_chain WHERE seq > 5`,
      `UPDATE audit_head SET seq = 5, hash = (SELECT hash FROM audit_chain WHERE seq = 5)`,
    );
    expect(await verify()).toMatchObject({ code: 0, sealed: 5, faults: [] });
    const { code, faults } = await verify('--head', sealed.head);
    expect(code).toBe(1);
    expect(faults).toEqual([
      `the chain was cut off: number ${sealed.sealed} was its head once, and number 5 is the last now`,
    ]);
  });

  test.each(['', '12', '12:', '0:x', `x:${'a'.repeat(43)}`, `12:${'a'.repeat(42)}`, `1e3:${'a'.repeat(43)}`])(
    'refuses a head that none can be: "%s"',
    async (head) => {
      const { code, stdout, stderr } = await world.run('audit', 'verify', '--head', head);
      expect(stderr).toBe(
        'Nothing was verified:\n  - --head must be SEQ:HASH, as this command and the log note it\n',
      );
      expect([code, stdout]).toEqual([1, '']);
    },
  );
});
