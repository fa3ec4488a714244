import { isPlain } from '../text.ts';
import type { SmartResourceScope } from './grammar.ts';

const contexts = ['patient', 'user', 'system'] as const;

/** The permissions of SMART v1 in the letters of v2 (SMART App Launch 2.2, "Scopes for requesting FHIR resources"). */
const version1 = new Map([
  ['read', 'rs'],
  ['write', 'cud'],
  ['*', 'cruds'],
]);

// A pattern and no list of types, so that a type of a later FHIR release needs no change here. What follows `?` has
// the characters of a scope-token, RFC 6749 section 3.3.
const form = /^([a-z]+)\/(\*|[A-Z][A-Za-z]+)\.([a-z]+|\*)(?:\?([\x21\x23-\x5B\x5D-\x7E]+))?$/;
const version2 = /^c?r?u?d?s?$/;

// No `:` (modifiers) and no `.` (chaining): SMART calls both experimental.
const paramName = /^[a-z_][A-Za-z0-9_-]*$/;

/**
 * Names that select nothing by themselves (FHIR R4, 3.1.1 Search): `_filter` and `_has` are languages of their own, and
 * the others only shape an answer. A scope with one of them would look restricted and be as wide as without.
 */
const unrestricting = new Set([
  '_filter',
  '_has',
  '_query',
  '_sort',
  '_count',
  '_total',
  '_include',
  '_revinclude',
  '_summary',
  '_elements',
  '_contained',
  '_containedType',
  '_format',
  '_pretty',
]);

/** Undoes percent-encoding; undefined if it is malformed or hides a control character, which no FHIR value has. */
function decode(value: string): string | undefined {
  try {
    const decoded = decodeURIComponent(value);
    return isPlain(decoded) ? decoded : undefined;
  } catch {
    return undefined;
  }
}

function parseParam(text: string): [name: string, value: string] | undefined {
  const [name = '', ...rest] = text.split('=');
  const value = decode(rest.join('='));
  return value && paramName.test(name) && !unrestricting.has(name) ? [name, value] : undefined;
}

/**
 * Reads `context/type.permissions?name=value&...` (SMART App Launch 2.2, "Scopes and launch context"). The same
 * permissions in v1 form have no parameters.
 *
 * @param text one token, as `splitScope` gives it
 * @returns undefined where a part is missing, misspelt, out of order or in another case. SMART lets a server ignore or
 *   reorder such permissions; here nothing is reinterpreted, so that what is granted is what was written.
 */
export function parseSmartResource(text: string): SmartResourceScope | undefined {
  const parts = form.exec(text);
  const [, , resource, permissions, query] = parts ?? [];
  const context = contexts.find((name) => name === parts?.[1]);
  if (!context || !resource || !permissions) return undefined;
  const old = version1.get(permissions);
  if (old !== undefined) {
    const scope = { text, context, resource, letters: old, version: 1, params: [] } as const;
    return query === undefined ? { kind: 'smart-resource', ...scope } : undefined;
  }
  if (!version2.test(permissions)) return undefined;
  const params = query === undefined ? [] : query.split('&').map(parseParam);
  if (!params.every((param) => param !== undefined)) return undefined;
  return { kind: 'smart-resource', text, context, resource, letters: permissions, version: 2, params };
}
