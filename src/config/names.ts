import { isSecret, names, settings } from './settings.ts';
import type { Environment } from './values.ts';

/** How names begin that are Assent's alone. */
export const families: readonly string[] = names.flatMap((name) => {
  const family = settings.shape[name].meta()?.family;
  return typeof family === 'string' ? [family] : [];
});

/** Every name that may be given. */
const known: ReadonlySet<string> = new Set(
  names.flatMap((name) => (isSecret(name) ? [name, `${name}_FILE`] : [name])),
);

/** What Kubernetes tells every container about a service called, say, `metrics`: METRICS_SERVICE_HOST, METRICS_PORT_80_TCP. Nobody wrote those. */
const isServiceLink = (name: string) =>
  !name.startsWith('ASSENT_') && /_(?:SERVICE_HOST|SERVICE_PORT\w*|PORT_\d+_(?:TCP|UDP|SCTP)\w*)$/.test(name);

const isOurs = (name: string) => families.some((family) => name.startsWith(family)) && !isServiceLink(name);

/** How many letters have to be put in, taken out or changed (Levenshtein). */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (const [index, letter] of [...one].entries()) {
    let [diagonal = 0] = row;
    row = row.reduce<number[]>((next, above, at) => {
      const left = next[at - 1];
      next.push(
        left === undefined
          ? index + 1
          : Math.min(left + 1, above + 1, diagonal + (other[at - 1] === letter ? 0 : 1)),
      );
      diagonal = above;
      return next;
    }, []);
  }
  return row.at(-1) ?? 0;
}

/** Letters that a slip of the pen gets wrong at most; beyond that the nearest name is a guess. */
const MOST_SLIPS = 3;

function suggestion(name: string): string {
  const [nearest] = [...known]
    .map((one) => ({ one, slips: distance(name, one) }))
    .filter(({ slips }) => slips <= MOST_SLIPS)
    .sort((a, b) => a.slips - b.slips);
  return nearest === undefined
    ? 'remove it, or see docs/configuration.md for the names'
    : `did you mean ${nearest.one}?`;
}

/** The setting, no secret, that somebody wants read from a file. */
const plainSetting = (name: string) => names.find((one) => name === `${one}_FILE` && !isSecret(one));

/** Names in the environment that can only be mistakes, one line each. */
export function nameFaults(env: Environment): string[] {
  return Object.keys(env).flatMap((name) => {
    if (known.has(name)) return [];
    const plain = plainSetting(name);
    if (plain !== undefined)
      return env[name]
        ? [`${name}: ${plain} is no secret and is not read from a file: give its value in ${plain}`]
        : [];
    return isOurs(name) ? [`${name} is not a setting of Assent: ${suggestion(name)}`] : [];
  });
}
