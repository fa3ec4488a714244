import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withPseudo } from '../../support/pseudo.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { allow, createVisitor } from '../../support/visitor.ts';
import { begin, beginSignedIn } from './steps.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({}, { locales: withPseudo() });
});
afterAll(() => server.close());

/** What the test language looks like (test/support/pseudo.ts). */
const pseudo = { lang: '<html lang="en-XA" dir="ltr">', signIn: '⟦Šîĝñ îñ ~~~⟧' };
const asked = { ui_locales: 'xx en-XA en' };

describe('the language of pages', () => {
  test('the first language of ui_locales that there is holds from the first page to the kept consent', async () => {
    const { page: signIn } = await begin(server, { change: asked });
    expect(signIn.html).toContain(pseudo.lang);
    expect(signIn.html).toContain(pseudo.signIn);
    expect(signIn.headers.get('content-language')).toBe('en-XA');
    const change = { ...asked, prompt: 'consent' };
    const { visitor, page } = await beginSignedIn(server, { change, identifier: 'hana@example.test' });
    expect(page.html).toContain(pseudo.lang);
    expect(page.html).toContain('⟦Šéé ⟦ṽåççîñåţîöñš');
    await allow(visitor, page);
    const [kept] = await server.sql<{ shown: { language: string }; lines: { words: string }[] }>(
      "SELECT shown, lines FROM consents WHERE account_id = 'hana' AND ended_at IS NULL",
    );
    expect(kept?.shown.language).toBe('en-XA');
    expect(kept?.lines.every(({ words }) => words.startsWith('⟦'))).toBe(true);
  });

  test.each([
    ['/', 'the first page'],
    ['/demo', 'the demo application'],
    ['/nowhere', 'a page that is not there'],
    ['/interaction/over', 'a page that is over'],
    ['/auth?client_id=nobody', 'a request that cannot go on'],
    ['/session/end', 'signing out'],
  ])('%s (%s) follows cookie and browser', async (path) => {
    const visitor = createVisitor(server.issuer);
    for (const [headers, language] of [
      [{}, 'en'],
      [{ 'Accept-Language': 'fr, en-XA;q=0.9, en;q=0.8' }, 'en-XA'],
      [{ Cookie: 'assent_language=en', 'Accept-Language': 'en-XA' }, 'en'],
      [{ Cookie: 'assent_language=en-XA', 'Accept-Language': 'en' }, 'en-XA'],
    ] as const) {
      const { html, headers: answered } = await visitor.get(path, headers);
      expect(html).toContain(`<html lang="${language}"`);
      expect(answered.get('content-language')).toBe(language);
      expect(answered.get('vary')).toMatch(/Accept-Language.*Cookie/);
    }
  });

  test('discovery says which there are', async () => {
    const metadata = await (await fetch(`${server.issuer}/.well-known/openid-configuration`)).json();
    expect(metadata).toMatchObject({ ui_locales_supported: ['en', 'en-XA'] });
  });
});
