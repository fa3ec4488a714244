import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { demoPassword, formTo } from '../../support/visitor.ts';
import { begin } from '../pages/steps.ts';

/** A node of the version before takes a form in the middle of an upgrade, and one of this version goes on (docs/adr/0010). */

let server: TestServer;
beforeAll(async () => {
  // Interactions are in the database, where a test can write them as that node does.
  server = await startServer({ REDIS_URL: '' });
  await server.sql("DELETE FROM authenticators WHERE account_id = 'hana'");
});
afterAll(() => server?.close());

test.each([
  ['is gone on with', 0, true],
  ['is over where everything of hers has ended on a node of this version', 1, false],
])('what she proved there says no version, and %s', async (_what, version, goesOn) => {
  const { visitor, page } = await begin(server);
  const { action, fields } = formTo(page, '/sign-in');
  const typed = [
    ['identifier', 'hana@example.test'],
    ['password', demoPassword],
  ] as const;
  const proved = await visitor.post(action, [...fields, ...typed]);
  const written = await server.sql(
    `UPDATE oidc_artefacts SET payload = payload #- '{result,login,proofVersion}'
     WHERE model = 'Interaction' AND payload #> '{result,login,proofVersion}' IS NOT NULL RETURNING id`,
  );
  expect(written).toHaveLength(1);
  await server.sql("UPDATE accounts SET proof_version = $1 WHERE id = 'hana'", [version]);
  const answer = await visitor.follow(proved);
  expect(answer.html.includes('/consent"')).toBe(goesOn);
  expect((await visitor.get('/account')).status === 200).toBe(goesOn);
});
