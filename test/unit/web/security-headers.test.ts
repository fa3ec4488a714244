import type Koa from 'koa';
import { expect, test } from 'vitest';
import { allowFormsTo, allowScripts, createSecurityHeaders } from '../../../src/web/security-headers.ts';
import { get } from './get.ts';

const hello: Koa.Middleware = (ctx) => {
  ctx.body = 'hello';
};

async function headers(issuer: string, formAction = ["'self'"]): Promise<Headers> {
  return (await get([createSecurityHeaders({ issuer, formAction }), hello], '/')).headers;
}

test('the policy allows style sheets and images of our own and nothing else', async () => {
  const policy = (await headers('http://localhost:3000')).get('content-security-policy');
  expect(policy?.split(';').sort()).toEqual([
    "base-uri 'none'",
    "default-src 'none'",
    "font-src 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "img-src 'self'",
    "script-src 'none'",
    "style-src 'self'",
  ]);
});

test('forms may also lead where the caller says', async () => {
  const policy = (await headers('http://localhost:3000', ["'self'", 'https://app.example'])).get(
    'content-security-policy',
  );
  expect(policy).toContain("form-action 'self' https://app.example");
});

test('a second instance on a route overwrites the first', async () => {
  const issuer = 'http://localhost:3000';
  const first = createSecurityHeaders({ issuer, formAction: ["'self'"] });
  const second = createSecurityHeaders({ issuer, formAction: ["'none'"] });
  const answer = await get([first, second, hello], '/');
  expect(answer.headers.get('content-security-policy')).toContain("form-action 'none'");
  expect(answer.headers.get('content-security-policy')).not.toContain("form-action 'self'");
});

test('CO-01 IN-05 no frames, no referrer for other sites, no guessing of types, no word about the software', async () => {
  const sent = await headers('http://localhost:3000');
  expect(sent.get('x-frame-options')).toBe('DENY');
  expect(sent.get('referrer-policy')).toBe('same-origin');
  expect(sent.get('x-content-type-options')).toBe('nosniff');
  expect(sent.get('x-powered-by')).toBeNull();
  expect(sent.get('permissions-policy')).toContain('camera=()');
  expect(sent.get('permissions-policy')).toContain('publickey-credentials-get=(self)');
});

test('IN-06 strict transport security for a year, only where the issuer is https', async () => {
  expect((await headers('https://assent.example')).get('strict-transport-security')).toBe('max-age=31536000');
  expect((await headers('http://localhost:3000')).get('strict-transport-security')).toBeNull();
});

test('a page with passkeys may run scripts of our own, and nothing else changes', async () => {
  const page: Koa.Middleware = (ctx) => {
    allowFormsTo(ctx, ['https://app.example']);
    allowScripts(ctx);
    ctx.body = 'hello';
  };
  const answer = await get(
    [createSecurityHeaders({ issuer: 'http://localhost', formAction: ["'self'"] }), page],
    '/',
  );
  const policy = answer.headers.get('content-security-policy')?.split(';') ?? [];
  expect(policy).toContain("script-src 'self'");
  expect(policy).toContain("form-action 'self' https://app.example");
  expect(policy).toContain("default-src 'none'");
});
