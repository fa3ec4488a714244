import type { ScopeWords, SmartResourceScope } from './grammar.ts';

// http://terminology.hl7.org/CodeSystem/observation-category, FHIR R4. Without the system in front, as in
// `category=laboratory`, a code may be of any system, so no words are promised for it.
const categories = new Set(
  [
    'social-history',
    'vital-signs',
    'imaging',
    'laboratory',
    'procedure',
    'survey',
    'exam',
    'therapy',
    'activity',
  ].map((code) => `http://terminology.hl7.org/CodeSystem/observation-category|${code}`),
);

/** The words for all types: part of everything would contradict itself. */
const wildcard = { all: 'everything', some: 'anyKind' } as const;

/** The code of the first category of observations that has words of its own. */
function knownCategory({ resource, params }: SmartResourceScope): string | undefined {
  const known = params.find(
    ([name, value]) => resource === 'Observation' && name === 'category' && categories.has(value),
  );
  return known?.[1].split('|')[1];
}

const actions: readonly (readonly [form: RegExp, word: string])[] = [
  [/[rs]/, 'see'],
  [/^[^u]*c[^u]*$/, 'add'],
  [/u/, 'write'],
  [/d/, 'remove'],
];

/**
 * The words for a scope that names FHIR resources. It never says less than the scope allows: whoever may change is
 * said to add as well, `*` is said to reach kinds of information that come later, and what parameters leave out is
 * only called a part unless the words for it are known.
 */
export function smartResourceWords(scope: SmartResourceScope): ScopeWords {
  const { context, resource, letters, params } = scope;
  const verbs = actions.filter(([form]) => form.test(letters)).map(([, word]) => word);
  const category = knownCategory(scope);
  const extent = params.length > (category === undefined ? 0 : 1) ? 'some' : 'all';
  const resourceKey = category === undefined ? resource : `Observation-${category}`;
  return {
    key: `scope.smart.${context}.${extent}.${verbs.join('-')}`,
    values: {
      resource,
      resourceKey: `resource.${resource === '*' ? wildcard[extent] : resourceKey}`,
    },
  };
}
