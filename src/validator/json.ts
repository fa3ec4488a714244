import { isObject } from '../text.ts';

/** The claims of a token before it is known what they are. */
export type Claims = Readonly<Record<string, unknown>>;

/** Levels of nesting that a payload may have; the claim tables need five. Deeper ones would exhaust the stack of whoever walks them. */
const DEEPEST = 24;

/** The text, if the value is one and not empty. */
export const filledText = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** Whether a claim is missing: not there, null or empty. "Empty JWT aud claim" is what GP Connect's error page says of null. */
export const isMissing = (value: unknown): boolean => value === undefined || value === null || value === '';

/** A member of an object; undefined of anything else. */
export const member = (value: unknown, name: string): unknown =>
  isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;

/** The elements of an array; none of anything else. */
export const items = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => isShallow(inner, levels - 1));
}

/** Reads JSON bytes (UTF-8, RFC 8259). @returns the object, or undefined if they are no JSON, no object, or nested too deeply */
export function readObject(bytes: Uint8Array): Claims | undefined {
  try {
    const value: unknown = JSON.parse(
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes),
    );
    return isObject(value) && isShallow(value, DEEPEST) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The value under a naming system in a FHIR `identifier` list. */
export function identifierUnder(system: string, resource: unknown): string | undefined {
  const found = items(member(resource, 'identifier')).find((one) => member(one, 'system') === system);
  return filledText(member(found, 'value'));
}
