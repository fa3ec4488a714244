import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.dispose());

/** Milliseconds for a test that starts several processes, each with an embedded database. */
const SEVERAL = 120_000;

const NHI = 'https://standards.digital.health.nz/ns/nhi-id';
const audit = (type: string) =>
  world.look((sql) =>
    sql<{ subject: string | null }>(`SELECT subject FROM audit_events WHERE type = '${type}' ORDER BY at`),
  );

describe('assent account', () => {
  test('invite prints code and address, and what becomes of the mail', async () => {
    const out = await world.out(
      ...['account', 'invite', '--name', 'Ngaio Reweti', '--email', 'ngaio@example.test'],
      ...['--patient', 'p-ngaio', '--identifier', `${NHI}|zzz00ac`, '--birth-date', '1984-06'],
      ...['--identity-level', 'medium', '--language', 'en'],
    );
    const [, code] = /^code {5}([0-9A-Z-]{30})$/m.exec(out) ?? [];
    expect(code).toBeDefined();
    expect(out).toContain(`address  http://localhost:${world.env.PORT}/account/join/${code}`);
    expect(out).toContain('there is no mail server');
    expect(await audit('account.invited')).toEqual([{ subject: null }]);
    const kept = await world.look((sql) => sql<{ data: unknown }>('SELECT data FROM one_time_links'));
    expect(kept[0]?.data).toMatchObject({ healthIdentifiers: [{ system: NHI, value: 'ZZZ00AC' }] });
  });

  test('invite says every fault, and invites nobody', async () => {
    const { code, stdout, stderr } = await world.run(
      ...['account', 'invite', '--name', ' ', '--email', 'ngaio', '--birth-date', '1984-13'],
      ...['--identifier', 'ZZZ00AC', '--identity-level', 'sure'],
    );
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^Nobody was invited:\n/);
    expect([...stderr.matchAll(/^ {2}- (\S+)/gm)].map(([, member]) => member)).toEqual([
      ...['name', 'email', 'birthDate', 'identityLevel', 'healthIdentifiers.0'],
    ]);
    const taken = await world.run('account', 'invite', '--name', 'Aroha', '--patient', 'p-aroha');
    expect(taken.stderr).toBe('Nobody was invited:\n  - patient belongs to an account already\n');
    expect(await audit('account.invited')).toHaveLength(1);
  });

  test(
    'suspend ends the use of an account once, by id or by what somebody signs in with',
    async () => {
      expect(await world.out('account', 'suspend', 'tom@example.test')).toMatch(/^tom is suspended: /);
      expect(await world.out('account', 'suspend', 'tom')).toMatch(/was suspended before/);
      expect(await world.out('account', 'list')).toMatch(
        /^tom +Tom Ellis +tom@example\.test +suspended +high +verified/m,
      );
      expect((await world.run('account', 'reset-link', 'tom')).stderr).toBe(
        'No link was made:\n  - the account tom is suspended\n',
      );
      expect(await audit('account.suspended')).toEqual([{ subject: 'tom' }]);
    },
    SEVERAL,
  );

  test(
    'restore and deceased',
    async () => {
      expect(await world.out('account', 'restore', 'tom')).toMatch(/can be used again/);
      expect(await world.out('account', 'restore', 'tom')).toMatch(/could be used before/);
      expect(await world.out('account', 'deceased', 'mere')).toMatch(/^mere is deceased: /);
      expect(await audit('account.restored')).toEqual([{ subject: 'tom' }]);
      expect(await audit('account.deceased')).toEqual([{ subject: 'mere' }]);
    },
    SEVERAL,
  );

  test('of nobody is refused', async () => {
    const { code, stderr } = await world.run('account', 'suspend', 'nobody@example.test');
    expect([code, stderr]).toEqual([
      1,
      'Nothing was changed:\n  - nobody has the id nobody@example.test or signs in with it\n',
    ]);
  });

  test(
    'reset-factors removes what somebody has lost, once, and not of whoever is suspended',
    async () => {
      const out = await world.out('account', 'reset-factors', 'hana@example.test');
      expect(out).toMatch(
        /^hana is signed out everywhere\. Removed: passkeys 0, apps 1, recovery codes 0\.\n/,
      );
      expect(await audit('account.factors-reset')).toEqual([{ subject: 'hana' }]);
      const { stderr } = await world.run('account', 'reset-factors', 'mere');
      expect(stderr).toBe('Nothing was changed:\n  - the account mere is deceased\n');
    },
    SEVERAL,
  );

  test('reset-link prints an address that works once', async () => {
    const out = await world.out('account', 'reset-link', 'hana');
    expect(out).toMatch(/^http:\/\/localhost:\d+\/account\/reset\/[0-9A-Z-]{30}\n/);
    expect(await audit('account.reset-link-made')).toEqual([{ subject: 'hana' }]);
  });
});
