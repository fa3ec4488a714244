import { isPlain } from '../../text.ts';
import { type Criterion, criterionOf } from './criterion.ts';
import { FhirRefusal } from './outcome.ts';
import { searchParameter } from './parameters.ts';
import { type Resource, type ResourceType, referenceTo } from './resource.ts';

/** Name and value of a parameter, as in a query or a form. */
export type Pair = readonly [name: string, value: string];

/** What a search asks for. */
export interface Search {
  readonly type: ResourceType;
  readonly criteria: readonly Criterion[];
  /** Entries on one page; undefined for all. */
  readonly count: number | undefined;
  /** How many matches come before the page. */
  readonly offset: number;
  /** The parameters that were understood, for the link to itself, without the two above. */
  readonly used: readonly Pair[];
}

/** `_offset` is this server's own, for the links from page to page. */
const paging = ['_count', '_offset'];

function wholeNumber(pairs: readonly Pair[], wanted: string): number | undefined {
  const [value, ...more] = pairs.filter(([name]) => name === wanted).map((pair) => pair[1]);
  if (value === undefined) return undefined;
  if (more.length > 0 || !/^\d{1,6}$/.test(value))
    throw new FhirRefusal(400, 'invalid', `${wanted} must be one whole number`);
  return Number(value);
}

/**
 * Reads the parameters of a search. An unknown one is passed over, as FHIR R4 (3.1.1.2) asks, or refused if the client
 * said `Prefer: handling=strict`. A known one with a modifier or a chain is refused in any case: passed over, it would
 * find more than was asked for.
 *
 * @param options.pairs in the order sent; repeated names must all match
 * @throws FhirRefusal 400, naming the parameter
 */
export function readSearch(options: {
  readonly type: ResourceType;
  readonly pairs: readonly Pair[];
  readonly strict: boolean;
  readonly base: string;
}): Search {
  const { type, strict, base } = options;
  const pairs = options.pairs.filter(([name]) => name !== '_format');
  if (!pairs.flat().every(isPlain))
    throw new FhirRefusal(400, 'invalid', 'a search parameter contains control characters');
  const criteria: Criterion[] = [];
  const used: Pair[] = [];
  for (const [name, value] of pairs) {
    if (paging.includes(name)) continue;
    const plainName = name.split(/[:.]/)[0];
    const parameter = searchParameter(type, plainName);
    if (!parameter) {
      if (strict) throw new FhirRefusal(400, 'not-supported', `${type} cannot be searched by that parameter`);
      continue;
    }
    if (name !== plainName)
      throw new FhirRefusal(400, 'not-supported', `${plainName} can have neither a modifier nor a chain`);
    const criterion = criterionOf(parameter, value, base);
    if (!criterion) throw new FhirRefusal(400, 'invalid', `the value of ${name} is no ${parameter.type}`);
    criteria.push(criterion);
    used.push([name, value]);
  }
  return {
    type,
    criteria,
    count: wholeNumber(pairs, '_count'),
    offset: wholeNumber(pairs, '_offset') ?? 0,
    used,
  };
}

/**
 * Answers a search (FHIR R4, 3.1.1.5).
 *
 * @param visible the resources of that type which the caller may see
 * @returns a Bundle of type searchset; `total` counts all matches, not only those on the page
 */
export function searchset(search: Search, visible: readonly Resource[], base: string): object {
  const { type, criteria, count, offset, used } = search;
  const matches = visible.filter((resource) => criteria.every((criterion) => criterion(resource)));
  const end = count === undefined ? matches.length : offset + count;
  const link = (relation: string, from: number) => {
    const query = new URLSearchParams(used.map(([name, value]): [string, string] => [name, value]));
    if (count !== undefined) query.append('_count', String(count));
    if (from > 0) query.append('_offset', String(from));
    return { relation, url: `${base}/${type}${query.size > 0 ? `?${query}` : ''}` };
  };
  const more = count !== undefined && count > 0 && end < matches.length;
  const entry = matches.slice(offset, end).map((resource) => ({
    fullUrl: `${base}/${referenceTo(resource)}`,
    resource,
    search: { mode: 'match' },
  }));
  return {
    resourceType: 'Bundle',
    type: 'searchset',
    total: matches.length,
    link: [link('self', offset), ...(more ? [link('next', end)] : [])],
    // FHIR has no empty lists.
    ...(entry.length > 0 ? { entry } : {}),
  };
}
