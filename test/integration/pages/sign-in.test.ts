import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { demoPassword, formTo, type Page, signIn, type Visitor } from '../../support/visitor.ts';
import { begin, leftBehind, visit } from './steps.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const wrong = 'The name or the password is not right. Check both and try again.';

/** Sends the sign-in form with fields beside its own, and stays where that leads. */
function type(visitor: Visitor, page: Page, fields: Readonly<Record<string, string>>): Promise<Page> {
  const form = formTo(page, '/sign-in');
  return visitor.post(form.action, [...form.fields, ...Object.entries(fields)]);
}

const aroha = { identifier: 'aroha@example.test', password: demoPassword };

describe('the sign-in page', () => {
  test('says who asks, and has no answer in it yet', async () => {
    const { page } = await begin(server);
    expect(page.status).toBe(200);
    expect(page.html).toContain('<title>Sign in – Assent</title>');
    expect(page.html).toContain('Kete Health, from Kete Health Ltd, has asked to see a health record.');
    expect(page.html).not.toContain('There is a problem');
  });

  test.for<[string, Partial<typeof aroha>, string[]]>([
    ['nothing', {}, ['Enter your email address or user name', 'Enter your password']],
    ['empty fields', { identifier: '', password: '' }, ['Enter your email address or user name']],
    ['only a name', { identifier: aroha.identifier }, ['Enter your password']],
    ['only a password', { password: demoPassword }, ['Enter your email address or user name']],
    ['spaces for a name', { identifier: '   ', password: demoPassword }, ['There is a problem']],
    ['a wrong password', { ...aroha, password: 'kereru sings at dusk' }, [wrong]],
    ['an unknown name', { ...aroha, identifier: 'nobody@example.test' }, [wrong]],
    ['the password with a space behind it', { ...aroha, password: `${demoPassword} ` }, [wrong]],
    ['the password in capitals', { ...aroha, password: demoPassword.toUpperCase() }, [wrong]],
    ['a password of 1,001 characters', { ...aroha, password: 'x'.repeat(1001) }, [wrong]],
    ['a name of 201 characters', { ...aroha, identifier: 'x'.repeat(201) }, [wrong]],
    ['SQL for a name', { ...aroha, identifier: "' OR true --" }, [wrong]],
    ['half a surrogate pair', { ...aroha, identifier: 'aroha\ud800@example.test' }, [wrong]],
  ])('%s: the page again, and nobody is signed in', async ([, fields, sentences]) => {
    const { visitor, page } = await begin(server);
    const before = await leftBehind(server);
    const again = await type(visitor, page, fields);
    expect(again).toMatchObject({ status: 200, location: undefined });
    expect(again.html).toContain('<title>Error: Sign in – Assent</title>');
    for (const sentence of sentences) expect(again.html).toContain(sentence);
    expect(await leftBehind(server)).toEqual(before);
    expect((await signIn(visitor, again)).html).toContain('/consent"');
  });

  test.for([
    ['the name', { ...aroha, identifier: 'aroha\u0000@example.test' }],
    ['the password', { ...aroha, password: `${demoPassword}\u0000` }],
  ] as const)('U+0000 in %s: no form of ours, and nobody is signed in', async ([, fields]) => {
    const { visitor, page } = await begin(server);
    const before = await leftBehind(server);
    expect(await type(visitor, page, fields)).toMatchObject({ status: 403, location: undefined });
    expect(await leftBehind(server)).toEqual(before);
  });

  test('a name that was typed is kept, its mark-up escaped; a password never is', async () => {
    const { visitor, page } = await begin(server);
    const identifier = '"><b>aroha</b>&amp;';
    const again = await type(visitor, page, { identifier, password: 'a secret of mine' });
    expect(again.html).not.toContain('<b>aroha');
    expect(again.html).toContain('value="&quot;&gt;&lt;b&gt;aroha&lt;/b&gt;&amp;amp;"');
    expect(again.html).not.toContain('a secret of mine');
    expect(server.logLines.join('')).not.toMatch(/a secret of mine|<b>aroha/);
  });

  test.for(['AROHA@EXAMPLE.TEST', '  Aroha@example.test ', 'ａｒｏｈａ＠example.test'])(
    'the name may be typed as "%s"',
    async (identifier) => {
      const { visitor, page } = await begin(server);
      expect((await signIn(visitor, page, { identifier })).html).toContain('/consent"');
    },
  );

  test.for(['identifier', 'password'])('a second %s: nobody can tell which is meant', async (name) => {
    const { visitor, page } = await begin(server);
    const form = formTo(page, '/sign-in');
    const twice = [...form.fields, ...Object.entries(aroha), [name, 'another'] as const];
    const again = await visitor.post(form.action, twice);
    expect(again).toMatchObject({ status: 200, location: undefined });
    expect(again.html).toContain('There is a problem');
  });

  test('AZ-04 the answer to the right password is a 303, and leaves an audit row without the name', async () => {
    const { visitor, page } = await begin(server);
    const gone = await type(visitor, page, aroha);
    expect(gone.status).toBe(303);
    expect(gone.html).not.toContain(demoPassword);
    const rows = await server.sql("SELECT * FROM audit_events WHERE type = 'person.signed-in'");
    expect(rows.at(-1)).toMatchObject({ subject: 'aroha', detail: { amr: ['pwd'] } });
    expect(JSON.stringify(rows)).not.toMatch(/example\.test|Ngata/);
  });
});

describe('other ways to ask for the page', () => {
  const ask = async (method: string, ending = '') => {
    const { visitor, page } = await begin(server);
    const path = `${new URL(page.url).pathname}${ending}`;
    const Cookie = visitor.cookies(path).join('; ');
    return send(server, { method, path, headers: { Cookie, Accept: 'text/html' } });
  };
  const expectPage = (answer: Answer) => {
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['content-type']).toMatch(/^text\/html/);
  };

  test('HEAD: the headers of GET', async () => {
    const answer = await ask('HEAD');
    expect(answer).toMatchObject({ status: 200, body: '' });
    expectPage(answer);
  });

  test.for([
    ['GET', '/sign-in'],
    ['GET', '/consent'],
    ['PUT', ''],
    ['DELETE', ''],
    ['POST', ''],
    ['POST', '/nowhere'],
  ])('%s …%s is no page of ours', async ([method = '', ending]) => {
    const answer = await ask(method, ending);
    expect([404, 405]).toContain(answer.status);
    expectPage(answer);
  });

  test('without cookies the page is over', async () => {
    const { page } = await begin(server);
    const stranger = await visit(server).get(page.url);
    expect(stranger.status).toBe(400);
    expect(stranger.html).toContain('This page is no longer valid');
  });
});
