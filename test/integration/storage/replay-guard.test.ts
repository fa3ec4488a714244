import { errors } from 'oidc-provider';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createReplayGuard } from '../../../src/oidc/storage/index.ts';
import { assertion, assertionForm, demoKey } from '../../support/assertion.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { type OpenedAdapter, openAdapter } from './adapter.ts';
import { fresh, together } from './artefacts.ts';

let adapter: OpenedAdapter;
let server: TestServer;

beforeAll(async () => {
  adapter = await openAdapter();
  server = await startServer();
});
afterEach(() => shiftTime(0));
afterAll(async () => {
  await server.close();
  await adapter.close();
});

const guard = () => adapter.model('ReplayDetection');

describe('an identifier that may be used once', () => {
  test('is taken once of 50 times, and the others are told that their proof was used', async () => {
    const id = fresh('jti');
    const outcomes = await together(50, () =>
      guard()
        .upsert(id, { iss: 'kete-web' }, 60)
        .then(
          () => 'first',
          (error: unknown) => (error instanceof errors.InvalidDpopProof ? 'refused' : String(error)),
        ),
    );
    expect(outcomes.toSorted()).toEqual(['first', ...Array<string>(49).fill('refused')]);
  });

  test('does not stand in the way of others that come at the same time', async () => {
    const ids = Array.from({ length: 50 }, () => fresh('jti'));
    const outcomes = await Promise.allSettled(ids.map((id) => guard().upsert(id, {}, 60)));
    expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([]);
  });

  test('is refused for ever, also after its guard has expired', async () => {
    const id = fresh('jti');
    await guard().upsert(id, {}, 60);
    shiftTime(3600);
    await expect(guard().upsert(id, {}, 60)).rejects.toThrow(errors.InvalidDpopProof);
  });

  test('is never reported as found: only the insert decides', async () => {
    const id = fresh('jti');
    await guard().upsert(id, {}, 60);
    expect(await guard().find(id)).toBeUndefined();
  });

  test('must expire some day', async () => {
    await expect(guard().upsert(fresh('jti'), {}, undefined as unknown as number)).rejects.toThrow(
      /must expire/,
    );
  });

  test('with an expiry beyond all calendars is the fault of the request, and spoils no other of its group', async () => {
    const good = fresh('jti');
    const [bad, neighbour] = await Promise.allSettled([
      guard().upsert(fresh('jti'), {}, 9e15),
      guard().upsert(good, {}, 60),
    ]);
    expect(neighbour.status).toBe('fulfilled');
    expect(bad).toMatchObject({ status: 'rejected', reason: expect.any(errors.OIDCProviderError) });
  });

  test('inside a transaction is free again when that is rolled back', async () => {
    const { db } = server.services;
    const replayGuard = createReplayGuard({ db });
    const [id, expiresAt] = [fresh('jti'), new Date(Date.now() + 60_000)];
    const attempt = db.transaction(async () => {
      expect(await replayGuard.first(id, expiresAt)).toBe(true);
      expect(await replayGuard.first(id, expiresAt)).toBe(false);
      throw new Error('the story ends here');
    });
    await expect(attempt).rejects.toThrow('the story ends here');
    expect(await replayGuard.first(id, expiresAt)).toBe(true);
  });
});

describe('a client assertion', () => {
  test('presented by 50 requests at once gives one token; the others are not authenticated', async () => {
    const jwt = await assertion(demoKey(server, 'clinic-jwt'), 'clinic-jwt', server.issuer);
    const form = { grant_type: 'client_credentials', scope: 'system/Flag.read', ...assertionForm(jwt) };
    const answers = await together(50, async () => {
      const response = await server.token(form);
      const { error } = (await response.json()) as { error?: string };
      return `${response.status} ${error ?? 'token'}`;
    });
    expect(answers.toSorted()).toEqual(['200 token', ...Array<string>(49).fill('401 invalid_client')]);
  });
});
