import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { register } from '../../support/fixtures.ts';
import { freePort, startServer, type TestServer } from '../../support/server.ts';
import { allow, createVisitor, type Page, signIn, type Visitor } from '../../support/visitor.ts';
import {
  importSource,
  knownToPortal,
  linkedTo,
  portalRequest,
  registerPortal,
  signInPage,
  toProvider,
  type Waiting,
} from './elsewhere.ts';

/** The Assent at which people sign in, and the one that lets them in for it. Both know the people of the demo world. */
let national: TestServer;
let clinic: TestServer;

const nhi = 'https://standards.digital.health.nz/ns/nhi-id';

beforeAll(async () => {
  const [one, other] = [await freePort(), await freePort()];
  const outgoing = { OUTGOING_ALLOW: `localhost:${one},127.0.0.1:${other}` };
  national = await startServer({ PORT: String(one), ...outgoing });
  clinic = await startServer({ PORT: String(other), ISSUER: `http://127.0.0.1:${other}`, ...outgoing });
  await registerPortal(clinic);
  await importSource(clinic, {
    preset: 'assent',
    id: 'national',
    name: 'National sign-in',
    issuer: national.issuer,
    client_id: 'clinic-assent',
    new_accounts: true,
  });
  await register(national, {
    client_id: 'clinic-assent',
    client_name: 'The clinic',
    token_endpoint_auth_method: 'private_key_jwt',
    jwks_uri: `${clinic.issuer}/sources/national/jwks`,
    grant_types: ['authorization_code'],
    redirect_uris: [`${clinic.issuer}/sources/national/callback`],
    scope: 'openid profile identity practitioner',
  });
  // The clinic has never met these two.
  await clinic.sql(`DELETE FROM health_identifiers WHERE account_id = 'wiremu'`);
  await clinic.sql(`DELETE FROM practitioners WHERE account_id = 'priya'`);
});
afterAll(async () => {
  await clinic?.close();
  await national?.close();
});

/** Signs in at the national Assent, allows it, and gives where that leads. */
async function signInThere(
  url: URL,
  identifier: string,
  there: Visitor = createVisitor(national.issuer),
): Promise<URL> {
  let page: Page = await there.follow(await there.get(url.href));
  if (page.html.includes('/sign-in"')) page = await signIn(there, page, { identifier });
  if (page.html.includes('/consent"')) page = await allow(there, page);
  return new URL(page.location ?? 'about:blank');
}

const atClinic = () => signInPage(clinic, portalRequest);

/** All of it: from the clinic's sign-in page to where the clinic leads afterwards. */
async function throughNational(waiting: Waiting, identifier: string): Promise<Page> {
  const back = await signInThere(await toProvider(waiting, 'national'), identifier);
  return waiting.visitor.follow(await waiting.visitor.get(back.href));
}

async function accountOf(subject: string): Promise<Record<string, unknown> | undefined> {
  const id = await linkedTo(clinic, subject);
  const [account] = await clinic.sql('SELECT * FROM accounts WHERE id = $1', [id]);
  return account;
}

const auditOf = (subject: unknown) =>
  clinic.sql<{ type: string; detail: Record<string, unknown> }>(
    'SELECT type, detail, source FROM audit_events WHERE subject = $1 ORDER BY at',
    [subject],
  );

describe('a patient', () => {
  test('arrives: account, identity level, birth date and NHI are made of what is told', async () => {
    const [told] = await national.sql(`SELECT * FROM accounts WHERE id = 'wiremu'`);
    const waiting = await atClinic();
    expect(waiting.page.html).toContain('Sign in with National sign-in');
    const claims = await knownToPortal(
      clinic,
      waiting,
      await throughNational(waiting, 'wiremu@example.test'),
    );
    const accountId = await linkedTo(clinic, 'wiremu');
    expect(claims).toMatchObject({ sub: accountId, acr: '1', amr: ['pwd'] });
    expect(accountId).not.toBe('wiremu');

    expect(await accountOf('wiremu')).toMatchObject({
      name: told?.name,
      identity_level: told?.identity_level,
      identity_source: 'national',
      birth_date: told?.birth_date,
      password_hash: null,
      practitioner: null,
    });
    expect(told?.identity_level).not.toBe('none');
    expect(
      await clinic.sql('SELECT system, value FROM health_identifiers WHERE account_id = $1', [accountId]),
    ).toEqual([{ system: nhi, value: 'ZZZ1012' }]);
    const rows = await auditOf(accountId);
    expect(rows.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['account.made-by-source', 'account.linked', 'person.signed-in']),
    );
    expect(JSON.stringify(rows)).not.toMatch(new RegExp(`ZZZ1012|${told?.birth_date}|Wiremu`));
    expect(clinic.logLines.join()).not.toMatch(/ZZZ1012/);
  });

  test('comes back: the same account, and what changed there changes here', async () => {
    const before = await accountOf('wiremu');
    await national.sql(
      `UPDATE accounts SET identity_level = 'medium', birth_date = '1950-01-02' WHERE id = 'wiremu'`,
    );
    const waiting = await atClinic();
    const claims = await knownToPortal(
      clinic,
      waiting,
      await throughNational(waiting, 'wiremu@example.test'),
    );
    expect(claims.sub).toBe(before?.id);
    expect(await accountOf('wiremu')).toMatchObject({
      id: before?.id,
      identity_level: 'medium',
      birth_date: '1950-01-02',
    });
    const told = (await auditOf(before?.id)).filter(({ type }) => type === 'account.told-by-source');
    expect(told.at(-1)?.detail.changed).toEqual(expect.arrayContaining(['birthDate', 'identityLevel']));
    expect(JSON.stringify(told)).not.toContain('1950');
  });

  test('whose number belongs to an account here already is told to sign in with it, and nothing is made', async () => {
    const count = async () => (await clinic.sql('SELECT id FROM accounts')).length;
    const before = await count();
    const waiting = await atClinic();
    const page = await throughNational(waiting, 'aroha@example.test');
    expect(page.status).toBe(403);
    expect(page.html).toContain('You already have an account here');
    expect(await linkedTo(clinic, 'aroha')).toBeUndefined();
    expect(await count()).toBe(before);
    // The way back leads to the same sign-in, which is open still.
    const again = await waiting.visitor.get(waiting.page.url);
    const consent = await signIn(waiting.visitor, again);
    expect((await knownToPortal(clinic, waiting, consent)).sub).toBe('aroha');
  });

  test('is asked to sign in there although she is signed in there', async () => {
    const there = createVisitor(national.issuer);
    const first = await atClinic();
    await signInThere(await toProvider(first, 'national'), 'wiremu@example.test', there);
    const second = await atClinic();
    const url = await toProvider(second, 'national');
    expect(url.searchParams.get('prompt')).toBe('login');
    const page = await there.follow(await there.get(url.href));
    expect(page.html).toContain('/sign-in"');
  });
});

describe('a practitioner', () => {
  const roles = async () => {
    const id = await linkedTo(clinic, 'priya');
    return clinic.sql(
      `SELECT organization, role_profile_id, job_role, name, ended_at IS NULL AS live
       FROM practitioner_roles WHERE account_id = $1 ORDER BY role_profile_id`,
      [id],
    );
  };

  test('arrives with her roles at organisations that exist here', async () => {
    await clinic.sql(`UPDATE organizations SET ods_code = 'ZZ999' WHERE key = 'millbrook'`);
    const waiting = await atClinic();
    await knownToPortal(clinic, waiting, await throughNational(waiting, 'priya@example.test'));
    const account = await accountOf('priya');
    expect(account?.practitioner).toBe(account?.id);
    expect(
      await clinic.sql('SELECT * FROM practitioners WHERE account_id = $1', [account?.id]),
    ).toMatchObject([{ sds_user_id: '100000000101', family: 'Shah', given: ['Priya'], prefix: ['Dr'] }]);
    const fernhill = { organization: 'fernhill', live: true };
    expect(await roles()).toEqual([
      { ...fernhill, role_profile_id: '100000000203', job_role: 'R8000', name: 'Clinical Practitioner' },
      { ...fernhill, role_profile_id: '100000000204', job_role: 'R8003', name: 'Health Professional' },
    ]);
  });

  test('who lost a role there has lost it here when she comes back, and has it again when she has it again', async () => {
    const id = 'priya-fernhill-professional';
    const comeBack = async () => {
      const waiting = await atClinic();
      await knownToPortal(clinic, waiting, await throughNational(waiting, 'priya@example.test'));
    };
    const before = await clinic.sql('SELECT id FROM practitioner_roles WHERE role_profile_id = $1', [
      '100000000204',
    ]);
    await national.sql('UPDATE practitioner_roles SET ended_at = now() WHERE id = $1', [id]);
    await comeBack();
    expect((await roles()).map(({ live }) => live)).toEqual([true, false]);
    await national.sql('UPDATE practitioner_roles SET ended_at = NULL WHERE id = $1', [id]);
    await comeBack();
    expect((await roles()).map(({ live }) => live)).toEqual([true, true]);
    // Decisions hang on a role's id.
    expect(
      await clinic.sql('SELECT id FROM practitioner_roles WHERE role_profile_id = $1', ['100000000204']),
    ).toEqual(before);
  });
});

test('what health care knows of a person is only for applications whose registration names it', async () => {
  await register(national, {
    client_id: 'curious',
    client_secret: 'a-long-random-text-of-the-curious',
    grant_types: ['authorization_code'],
    redirect_uris: ['http://127.0.0.1:8090/cb'],
  });
  for (const scope of ['identity', 'practitioner']) {
    const { page } = await signInPage(national, {
      client_id: 'curious',
      scope: `openid ${scope}`,
      aud: undefined,
    });
    expect(new URL(page.location ?? '').searchParams.get('error')).toBe('invalid_scope');
  }
});

describe('several at once', () => {
  test('of ten browsers tabs that bring one answer, one goes on', async () => {
    const waiting = await atClinic();
    const back = await signInThere(await toProvider(waiting, 'national'), 'wiremu@example.test');
    const tries = Array.from({ length: 10 }, () => waiting.visitor.copy());
    const pages = await Promise.all(tries.map((visitor) => visitor.get(back.href)));
    expect(pages.map(({ status }) => status).sort()).toEqual([303, ...Array(9).fill(400)]);

    const winner = tries[pages.findIndex(({ status }) => status === 303)];
    const step = pages.find(({ status }) => status === 303)?.location ?? '';
    const again = Array.from({ length: 10 }, () => winner?.copy());
    const ends = await Promise.all(again.map((visitor) => visitor?.get(step)));
    expect(ends.map((page) => page?.status).sort()).toEqual([303, ...Array(9).fill(400)]);
  });

  test('a person who arrives for the first time in four browsers has one account', async () => {
    await clinic.sql(`DELETE FROM linked_identities WHERE subject = 'wiremu'`);
    await clinic.sql(`DELETE FROM health_identifiers WHERE value = 'ZZZ1012'`);
    const browsers = await Promise.all(Array.from({ length: 4 }, atClinic));
    const backs: URL[] = [];
    for (const waiting of browsers)
      backs.push(await signInThere(await toProvider(waiting, 'national'), 'wiremu@example.test'));
    const pages = await Promise.all(
      browsers.map(async ({ visitor }, index) => visitor.follow(await visitor.get(String(backs[index])))),
    );
    expect(pages.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(
      await clinic.sql('SELECT account_id FROM health_identifiers WHERE value = $1', ['ZZZ1012']),
    ).toEqual([{ account_id: await linkedTo(clinic, 'wiremu') }]);
  });
});
