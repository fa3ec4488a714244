import { type LoadGroup, type Row, rows, type Settled } from './table.ts';

export type { LoadGroup } from './table.ts';

type Address = Settled & { readonly fits: RegExp };

/** Of every address that is not in the table. */
const unknown: Settled = { answers: 'provider', readers: 'both', load: 'none', name: 'other' };

/** The form of a path as an expression; see `Row`. */
function formOf(path: string): RegExp {
  const source = path
    .replace(/[.\\+?^$()[\]{}|]/g, '\\$&')
    .replace(/:[^/]+/g, '[^/]+')
    .replace(/^\*|\*$/, '.*');
  return new RegExp(`^${source}$`, 's');
}

function asAddress([path, answers, readers, load, name, coming]: Row): Address {
  const settled = coming === undefined ? { answers, readers, load, name } : { ...unknown, name };
  return { ...settled, fits: formOf(path) };
}

const isExact = ([path]: Row) => !/[:*]/.test(path);
const exact = new Map(rows.filter(isExact).map((row) => [row[0], asAddress(row)]));
const forms = rows.filter((row) => !isExact(row)).map(asAddress);

const find = (path: string): Settled =>
  exact.get(path) ?? forms.find(({ fits }) => fits.test(path)) ?? unknown;

/** What the library's router makes of an address: letter case and a closing slash make no difference. */
const loosely = (path: string) => path.toLowerCase().replace(/(?<=.)\/$/, '');

// Nearly every request has one as it is written in the table.
const findLoosely = (path: string) => exact.get(path) ?? find(loosely(path));

/**
 * Whether a path leads to an address of the provider, as the library's router takes it.
 *
 * @param path without query
 * @param address in lower case, without a closing slash
 */
export function isAt(path: string, address: string): boolean {
  if (path === address) return true;
  const longer = path.length - address.length;
  return (longer === 0 || longer === 1) && loosely(path) === address;
}

/** Whatever asks for a well-known address is a program (RFC 8615), also at a base with a path of its own (SMART). */
const wellKnown = /\/\.well-known\//i;

/** Who answers an address. The entrance and our own pages take it as it is written. @param path without query */
export const answererOf = (path: string): Settled['answers'] => find(path).answers;

/** Whether an address is looked at in a browser, the provider's too. @param path without query */
export const isForPeople = (path: string): boolean =>
  !wellKnown.test(path) && findLoosely(path).readers === 'people';

/** Whether nobody but programs looks at an address: the token endpoint and those below it. @param path without query */
export const isForPrograms = (path: string): boolean => findLoosely(path).readers === 'programs';

/**
 * Which limit on load a request for an address counts for.
 *
 * @param path without query
 * @returns undefined for health, style sheets, the demo, and what does not exist
 */
export function groupOf(path: string): LoadGroup | undefined {
  if (wellKnown.test(path)) return 'endpoints';
  const { load } = findLoosely(path);
  return load === 'none' ? undefined : load;
}

/**
 * The name under which an address is measured: one of about twenty-five, whatever is asked for.
 *
 * @param url a request target, with or without query
 */
export function endpointOf(url: string): string {
  const [path = ''] = url.split('?', 1);
  return findLoosely(path).name;
}
