import { closeSync, openSync, readSync } from 'node:fs';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';

/** The master key in its two written forms: 32 bytes as base64 or as hexadecimal. */
export function masterKeyBytes(text: string): Buffer | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  // 32 bytes are 43 characters and may be padded; anything looser would take a damaged key for a good one.
  return /^[A-Za-z0-9+/]{43}=?$/.test(text) ? Buffer.from(text, 'base64') : undefined;
}

/** The entries of a list that is separated by commas; empty ones do not count. */
export const list = (text: string) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);

/** An address as people write it: `1` and `0x0a000001`, which some parsers take for IPv4, are mistakes here. */
const isAddress = (text: string) =>
  ipaddr.IPv4.isValidFourPartDecimal(text) || (text.includes(':') && ipaddr.isValid(text));

/** An address or a network; not the whole Internet, which would let anyone write forwarded headers. */
export function isNetwork(text: string): boolean {
  const [address = '', bits] = text.split('/');
  return isAddress(address) && (bits === undefined || (ipaddr.isValidCIDR(text) && bits !== '0'));
}

/** An entry such as `keys.example.org:443` or `[fd00::1]:443`. */
export function isHostPort(text: string): boolean {
  const port = text.match(/^(?:\[[0-9a-f:.]+\]|[^:[\]/\s]+):(\d{1,5})$/i)?.[1];
  return port !== undefined && Number(port) >= 1 && Number(port) <= 65535;
}

/** A sender of mail: `no-reply@example.org` or `Assent <no-reply@example.org>`. */
export function isSender(text: string): boolean {
  const address = /^[\p{L}\p{N} .'-]* <([^<>]+)>$/u.exec(text)?.[1] ?? text;
  return z.email().safeParse(address).success;
}

/** A whole number, written in digits. */
export const count = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'must be a number')
    .transform(Number)
    .refine((value) => value >= least && value <= most, `must be between ${least} and ${most}`);

/** A span of time in whole seconds, none to `most`. */
export const seconds = (most: number) => count(0, most);

/** Yes (`1`) or no (`0`). */
export const flag = z.enum(['0', '1'], 'must be 0 or 1').transform((text) => text === '1');

const isUrlOf = (text: string, protocols: readonly string[]) =>
  protocols.includes(URL.parse(text)?.protocol ?? '');

const mustStart = (protocols: readonly string[]) =>
  `must be a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`;

/** One URL of these protocols (`https:`). */
export const url = (protocols: string[]) =>
  z.string().refine((text) => isUrlOf(text, protocols), { error: mustStart(protocols) });

/** One address, or several separated by commas; a password may have a comma in it. */
export const urls = (protocols: string[]) =>
  z
    .string()
    .refine(
      (text) => text.split(/,\s*(?=rediss?:)/).every((one) => isUrlOf(one, protocols)),
      mustStart(protocols),
    );

/** Whether a `host:port` leads to this machine itself, under whichever name; 0.0.0.0 and [::] do too. */
export function isLoopback(entry: string): boolean {
  const host = entry
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  return ipaddr.isValid(host) && ['loopback', 'unspecified'].includes(ipaddr.process(host).range());
}

/** Whether a file can be read and begins with a SHA-1 in hexadecimal. */
export function beginsWithHash(path: string): boolean {
  try {
    const file = openSync(path, 'r');
    const head = Buffer.alloc(40);
    readSync(file, head, 0, head.length, 0);
    closeSync(file);
    return /^[0-9a-f]{40}$/i.test(head.toString('latin1'));
  } catch {
    return false;
  }
}
