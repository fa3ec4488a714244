import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  covers,
  intersect,
  parseScope,
  parseSmartResource,
  scopeWords,
  uncovered,
} from '../../../src/scopes/index.ts';
import { letterSets } from './tables.ts';

const resourceScope = fc
  .record({
    // Few different values, so that coverage is common.
    context: fc.constantFrom('patient', 'system'),
    resource: fc.constantFrom('*', 'Observation', 'Patient'),
    permissions: fc.oneof(fc.constantFrom(...letterSets), fc.constantFrom('read', 'write', '*')),
    params: fc.subarray(['category=a', 'category=b', 'status=final']),
  })
  .map(({ context, resource, permissions, params }) => {
    const query = params.length > 0 && letterSets.includes(permissions) ? `?${params.join('&')}` : '';
    return `${context}/${resource}.${permissions}${query}`;
  });
const list = fc.array(resourceScope, { maxLength: 6 });

/** Scopes with one character put in, changed or taken out: most of them just outside the grammar. */
const damaged = fc
  .tuple(resourceScope, fc.nat({ max: 40 }), fc.string({ unit: 'binary', maxLength: 1 }), fc.boolean())
  .map(([text, at, piece, replace]) => text.slice(0, at) + piece + text.slice(replace ? at + 1 : at));

/**
 * Everything that a scope reaches in a small world: contexts, letters, two known types and one that no scope names
 * (a type to come), and for each of them the resources that meet some of the parameters.
 */
function reach(text: string): Set<string> {
  const scope = parseSmartResource(text);
  if (scope === undefined) throw new Error(`${text} is outside the grammar`);
  const types = scope.resource === '*' ? ['Observation', 'Patient', 'ToCome'] : [scope.resource];
  const wanted = scope.params.map(([name, value]) => `${name}=${value}`);
  const traits = ['category=a', 'category=b', 'status=final'];
  const resources = [
    [],
    ...traits.map((one) => [one]),
    ...traits.map((one) => traits.filter((x) => x !== one)),
    traits,
  ];
  return new Set(
    types.flatMap((type) =>
      [...scope.letters].flatMap((letter) =>
        resources
          .filter((has) => wanted.every((one) => has.includes(one)))
          .map((has) => [scope.context, type, letter, ...has].join(' ')),
      ),
    ),
  );
}

function within(inner: Set<string>, outer: readonly string[]): boolean {
  const together = new Set(outer.flatMap((text) => [...reach(text)]));
  return [...inner].every((one) => together.has(one));
}

test('parsing never throws, and a parsed scope keeps its text', () => {
  fc.assert(
    fc.property(fc.oneof(damaged, fc.string({ unit: 'binary' })), (text) => {
      const scope = parseScope('smart', text);
      expect(scope?.text ?? text).toBe(text);
    }),
    { numRuns: 2000 },
  );
});

test('a scope covers another exactly if it reaches all that the other reaches', () => {
  fc.assert(
    fc.property(resourceScope, resourceScope, (allowed, requested) => {
      expect(covers('smart', allowed, requested)).toBe(within(reach(requested), [allowed]));
    }),
    { numRuns: 2000 },
  );
});

test('several scopes cover one exactly if they reach together all that it reaches', () => {
  fc.assert(
    fc.property(list, resourceScope, (allowed, requested) => {
      const expected = within(reach(requested), allowed) ? [] : [requested];
      expect(uncovered('smart', allowed, [requested])).toEqual(expected);
    }),
    { numRuns: 2000 },
  );
});

test('narrowing never widens: what is kept reaches no more than what is allowed', () => {
  fc.assert(
    fc.property(list, list, (allowed, requested) => {
      for (const text of intersect('smart', allowed, requested))
        expect(within(reach(text), allowed)).toBe(true);
    }),
  );
});

test('a parameter more narrows, a letter less narrows', () => {
  fc.assert(
    fc.property(resourceScope, (text) => {
      const scope = parseSmartResource(text);
      if (scope === undefined || scope.version === 1) return;
      const narrower = `${text}${text.includes('?') ? '&' : '?'}code=x`;
      expect([covers('smart', text, narrower), covers('smart', narrower, text)]).toEqual([true, false]);
      const fewer = scope.letters.slice(1);
      if (fewer === '') return;
      const shorter = text.replace(`.${scope.letters}`, `.${fewer}`);
      expect([covers('smart', text, shorter), covers('smart', shorter, text)]).toEqual([true, false]);
    }),
  );
});

test('each scope of the grammar has words', () => {
  const english = JSON.parse(readFileSync(new URL('../../../locales/en.json', import.meta.url), 'utf8'));
  const find = (key: string) =>
    key.split('.').reduce((group: Record<string, unknown>, name) => group[name] as never, english);
  fc.assert(
    fc.property(fc.oneof(resourceScope, damaged), (text) => {
      const words = scopeWords('smart', text);
      expect(words === undefined).toBe(parseScope('smart', text) === undefined);
      if (words) expect(find(words.key)).toBeTypeOf('string');
    }),
    { numRuns: 1000 },
  );
});
