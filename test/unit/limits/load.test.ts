import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { createLoadLimits, type LoadNumbers } from '../../../src/limits/index.ts';
import { shiftTime } from '../../support/time.ts';

const none: LoadNumbers = { pages: 0, endpoints: 0, client: 0, refusedSource: 0, refusedClient: 0 };
const limits = (numbers: Partial<LoadNumbers>) =>
  createLoadLimits({ numbers: { ...none, ...numbers }, clock: systemClock });

const here = '192.0.2.7';
const there = '192.0.2.8';
const soon = expect.toSatisfy(
  (seconds: number) => Number.isInteger(seconds) && seconds >= 1 && seconds <= 60,
);

/** Asks n times. @returns the answers */
async function repeat<T>(n: number, ask: () => T | Promise<T>): Promise<T[]> {
  const answers: T[] = [];
  for (let i = 0; i < n; i += 1) answers.push(await ask());
  return answers;
}

afterEach(() => shiftTime(0));

describe('requests of one source', () => {
  test('beyond the number wait for the rest of the minute, and then begin anew', async () => {
    const { request } = limits({ pages: 3 });
    const ask = () => request(here, 'pages');
    expect(await repeat(5, ask)).toEqual([undefined, undefined, undefined, soon, soon]);
    shiftTime(61);
    expect(await repeat(4, ask)).toEqual([undefined, undefined, undefined, soon]);
  });

  test('are counted apart for pages and for endpoints, and from those of others', async () => {
    const { request } = limits({ pages: 1, endpoints: 1 });
    expect(await repeat(2, () => request(here, 'pages'))).toEqual([undefined, soon]);
    expect(await repeat(2, () => request(here, 'endpoints'))).toEqual([undefined, soon]);
    expect(await request(there, 'pages')).toBeUndefined();
  });

  test('are one source in one network of IPv6', async () => {
    const { request } = limits({ pages: 1 });
    expect(await request('2001:db8:0:7::1', 'pages')).toBeUndefined();
    expect(await request('2001:0db8::7:aaaa:bbbb:cccc:dddd', 'pages')).toEqual(soon);
    expect(await request('2001:db8:0:8::1', 'pages')).toBeUndefined();
    expect(await request('::ffff:192.0.2.7', 'pages')).toBeUndefined();
    expect(await request(here, 'pages')).toEqual(soon);
  });
});

test('requests of one client are counted wherever they come from, once it has proved who it is', async () => {
  const { client, credentials } = limits({ client: 2 });
  expect(await repeat(5, () => credentials(here, 'clinic-backend'))).toEqual(Array(5).fill(undefined));
  await repeat(2, () => client('clinic-backend'));
  expect(credentials(here, 'clinic-backend')).toEqual(soon);
  expect(credentials(there, 'clinic-backend')).toEqual(soon);
  expect(credentials(here, 'gp-clinic')).toBeUndefined();
  shiftTime(61);
  expect(credentials(here, 'clinic-backend')).toBeUndefined();
});

describe('F-16 credentials that were refused', () => {
  test('close the door to one client of one source, not to others of either', async () => {
    const { refused, credentials } = limits({ refusedSource: 10, refusedClient: 2 });
    await refused(here, 'clinic-backend');
    expect(credentials(here, 'clinic-backend')).toBeUndefined();
    await refused(here, 'clinic-backend');
    expect(credentials(here, 'clinic-backend')).toEqual(soon);
    expect(credentials(here, 'gp-clinic')).toBeUndefined();
    expect(credentials(here, undefined)).toBeUndefined();
    expect(credentials(there, 'clinic-backend')).toBeUndefined();
  });

  test('close it to a source that tries many clients', async () => {
    const { refused, credentials } = limits({ refusedSource: 3, refusedClient: 2 });
    for (const clientId of ['one', 'two', undefined]) await refused(here, clientId);
    expect(credentials(here, 'clinic-backend')).toEqual(soon);
    expect(credentials(here, undefined)).toEqual(soon);
    expect(credentials(there, 'clinic-backend')).toBeUndefined();
  });

  test('asking alone counts nothing, and after a minute the door is open', async () => {
    const { refused, credentials } = limits({ refusedClient: 1 });
    const ask = () => credentials(here, 'clinic-backend');
    expect(await repeat(5, ask)).toEqual(Array(5).fill(undefined));
    await refused(here, 'clinic-backend');
    expect(ask()).toEqual(soon);
    shiftTime(61);
    expect(ask()).toBeUndefined();
  });
});

test('0 is no limit', async () => {
  const { request, client, refused, credentials } = limits({});
  await repeat(100, () => refused(here, 'clinic-backend'));
  await repeat(100, () => client('clinic-backend'));
  const answers = [
    ...(await repeat(100, () => request(here, 'pages'))),
    ...(await repeat(100, () => request(here, 'endpoints'))),
    credentials(here, 'clinic-backend'),
  ];
  expect(answers.filter((wait) => wait !== undefined)).toEqual([]);
});

test('one client with an old secret does not keep out those behind the same gateway', async () => {
  const { refused, credentials } = limits({ refusedSource: 300, refusedClient: 60 });
  for (let n = 0; n < 1000; n += 1) {
    if (credentials(here, 'clinic-backend') === undefined) await refused(here, 'clinic-backend');
  }
  expect(credentials(here, 'clinic-backend')).toEqual(soon);
  expect(credentials(here, 'gp-clinic')).toBeUndefined();
});
