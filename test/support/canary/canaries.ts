import { randomBytes } from 'node:crypto';

/** Values that must never be found where they do not belong. */
export interface Canaries {
  /** Remembers a value that came up, such as a token; gives it back. Short ones and empty ones are not remembered. */
  keep(what: string, value: string | undefined): string;
  /** Remembers a JWT: all of it, its claims and its signature. */
  keepJwt(what: string, token: string | undefined): string;
  /** Makes a value that exists nowhere else. */
  make(what: string): string;
  /** How many are remembered. */
  count(): number;
  /** What is found in a text, in whichever form: `what (form)` each. */
  foundIn(text: string): string[];
}

/** Shorter values would be found by chance. */
const SHORTEST = 7;

/** The characters of a text's base64 that stay the same whatever stands around it, for each of the three positions. */
function base64Forms(value: string): string[] {
  const bytes = Buffer.from(value);
  return [0, 1, 2].map((before) => {
    const padded = Buffer.concat([Buffer.alloc(before), bytes]);
    const whole = padded.length - (padded.length % 3);
    return padded.subarray(0, whole).toString('base64').slice([0, 2, 3][before]);
  });
}

/** A value as it is, as it is written in addresses, forms and JSON, and as base64. */
function formsOf(value: string): readonly (readonly [form: string, text: string])[] {
  const coded = base64Forms(value).filter((text) => text.length >= SHORTEST);
  return [
    ['as it is', value],
    ['in an address', encodeURIComponent(value)],
    ['in a form', new URLSearchParams([['', value]]).toString().slice(1)],
    ['in JSON', JSON.stringify(value).slice(1, -1)],
    ['in hexadecimal', Buffer.from(value).toString('hex')],
    ...coded.map((text) => ['as base64', text] as const),
    ...coded.map((text) => ['as base64url', text.replaceAll('+', '-').replaceAll('/', '_')] as const),
  ];
}

/** Begins without any canaries. */
export function createCanaries(): Canaries {
  const known = new Map<string, string>();

  function keep(what: string, value = ''): string {
    if (value.length >= SHORTEST) known.set(value, what);
    return value;
  }

  return {
    keep,
    keepJwt(what, token = '') {
      const [, claims, signature] = token.split('.');
      keep(`claims of ${what}`, claims);
      keep(`signature of ${what}`, signature);
      return keep(what, token);
    },
    make: (what) => keep(what, `canary-${randomBytes(9).toString('hex')}`),
    count: () => known.size,
    foundIn: (text) =>
      [...known].flatMap(([value, what]) => {
        const [form] = formsOf(value).find(([, written]) => text.includes(written)) ?? [];
        return form === undefined ? [] : [`${what} (${form}): ${value.slice(0, 80)}`];
      }),
  };
}
