import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assent } from '../../support/child.ts';
import { onServer } from '../../support/database.ts';
import { createWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await createWorld('empty');
});
afterAll(() => world.dispose());

if (!onServer)
  console.warn(
    'Pending migrations are not tested: every command migrates the embedded database first; set DATABASE_URL',
  );

/** One line for each migration there is. */
const names = [
  '0001_first_token',
  '0002_a_person_authorises',
  '0003_a_practitioner_asks',
  '0004_key_rotation',
  '0005_consents_by_role',
  '0006_taken_back_and_watched',
  '0007_audit_written',
  '0008_consumed_by_one_clock',
  '0009_oldest_program',
  '0010_people_decide',
  '0011_audit_by_person',
  '0012_proofs_counted',
];
const every = (state: string) => names.map((name) => `${state}  ${name}\n`).join('');

describe.skipIf(!onServer)('an empty database on a server', () => {
  test('has everything pending; looking, planning and examining change nothing', async () => {
    expect(await world.out('migrate', 'status')).toBe(every('pending'));
    const plan = await world.out('migrate', 'plan');
    expect(plan).toMatch(/^-- 0001_first_token \(safe-while-running\)\nCREATE TABLE organizations \(/);
    expect(plan).toMatch(/^-- 0002_a_person_authorises \(safe-while-running\)$/m);
    expect(plan.match(/^CREATE TABLE \w+/gm)).toHaveLength(35);
    const doctor = await world.run('doctor');
    expect(doctor.stdout).toMatch(new RegExp(`^FAULT {2}migrations: pending: ${names.join(', ')}$`, 'm'));
    expect(doctor.stdout).toMatch(/^ok {5}database \(postgres\)$/m);
    expect([doctor.code, doctor.stderr]).toEqual([1, '']);
    expect(await world.out('migrate', 'status')).toBe(every('pending'));
  });

  test('is refused by commands that need the tables, with what to do', async () => {
    const commands = [
      ['client', 'list'],
      ['key', 'list'],
      ['key', 'rotate'],
      ['seed', 'demo'],
    ];
    for (const { code, stdout, stderr } of await Promise.all(commands.map((one) => world.run(...one)))) {
      expect(stderr).toMatch(
        new RegExp(`pending migrations: ${names.join(', ')}\\n {2}- run assent migrate up first\\n$`),
      );
      expect([code, stdout]).toEqual([1, '']);
    }
  });

  test('is migrated once', async () => {
    expect(await world.out('migrate', 'up')).toBe(every('applied'));
  });
});

describe('a database on which a server can start', () => {
  test('is migrated, and says so', async () => {
    expect(await world.out('migrate', 'status')).toBe(every('applied'));
    expect(await world.out('migrate', 'plan')).toBe('-- nothing to do\n');
    expect(await world.out('migrate', 'up')).toBe('nothing to do\n');
  });

  test('gets the demo world, as often as one likes: the same world, with the same keys', async () => {
    const content = () =>
      world.look(async (sql) => ({
        clients: await sql('SELECT client_id, metadata, organization, demo FROM clients ORDER BY client_id'),
        secrets: await sql('SELECT client_id, hash FROM client_secrets ORDER BY client_id'),
        apis: await sql('SELECT id, audience, scopes, demo FROM apis ORDER BY id'),
        organizations: await sql('SELECT key, name, ods_code, demo FROM organizations ORDER BY key'),
        practitioners: await sql('SELECT * FROM practitioners ORDER BY account_id'),
        roles: await sql('SELECT * FROM practitioner_roles ORDER BY id'),
        marker: await sql('SELECT one FROM demo_marker'),
      }));
    expect(await world.out('seed', 'demo')).toMatch(/^The demo world is in the database/);
    const first = await content();
    expect(first.clients.map((client) => client.client_id)).toEqual([
      'admin-cli',
      'clinic-backend',
      'clinic-jwt',
      'demo-fhir-server',
      'gp-clinic',
      'kete-spa',
      'kete-web',
      'ward-app',
    ]);
    expect(first.practitioners).toEqual([
      {
        account_id: 'priya',
        sds_user_id: '100000000101',
        family: 'Shah',
        given: ['Priya'],
        prefix: ['Dr'],
      },
      {
        account_id: 'rangi',
        sds_user_id: '100000000111',
        family: 'Cooper',
        given: ['Rangi'],
        prefix: [],
      },
    ]);
    expect(
      first.roles.map(({ id, account_id, organization, role_profile_id, job_role, name, ended_at }) =>
        [id, account_id, organization, role_profile_id, job_role, name, ended_at ?? 'live'].join(' | '),
      ),
    ).toEqual([
      'priya-fernhill-clinical | priya | fernhill | 100000000203 | R8000 | Clinical Practitioner | live',
      'priya-fernhill-professional | priya | fernhill | 100000000204 | R8003 | Health Professional | live',
      'priya-millbrook-clinical | priya | millbrook | 100000000202 | R8000 | Clinical Practitioner | live',
      'rangi-millbrook-reception | rangi | millbrook | 100000000212 | R8009 | Receptionist | live',
    ]);
    await world.out('seed', 'demo');
    expect(await content()).toEqual(first);
  });

  test('gets the demo world back as it was', async () => {
    await world.look(async (sql) => {
      await sql(
        "UPDATE clients SET organization = 'kete', metadata = '{}' WHERE client_id = 'clinic-backend'",
      );
      await sql("DELETE FROM client_secrets WHERE client_id = 'clinic-backend'");
      await sql("UPDATE practitioners SET sds_user_id = NULL, family = '' WHERE account_id = 'priya'");
      await sql("UPDATE practitioner_roles SET ended_at = now(), name = 'Nobody' WHERE job_role = 'R8003'");
      await sql(`INSERT INTO practitioner_roles (id, account_id, organization, job_role, name)
                 VALUES ('rangi-fernhill', 'rangi', 'fernhill', 'R8000', 'Promoted by nobody')`);
    });
    await world.out('seed', 'demo');
    expect(
      await world.look((sql) =>
        sql(`SELECT p.family, p.sds_user_id AS "user", r.id, r.name FROM practitioners p
             JOIN practitioner_roles r USING (account_id) WHERE r.ended_at IS NULL
             AND (r.job_role = 'R8003' OR account_id = 'rangi') ORDER BY r.id`),
      ),
    ).toEqual([
      {
        family: 'Shah',
        user: '100000000101',
        id: 'priya-fernhill-professional',
        name: 'Health Professional',
      },
      { family: 'Cooper', user: '100000000111', id: 'rangi-millbrook-reception', name: 'Receptionist' },
    ]);
    const [client, ...others] = await world.look((sql) =>
      sql(`SELECT organization, metadata->>'client_name' AS name FROM clients JOIN client_secrets USING (client_id)
           WHERE client_id = 'clinic-backend'`),
    );
    expect([client, others]).toEqual([{ organization: 'fernhill', name: 'Fernhill clinic back end' }, []]);
  });

  test('is in good health', async () => {
    await world.out('key', 'rotate');
    const { code, stdout, stderr } = await world.run('doctor');
    expect(stdout.split('\n').filter((line) => line.startsWith('FAULT'))).toEqual([]);
    expect(stdout.match(/^ok /gm)).toHaveLength(8);
    expect([code, stderr]).toEqual([0, '']);
  });

  test('is not in good health when Redis does not answer, or the master key is another one', async () => {
    // Port 1 is reserved (tcpmux), and nothing listens on it.
    const redis = await assent(['doctor'], { ...world.env, REDIS_URL: 'redis://127.0.0.1:1' });
    expect(redis.stdout).toMatch(/^FAULT {2}Redis: not reachable/m);
    expect(redis.code).toBe(1);
    const other = { ...world.env, ASSENT_MASTER_KEY: Buffer.alloc(32, 8).toString('base64') };
    const key = await assent(['doctor'], other);
    expect(key.stdout).toMatch(/^FAULT {2}signing keys: .*ASSENT_MASTER_KEY/m);
    expect(key.code).toBe(1);
  });

  test('is not in good health outside the demonstration while nobody can be sent mail', async () => {
    const without = { ...world.env, DEMO: '0' };
    expect((await assent(['doctor'], without)).stdout).toMatch(
      /^FAULT {2}mail: .*Set SMTP_URL and MAIL_FROM$/m,
    );
    const mail = { SMTP_URL: 'smtp://127.0.0.1:1', MAIL_FROM: 'no-reply@example.test' };
    expect((await assent(['doctor'], { ...without, ...mail })).stdout).toMatch(/^ok {5}mail$/m);
  });
});

describe.skipIf(!onServer)('a production database', () => {
  test('IN-05 is never given clients with published secrets', async () => {
    const live = await createWorld('empty');
    await live.out('migrate', 'up');
    const { DEMO: _demo, PORT: _port, ...rest } = live.env;
    const env = {
      ...rest,
      NODE_ENV: 'production',
      ISSUER: 'https://auth.example.test',
      COOKIE_KEYS: 'k'.repeat(32),
    };
    const { code, stderr } = await assent(['seed', 'demo'], env);
    const clients = await live.look((sql) => sql('SELECT client_id FROM clients'));
    await live.dispose();
    expect(clients).toEqual([]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/production/);
  });
});
