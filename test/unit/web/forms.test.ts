import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import fc from 'fast-check';
import Koa, { type Context } from 'koa';
import { describe, expect, test } from 'vitest';
import { createForms, type Form } from '../../../src/web/forms.ts';

const issuer = 'https://auth.example.test/tenant';
const origin = 'https://auth.example.test';
const forms = createForms({ issuer, key: 'the key of the tests' });
const page = 'interaction-1';

/** A request as Koa hands it over, its body already there. */
function context(body: string, headers: Readonly<Record<string, string>> = {}): Context {
  const req = new IncomingMessage(new Socket());
  req.method = 'POST';
  req.url = '/';
  Object.assign(req.headers, {
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
  });
  req.push(body);
  req.push(null);
  return new Koa().createContext(req, new ServerResponse(req)) as Context;
}

const csrf = forms.token(page);
const body = new URLSearchParams({ csrf, name: 'value' }).toString();

async function read(text: string, headers?: Readonly<Record<string, string>>): Promise<Form> {
  const form = await forms.read(context(text, headers), page);
  if ('fault' in form) throw new Error(form.fault);
  return form;
}

describe('SE-03 the token', () => {
  test('is another one for every page and every key, and the same on all nodes', () => {
    expect(forms.token(page)).toBe(createForms({ issuer, key: 'the key of the tests' }).token(page));
    const others = [
      forms.token('interaction-2'),
      forms.token(''),
      createForms({ issuer, key: 'x' }).token(page),
    ];
    expect(new Set([csrf, ...others]).size).toBe(4);
    expect(csrf).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(csrf).not.toContain(page);
  });

  test('any other text in its place is refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.string({ minLength: 43, maxLength: 43 })), async (text) => {
        fc.pre(text !== csrf);
        const sent = new URLSearchParams({ csrf: text }).toString();
        expect(await forms.read(context(sent), page)).toEqual({ fault: 'forbidden' });
      }),
      { numRuns: 50 },
    );
  });

  test.for([
    ['without it', 'name=value'],
    ['twice', `${body}&csrf=${csrf}`],
    ['with a space before it', `csrf=+${csrf}`],
    ['in another case', `CSRF=${csrf}`],
    ['as a field of an array', `csrf[]=${csrf}`],
    ['cut short', `csrf=${csrf.slice(0, -1)}`],
    ['with multi-byte letters of the same length', `csrf=${encodeURIComponent('é'.repeat(43))}`],
    ['for another page', `csrf=${forms.token('interaction-2')}`],
  ] as const)('%s: forbidden', async ([, text]) => {
    expect(await forms.read(context(text), page)).toEqual({ fault: 'forbidden' });
  });
});

describe('SE-03 where a form comes from', () => {
  test.for<[string, Record<string, string>]>([
    ['our own page', { 'sec-fetch-site': 'same-origin', origin }],
    ['our own page, without Origin', { 'sec-fetch-site': 'same-origin' }],
    [
      'our own page, Origin null as a strict referrer policy makes it',
      { 'sec-fetch-site': 'same-origin', origin: 'null' },
    ],
    ['a browser that only says Origin', { origin }],
    ['a browser that says nothing', {}],
  ])('%s: read', async ([, headers]) => {
    expect((await read(body, headers)).one('name')).toBe('value');
  });

  test.for<[string, Record<string, string>]>([
    ['cross-site', { 'sec-fetch-site': 'cross-site', origin }],
    ['same-site', { 'sec-fetch-site': 'same-site', origin }],
    ['typed in', { 'sec-fetch-site': 'none' }],
    ['a word that nobody knows', { 'sec-fetch-site': 'same-origin, same-origin' }],
    ['a foreign Origin', { origin: 'https://evil.example' }],
    ['Origin null', { origin: 'null' }],
    ['our host by http', { origin: 'http://auth.example.test' }],
    ['our host at another port', { origin: 'https://auth.example.test:8443' }],
    ['the issuer in place of its origin', { origin: issuer }],
    ['a host that begins with ours', { origin: 'https://auth.example.test.evil.example' }],
    ['two origins', { origin: `${origin} https://evil.example` }],
  ])('%s: forbidden', async ([, headers]) => {
    expect(await forms.read(context(body, headers), page)).toEqual({ fault: 'forbidden' });
  });
});

describe('what cannot be read', () => {
  test.for<[string, string, Record<string, string>, string]>([
    ['16,385 bytes', `${body}&x=`.padEnd(16_385, 'x'), {}, 'tooLarge'],
    ['more than was announced to be allowed', body, { 'content-length': '1000000' }, 'tooLarge'],
    ['another length than was announced', body, { 'content-length': '5' }, 'unreadable'],
    ['a compression that nobody knows', body, { 'content-encoding': 'x-own' }, 'unreadable'],
    ['gzip that is none', body, { 'content-encoding': 'gzip' }, 'unreadable'],
    ['JSON', JSON.stringify({ csrf }), { 'content-type': 'application/json' }, 'forbidden'],
    ['multipart', body, { 'content-type': 'multipart/form-data; boundary=x' }, 'forbidden'],
    ['nothing', '', {}, 'forbidden'],
  ])('%s: %s', async ([, text, headers, fault]) => {
    expect(await forms.read(context(text, headers), page)).toEqual({ fault });
  });

  test('16,384 bytes are read', async () => {
    expect((await read(`${body}&x=`.padEnd(16_384, 'x'))).one('name')).toBe('value');
  });
});

describe('the fields', () => {
  test('one: a field that was sent once; nothing for one that was sent never, twice or empty', async () => {
    const form = await read(`${body}&twice=a&twice=b&empty=&bare`);
    const names = ['name', 'twice', 'empty', 'bare', 'never', 'constructor', '__proto__'];
    expect(names.map((name) => form.one(name))).toEqual(['value', '', '', '', '', '', '']);
    expect(form.all('twice')).toEqual(['a', 'b']);
    expect(form.all('never')).toEqual([]);
  });

  test('every well-formed text comes through as it was typed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 200 }), async (typed) => {
        const form = await read(new URLSearchParams({ csrf, typed }).toString());
        expect(form.one('typed')).toBe(typed);
      }),
      { numRuns: 50 },
    );
  });

  test('many fields, brackets and dots are names like any other', async () => {
    const form = await read(`${body}&a[b]=1&a.c=2&line=x&line=y&line=z`);
    expect([form.one('a[b]'), form.one('a.c'), form.one('a')]).toEqual(['1', '2', '']);
    expect(form.all('line')).toEqual(['x', 'y', 'z']);
  });
});
