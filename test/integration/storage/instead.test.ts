import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import {
  ConsentEnded,
  createSqlStore,
  InteractionGone,
  type SqlStore,
} from '../../../src/oidc/storage/index.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorise } from '../../support/visitor.ts';
import { arohas, fresh, together } from './artefacts.ts';

/** What comes of an interaction, and of a decision: it is there with that, or not at all. */

let server: TestServer;
let store: SqlStore;
beforeAll(async () => {
  server = await startServer();
  store = createSqlStore({ db: server.services.db, clock: systemClock });
});
afterAll(() => server.close());

/** Tries to put something. @returns what it was put as, or why it was not */
async function tried(model: string, changes: Parameters<typeof arohas>[0]): Promise<string> {
  const id = fresh(model);
  try {
    await store.put(model, id, arohas(changes));
    return id;
  } catch (error) {
    if (error instanceof InteractionGone) return 'gone';
    if (error instanceof ConsentEnded) return 'ended';
    throw error;
  }
}

async function open(): Promise<string> {
  const interaction = fresh('interaction');
  await store.put('Interaction', interaction, arohas());
  return interaction;
}

/** A decision that holds, and its end. */
async function decided(): Promise<{ id: string; end(): Promise<unknown> }> {
  await authorise(server);
  const [row] = await server.sql<{ id: string }>(
    `SELECT id FROM consents WHERE account_id = 'aroha' AND ended_at IS NULL`,
  );
  const id = String(row?.id);
  return {
    id,
    end: () =>
      server.sql(`UPDATE consents SET ended_at = decided_at, end_reason = 'withdrawn' WHERE id = $1`, [id]),
  };
}

const noted = async (grantId: string) =>
  (await server.sql('SELECT FROM grants WHERE grant_id = $1', [grantId])).length === 1;

describe('what takes the place of an interaction', () => {
  test('is there, and the interaction is not', async () => {
    const insteadOf = await open();
    const id = await tried('AuthorizationCode', { insteadOf });
    expect(await store.find('AuthorizationCode', id)).toBeDefined();
    expect(await store.find('Interaction', insteadOf)).toBeUndefined();
  });

  test('of twenty at once, one', async () => {
    const insteadOf = await open();
    const answers = await together(20, () => tried('Interaction', { insteadOf }));
    expect(answers.filter((answer) => answer === 'gone')).toHaveLength(19);
  });

  test('nothing where there never was one', async () => {
    expect(await tried('AuthorizationCode', { insteadOf: fresh('interaction') })).toBe('gone');
  });

  test('a grant of a decision: of ten at once one, and the others leave none', async () => {
    const [insteadOf, { id: grantedBy }] = [await open(), await decided()];
    const answers = await together(10, () => tried('Grant', { insteadOf, grantedBy }));
    const made = answers.filter((answer) => answer !== 'gone');
    expect(made).toHaveLength(1);
    expect(await noted(String(made[0]))).toBe(true);
    expect(await store.find('Grant', String(made[0]))).toBeDefined();
  });
});

describe('a grant', () => {
  test('of a decision that has ended is none', async () => {
    const { id: grantedBy, end } = await decided();
    await end();
    expect(await tried('Grant', { grantedBy })).toBe('ended');
    const insteadOf = await open();
    expect(await tried('Grant', { grantedBy, insteadOf })).toBe('ended');
    expect(await store.find('Interaction', insteadOf)).toBeUndefined();
  });

  test('that is made while the decision ends is noted with it, or is none', async () => {
    const { id: grantedBy, end } = await decided();
    const making = together(10, () => tried('Grant', { grantedBy }));
    await end();
    for (const made of await making) {
      if (made !== 'ended')
        expect([await noted(made), await store.find('Grant', made)]).not.toContain(undefined);
    }
    expect(await tried('Grant', { grantedBy })).toBe('ended');
  });
});
