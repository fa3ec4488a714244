import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { accountAudit, forgetPeople, goodPassword, mails, ngaio, tokenIn } from './people.ts';

const DAY = 24 * 3600;

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => server?.close());
afterEach(async () => {
  shiftTime(0);
  await forgetPeople(server);
});

const invitations = () => server.services.people.invitations;
const nobodyElse = async () => {
  const rows = await server.sql('SELECT id FROM accounts WHERE NOT demo');
  return rows.length === 0;
};

describe('somebody who is invited', () => {
  test('gets the code by mail, joins with it, and has the account that was described', async () => {
    const { code, mailed, expiresAt } = await invitations().invite(ngaio);
    expect(mailed).toBe(true);
    expect(expiresAt.getTime() - Date.now()).toBeGreaterThan(6.9 * DAY * 1000);
    const [mail, ...more] = await mails(server);
    expect(more).toEqual([]);
    expect(mail).toMatchObject({ kind: 'invitation', to: ngaio.email, subject: 'Your invitation to Assent' });
    expect(tokenIn(mail?.text, '/account/join/')).toBe(code);
    expect(await invitations().find(code)).toEqual({
      name: ngaio.name,
      language: 'en',
      email: ngaio.email,
      proved: false,
    });

    expect(await invitations().join(code, { email: ngaio.email, password: goodPassword })).toEqual({
      kind: 'joined',
      verified: false,
    });
    const account = await server.services.accounts.signIn(ngaio.email, goodPassword);
    expect(account).toMatchObject({
      name: ngaio.name,
      patient: ngaio.patient,
      birthDate: '1984-06',
      identityLevel: 'medium',
      email: undefined,
    });
    expect(await server.services.people.directory.find(account?.id ?? '')).toMatchObject({
      names: [ngaio.email],
      healthIdentifiers: ngaio.healthIdentifiers,
      identitySource: 'invitation',
      email: ngaio.email,
      emailVerifiedAt: undefined,
      status: 'active',
    });
    const [, second] = await mails(server);
    expect(second).toMatchObject({ kind: 'address', to: ngaio.email });
    const audit = await accountAudit(server);
    expect(audit.map(({ type, subject }) => [type, subject])).toEqual([
      ['account.invited', null],
      ['account.joined', account?.id],
    ]);
    expect(JSON.stringify(audit)).not.toMatch(/Ngaio|ngaio@|ZZZ/);
  });

  test('may type the code with gaps, small letters and letters that look like digits', async () => {
    const { code } = await invitations().invite(ngaio);
    const typed = ` ${code.toLowerCase().replaceAll('-', ' ').replaceAll('1', 'l').replaceAll('0', 'o')} `;
    expect(await invitations().find(typed)).toMatchObject({ name: ngaio.name });
  });

  test('F-07 joins once, however many try at once', async () => {
    const { code } = await invitations().invite(ngaio);
    const tries = Array.from({ length: 8 }, () =>
      invitations().join(code, { email: ngaio.email, password: goodPassword }),
    );
    const kinds = (await Promise.all(tries)).map(({ kind }) => kind).toSorted();
    expect(kinds).toEqual(['joined', ...Array.from({ length: 7 }, () => 'over')]);
    expect(await server.sql('SELECT id FROM accounts WHERE NOT demo')).toHaveLength(1);
  });

  test('finds the invitation over after a week, and after it was used', async () => {
    const { code } = await invitations().invite(ngaio);
    shiftTime(7 * DAY + 1);
    expect(await invitations().find(code)).toBeUndefined();
    expect(await invitations().join(code, { email: ngaio.email, password: goodPassword })).toEqual({
      kind: 'over',
    });
    shiftTime(0);
    await invitations().join(code, { email: ngaio.email, password: goodPassword });
    expect(await invitations().find(code)).toBeUndefined();
    expect(await invitations().join(code, { email: ngaio.email, password: goodPassword })).toEqual({
      kind: 'over',
    });
  });

  test.for([
    ['short', 'tui'],
    ['common', 'password123'],
    ['personal', 'ngaio@example.test'],
  ] as const)('cannot choose a password that is %s, and can try again', async ([fault, password]) => {
    const { code } = await invitations().invite(ngaio);
    expect(await invitations().join(code, { email: ngaio.email, password })).toEqual({
      kind: 'password',
      fault,
    });
    expect(await nobodyElse()).toBe(true);
    expect(await invitations().find(code)).toBeDefined();
  });

  test('has no second account', async () => {
    const [one, other] = [
      await invitations().invite(ngaio),
      await invitations().invite({ ...ngaio, email: 'n2@example.test' }),
    ];
    await invitations().join(one.code, { email: ngaio.email, password: goodPassword });
    expect(
      await invitations().join(other.code, { email: 'n2@example.test', password: goodPassword }),
    ).toEqual({ kind: 'person' });
    expect(await invitations().find(other.code), 'nothing was used up').toBeDefined();
    expect(await server.sql('SELECT id FROM accounts WHERE NOT demo')).toHaveLength(1);
  });
});

describe('another address than the one invited', () => {
  const join = (code: string, email: string) => invitations().join(code, { email, password: goodPassword });

  test('is taken by a link that is sent there, and is proved by it', async () => {
    const { code } = await invitations().invite(ngaio);
    expect(await join(code, 'reweti@example.test')).toEqual({ kind: 'sent' });
    expect(await nobodyElse()).toBe(true);
    const [, mail] = await mails(server);
    expect(mail).toMatchObject({ kind: 'addressChosen', to: 'reweti@example.test' });
    const second = tokenIn(mail?.text, '/account/join/');
    expect(await invitations().find(second)).toMatchObject({ email: 'reweti@example.test', proved: true });
    expect(await join(second, 'somebody-else@example.test')).toEqual({ kind: 'joined', verified: true });
    expect(await server.services.accounts.signIn('reweti@example.test', goodPassword)).toMatchObject({
      email: 'reweti@example.test',
    });
    expect(await join(code, ngaio.email), 'the first code is over with it').toEqual({ kind: 'over' });
  });

  test('that somebody has already gives the same answer and state, and its owner is told', async () => {
    const { code } = await invitations().invite(ngaio);
    expect(await join(code, 'Aroha@example.test')).toEqual({ kind: 'sent' });
    const [, mail] = await mails(server);
    expect(mail).toMatchObject({ kind: 'addressTaken', to: 'Aroha@example.test' });
    expect(mail?.text).not.toMatch(/join|Ngaio/);
    expect(await invitations().find(code)).toMatchObject({ email: ngaio.email });
    expect(await nobodyElse()).toBe(true);
  });

  test('is asked for five times at most', async () => {
    const { code } = await invitations().invite(ngaio);
    const kinds: string[] = [];
    for (let count = 0; count < 6; count += 1) kinds.push((await join(code, `n${count}@example.test`)).kind);
    expect(kinds).toEqual(['sent', 'sent', 'sent', 'sent', 'sent', 'tooMany']);
  });

  test('is asked for five times at most, also at once', async () => {
    const { code } = await invitations().invite(ngaio);
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, count) => join(code, `n${count}@example.test`)),
    );
    expect(answers.filter(({ kind }) => kind === 'sent')).toHaveLength(5);
    expect(answers.filter(({ kind }) => kind === 'tooMany')).toHaveLength(7);
  });

  test('does not outlive the invitation', async () => {
    const { code } = await invitations().invite(ngaio);
    shiftTime(6.9 * DAY);
    await join(code, 'reweti@example.test');
    const second = tokenIn((await mails(server)).at(-1)?.text, '/account/join/');
    shiftTime(7 * DAY + 1);
    expect(await invitations().find(second)).toBeUndefined();
  });

  test('that was taken since the invitation was sent to it is not told', async () => {
    const { code } = await invitations().invite(ngaio);
    await server.services.accounts.put(
      {
        ...{ id: 'other', name: 'Other', passwordHash: 'none', patient: undefined, practitioner: undefined },
        identifiers: [ngaio.email],
      },
      { demo: false },
    );
    expect(await join(code, ngaio.email)).toEqual({ kind: 'sent' });
    expect((await mails(server)).at(-1)).toMatchObject({ kind: 'addressTaken', to: ngaio.email });
    expect(await invitations().find(code)).toBeDefined();
  });
});

describe('an invitation that cannot be made', () => {
  test('is refused with every fault, and nothing is kept', async () => {
    const wrong = {
      name: ' ',
      email: 'ngaio@example.test\nBcc: tom@example.test',
      patient: 'p ngaio',
      birthDate: '1984-02-30',
      identityLevel: 'sure' as never,
      language: 'not a language',
      healthIdentifiers: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: '9990001015' }],
    };
    const refused = await invitations()
      .invite(wrong)
      .catch((error: { faults: string[] }) => error);
    expect((refused as { faults: string[] }).faults.map((fault) => fault.split(' ')[0])).toEqual([
      ...['name', 'email', 'patient', 'birthDate', 'identityLevel', 'language', 'healthIdentifiers.0'],
    ]);
    expect(await server.sql('SELECT id FROM one_time_links')).toEqual([]);
  });

  test('is refused with everything that another account has', async () => {
    const taken = {
      name: 'Aroha Ngata',
      email: 'AROHA@example.test',
      patient: 'p-aroha',
      healthIdentifiers: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: '9990001014' }],
    };
    await expect(invitations().invite(taken)).rejects.toMatchObject({
      faults: [
        'email is the sign-in name of an account already',
        'patient belongs to an account already',
        'healthIdentifiers https://fhir.nhs.uk/Id/nhs-number|9990001014 belongs to an account already',
      ],
    });
    expect(await mails(server)).toEqual([]);
    expect(await server.sql('SELECT id FROM one_time_links')).toEqual([]);
  });
});
