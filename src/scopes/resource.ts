import type { Access, Context, ResourceScope } from './grammar.ts';

const contexts: readonly Context[] = ['patient', 'user', 'system', 'organization'];
const accesses: readonly Access[] = ['read', 'write'];

// A pattern and no list of types: published scopes name types of DSTU1 to R4 (MedicationPrescription, Flag).
const form = /^([a-z]+)\/(\*|[A-Z][A-Za-z]+)\.([a-z]+)$/;

/**
 * Reads `context/resource.access`, the form that the Spine and the GP Connect vocabularies share.
 *
 * @returns undefined where a part is missing, misspelt or in another case. `user/Condition` without an access, as
 *   one row of the Reasonable Adjustments JWT page prints it, is refused: it does not say what it allows.
 */
export function parseResourceScope(text: string): ResourceScope | undefined {
  const parts = form.exec(text);
  const context = contexts.find((name) => name === parts?.[1]);
  const access = accesses.find((name) => name === parts?.[3]);
  const resource = parts?.[2];
  if (!context || !access || !resource) return undefined;
  return { kind: 'resource', text, context, resource, access };
}
