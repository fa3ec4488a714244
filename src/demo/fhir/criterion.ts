import { dateTest } from './dates.ts';
import type { SearchParameter } from './parameters.ts';
import { elementsAt, type Resource, relativeReference } from './resource.ts';

/** Tests one resource. */
export type Criterion = (resource: Resource) => boolean;

interface Token {
  readonly system?: unknown;
  readonly code?: unknown;
}

/** The parts of a value between separators, which a backslash takes their meaning from (FHIR R4, 3.1.1.4.4). */
function split(value: string, separator: ',' | '|'): string[] {
  const parts = [''];
  for (const [sign] of value.matchAll(/\\?[\s\S]/gu)) {
    if (sign === separator) parts.push('');
    else parts.push(`${parts.pop()}${sign}`);
  }
  return parts;
}

const literal = (part: string) => part.replaceAll(/\\([\\,|$])/g, '$1');

/** Code, Coding, CodeableConcept and Identifier, all as pairs of system and code. */
function tokensOf(element: unknown): Token[] {
  if (typeof element === 'string') return [{ code: element }];
  if (typeof element !== 'object' || element === null) return [];
  if ('coding' in element && Array.isArray(element.coding)) return element.coding.flatMap(tokensOf);
  const system = 'system' in element ? element.system : undefined;
  if ('code' in element) return [{ system, code: element.code }];
  return 'value' in element ? [{ system, code: element.value }] : [];
}

/** `code`, `system|code`, `|code` (of no system) or `system|` (any code of it); FHIR R4, 3.1.1.4.10. */
function tokenTest(value: string): ((token: Token) => boolean) | undefined {
  const parts = split(value, '|').map(literal);
  const [first, second] = parts;
  if (parts.length > 2 || parts.every((part) => part === '')) return undefined;
  if (second === undefined) return ({ code }) => code === first;
  const wantedSystem = first === '' ? undefined : first;
  return ({ system, code }) => system === wantedSystem && (second === '' || code === second);
}

/** An id, `Type/id`, or the absolute address of a resource of this server. */
function referenceTest(value: string, base: string): (reference: string) => boolean {
  const wanted = relativeReference(value, base);
  return (reference) => reference === wanted || reference.split('/')[1] === wanted;
}

function alternative(parameter: SearchParameter, value: string, base: string): Criterion | undefined {
  const { type, path, target } = parameter;
  if (type === 'token') {
    const test = tokenTest(value);
    return test && ((resource) => elementsAt(resource, path).flatMap(tokensOf).some(test));
  }
  const test = type === 'date' ? dateTest(literal(value)) : referenceTest(literal(value), base);
  const textPath = type === 'date' ? path : `${path}.reference`;
  return (
    test &&
    ((resource) =>
      elementsAt(resource, textPath)
        .filter((text) => typeof text === 'string')
        .filter((text) => target === undefined || text.startsWith(`${target}/`))
        .some(test))
  );
}

/**
 * Reads the value of a search parameter, in a search or in a scope. A comma means or.
 *
 * @param base of this server, so that absolute references to it are understood
 * @returns undefined if the value is malformed
 */
export function criterionOf(parameter: SearchParameter, value: string, base: string): Criterion | undefined {
  const values = split(value, ',');
  const alternatives = values.map((one) => (one === '' ? undefined : alternative(parameter, one, base)));
  if (!alternatives.every((test) => test !== undefined)) return undefined;
  return (resource) => alternatives.some((test) => test(resource));
}
