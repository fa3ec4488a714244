import type Koa from 'koa';
import { expect, test } from 'vitest';
import { createAssets } from '../../../src/web/assets.ts';
import { get } from './get.ts';

const assets = createAssets();
const names = ['nhsuk.css', 'assent.css', 'favicon.svg', 'passkey.js', 'simplewebauthn.js'];
const types: Record<string, string> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

test.each(names)('%s is served for ever under its own hash', async (name) => {
  const answer = await get(assets.middleware, assets.url(name));
  expect(assets.url(name)).toMatch(/^\/assets\/[a-z]+\.[0-9a-f]{12}\.(css|js|svg)$/);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe(types[name.split('.').at(-1) ?? '']);
  expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
});

test('the style sheets name no font of the NHS and no other host', async () => {
  for (const name of ['nhsuk.css', 'assent.css']) {
    const css = await (await get(assets.middleware, assets.url(name))).text();
    expect(css).not.toMatch(
      /@font-face|Frutiger|@import|sourceMappingURL|url\(\s*["']?(https?:|\/\/|data:)/i,
    );
    expect(css.length).toBeGreaterThan(500);
  }
});

test('the page keeps a font: the next one in the list', async () => {
  const css = await (await get(assets.middleware, assets.url('nhsuk.css'))).text();
  expect(css).toMatch(/font-family:\s*arial,\s*sans-serif/i);
});

test('every icon that the style sheet names is there', async () => {
  const css = await (await get(assets.middleware, assets.url('nhsuk.css'))).text();
  const icons = [...css.matchAll(/url\(([^)]*)\)/g)].map(([, url]) => url ?? '');
  expect(icons.length).toBeGreaterThan(0);
  for (const icon of new Set(icons)) expect((await get(assets.middleware, icon)).status, icon).toBe(200);
});

test.each([
  '/assets/',
  '/assets/nhsuk.css',
  '/assets/nhsuk.000000000000.css',
  '/assets/__proto__',
  '/assets/../package.json',
  '/assets/%2e%2e/%2e%2e/package.json',
  '/assets/..%2f..%2fpackage.json',
  '/assets/....//package.json',
])('%s is not found', async (path) => {
  const answer = await get(assets.middleware, path);
  expect(answer.status).toBe(404);
  expect(await answer.text()).not.toContain('{');
});

test('is sent packed to browsers that can unpack it, and plain to others', async () => {
  const packed = await get(assets.middleware, assets.url('nhsuk.css'), { 'accept-encoding': 'gzip' });
  const plain = await get(assets.middleware, assets.url('nhsuk.css'), { 'accept-encoding': 'identity' });
  expect(packed.headers.get('content-encoding')).toBe('gzip');
  expect(plain.headers.get('content-encoding')).toBeNull();
  expect(packed.headers.get('vary')).toBe('Accept-Encoding');
  expect(plain.headers.get('vary')).toBe('Accept-Encoding');
  expect(await packed.text()).toBe(await plain.text());
});

test('other paths go on to the next middleware', async () => {
  const hello: Koa.Middleware = (ctx) => {
    ctx.body = 'hello';
  };
  expect(await (await get([assets.middleware, hello], '/assetsomething')).text()).toBe('hello');
});

test('a name that is not there is a mistake in a template', () => {
  expect(() => assets.url('logo.png')).toThrow('Unknown asset logo.png');
});
