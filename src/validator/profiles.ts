/** The dialects of tokens that can be checked; each is a chapter of its own in the published pages. */
export const profiles = [
  'gp-connect',
  'gp-connect-0',
  'spine-core',
  'reasonable-adjustments',
  'nrl',
  'nrl-retrieval',
] as const;

/**
 * `gp-connect` is GP Connect 1.x, `gp-connect-0` its versions 0.x (FHIR DSTU2). `nrl` is a call to the NRL itself,
 * `nrl-retrieval` one through the proxy to the holder of a record.
 */
export type Profile = (typeof profiles)[number];
