import { describe, expect, test } from 'vitest';
import { createLog } from '../../../src/log.ts';

/** What is written when something is logged. */
function written(entry: unknown, { level = 'info', id = undefined as string | undefined } = {}) {
  const lines: string[] = [];
  const log = createLog(level, {
    correlation: { current: () => id },
    destination: { write: (line) => void lines.push(line) },
  });
  log.info(entry, 'something happened');
  return lines;
}

const [first = ''] = written({});

/** The members of the one line that is written. */
function members(entry: unknown): Record<string, unknown> {
  const lines = written(entry);
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0] ?? '') as Record<string, unknown>;
}

describe('a line of the log', () => {
  test('is one line of JSON with time, level and message', () => {
    expect(first.endsWith('\n') && first.indexOf('\n') === first.length - 1).toBe(true);
    expect(JSON.parse(first)).toMatchObject({
      level: 30,
      time: expect.any(Number),
      msg: 'something happened',
    });
  });

  test('names the request it belongs to, and none outside one', () => {
    expect(JSON.parse(written({}, { id: '00f067aa0ba902b7' })[0] ?? '')).toMatchObject({
      correlation_id: '00f067aa0ba902b7',
    });
    expect(JSON.parse(first)).not.toHaveProperty('correlation_id');
  });

  test('stays one line, whatever is in a value', () => {
    const { client_id: value } = members({ client_id: 'a\r\n{"level":60}\u001b[2J\u009b31m\u0000"' });
    expect(value).toBe('a\ufffd\ufffd{"level":60}\ufffd[2J\ufffd31m\ufffd"');
  });

  test('is short, however long and deep a value is', () => {
    const long = 'x'.repeat(10_000);
    const deep = { a: { b: { c: { d: { e: { f: long } } } } } };
    const [line = ''] = written({ client_id: long, list: Array(5000).fill(long), deep, [long]: 1 });
    expect(line.length).toBeLessThan(40_000);
    expect(JSON.parse(line)).toMatchObject({
      client_id: `${'x'.repeat(500)}… (10000 characters)`,
      deep: { a: { b: { c: { d: '[deeper]' } } } },
    });
  });

  test('lets a value that refers to itself go', () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    expect(written({ circle })).toHaveLength(1);
  });

  test('never holds members that carry secrets, at any depth and in any letter case', () => {
    const secrets = [
      ...['password', 'client_secret', 'client_assertion', 'assertion', 'code', 'code_verifier', 'token'],
      ...['access_token', 'refresh_token', 'id_token', 'id_token_hint', 'csrf', 'cookie', 'set-cookie'],
      ...['authorization', 'secret', 'Authorization', 'Set-Cookie'],
    ];
    const bundle = Object.fromEntries(secrets.map((name) => [name, 'canary']));
    const [line = ''] = written({ ...bundle, deep: { deeper: { deepest: bundle, list: [bundle] } } });
    expect(line).not.toContain('canary');
    expect(line).toContain('[redacted]');
  });
});

describe('an error', () => {
  test('has its name, code, message, cause and where it came from', () => {
    const cause = new Error('connect ECONNREFUSED');
    const error = Object.assign(new Error('no database', { cause }), { code: '57P01' });
    expect(members({ err: error }).err).toEqual({
      type: 'Error',
      code: '57P01',
      message: 'no database',
      cause: 'Error: connect ECONNREFUSED',
      stack: expect.arrayContaining([expect.stringMatching(/^at /)]),
    });
  });

  test('does not say what a failed statement was given', () => {
    const error = Object.assign(new Error('failed'), {
      detail: 'canary',
      query: 'canary',
      parameters: ['canary'],
    });
    expect(written({ err: error }).join()).not.toContain('canary');
  });

  test('of many lines is one, and its message is not mistaken for the stack', () => {
    const error = new Error(`first line\nsecond line\u001b[31m ${'x'.repeat(10_000)}`);
    const { message, stack } = members({ err: error }).err as { message: string; stack: string[] };
    expect(message).toMatch(/^first line\ufffdsecond line\ufffd\[31m x+… \(\d+ characters\)$/);
    expect(stack.join()).not.toContain('second line');
  });

  test('that is none is written like any value', () => {
    expect(members({ err: 'x'.repeat(600) }).err).toBe(`${'x'.repeat(500)}… (600 characters)`);
  });
});
