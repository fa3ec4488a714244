import type { Claims } from './examples.ts';
import type { Mutation } from './mutations.ts';

type Path = readonly (string | number)[];

const mandatory = [
  ...['iss', 'sub', 'aud', 'exp', 'iat', 'reason_for_request', 'requested_scope'],
  ...['requesting_device', 'requesting_organization', 'requesting_practitioner'],
];
const ours = ['client_id', 'jti'];
const device: Path = ['requesting_device'];
const organization: Path = ['requesting_organization'];
const practitioner: Path = ['requesting_practitioner'];
const given: Path = [...practitioner, 'name', 0, 'given'];

/** The leaf and branch elements of the three resources that must be there, each by its path. */
const elements: Path[] = [
  ...['resourceType', 'identifier', 'model', 'version'].map((name) => [...device, name]),
  ...['resourceType', 'identifier', 'name'].map((name) => [...organization, name]),
  ...['resourceType', 'id', 'identifier', 'name'].map((name) => [...practitioner, name]),
  ...[device, organization].flatMap((resource) =>
    ['system', 'value'].map((name) => [...resource, 'identifier', 0, name]),
  ),
  ...[0, 1, 2].flatMap((place) =>
    ['system', 'value'].map((name) => [...practitioner, 'identifier', place, name]),
  ),
  [...practitioner, 'name', 0, 'family'],
];

/** The objects in which an unknown member is a fault. */
const objects: Path[] = [
  [],
  ...[device, organization, practitioner],
  ...[device, organization].map((resource) => [...resource, 'identifier', 0]),
  ...[0, 1, 2].map((place) => [...practitioner, 'identifier', place]),
  [...practitioner, 'name', 0],
];

/** The naming systems, each with the path of the one identifier where it belongs. */
const systems: [path: Path, system: string | undefined][] = [
  [[...device, 'identifier', 0, 'system'], undefined],
  [[...organization, 'identifier', 0, 'system'], 'https://fhir.nhs.uk/Id/ods-organization-code'],
  [[...practitioner, 'identifier', 0, 'system'], 'https://fhir.nhs.uk/Id/sds-user-id'],
  [[...practitioner, 'identifier', 1, 'system'], 'https://fhir.nhs.uk/Id/sds-role-profile-id'],
  [[...practitioner, 'identifier', 2, 'system'], undefined],
];

type Container = Record<string | number, unknown>;

/** A deep copy of good claims in which the container of the path's last step was changed. */
function edited(
  good: Claims,
  path: Path,
  edit: (container: Container, last: string | number) => void,
): Claims {
  const copy = structuredClone(good);
  let container: Container = copy;
  for (const step of path.slice(0, -1)) container = container[step] as Container;
  edit(container, path.at(-1) ?? '');
  return copy;
}

const named = (path: Path) => path.join('.');

/** What stands at a path. */
function at(claims: Claims, path: Path): unknown {
  return path.reduce<unknown>((value, step) => (value as Container)[step], claims);
}

/** Every single fault that the rules below make of one good set of claims, each with a name. */
export function gpConnectMutations(good: Claims): Mutation[] {
  const set = (name: string, path: Path, value: unknown): Mutation => [
    name,
    edited(good, path, (container, last) => {
      container[last] = value;
    }),
  ];
  const without = (path: Path): Mutation => [
    `${named(path)} missing`,
    edited(good, path, (container, last) => {
      delete container[last];
    }),
  ];
  const has = (name: string) => name in good;

  const absent = [...mandatory.map((name) => [name]), ...elements].map(without);

  const ofAnyKind = [
    ...mandatory.map((name) => [name]),
    ...ours.filter(has).map((name) => [name]),
    ...elements,
  ].flatMap((path) => {
    const wrong: [string, unknown][] = [
      ['null', null],
      ['true', true],
      ['an empty text', ''],
      ['an empty object', {}],
      ['an empty array', []],
      ['in an array', [at(good, path)]],
      ['in an object', { value: at(good, path) }],
    ];
    return wrong.map(([kind, value]) => set(`${named(path)} ${kind}`, path, value));
  });

  const texts = [...Object.keys(good).map((name): Path => [name]), ...elements].filter(
    (path) => typeof at(good, path) === 'string',
  );
  const ofTexts = texts.flatMap((path) => {
    const text = String(at(good, path));
    return [
      set(`${named(path)} a number`, path, 1),
      set(`${named(path)} with a space before`, path, ` ${text}`),
      set(`${named(path)} with a space after`, path, `${text} `),
      set(`${named(path)} with a line end`, path, `${text}\n`),
      set(`${named(path)} with U+0000`, path, `${text}\u0000`),
      set(`${named(path)} with a turn of direction`, path, `${text}\u202e`),
    ];
  });
  // Endpoints have no bound of their own.
  const tooLong = texts
    .filter((path) => !['iss', 'aud'].includes(named(path)))
    .map((path) => set(`${named(path)} too long`, path, String(at(good, path)) + '1'.repeat(300)));

  const ofTimes = ['exp', 'iat'].flatMap((name) => [
    set(`${name} a text`, [name], String(good[name])),
    set(`${name} with a fraction`, [name], Number(good[name]) + 0.5),
    set(`${name} negative`, [name], -Number(good[name])),
    set(`${name} zero`, [name], 0),
    set(`${name} in milliseconds`, [name], Number(good[name]) * 1000),
  ]);

  const unknown: Path[] = [
    ...objects.flatMap((path) => ['extension', 'use', 'x', 'url'].map((name) => [...path, name])),
    ...['scope', 'requested_record', 'requesting_patient', 'requesting_system', 'act', 'nbf'].map((name) => [
      name,
    ]),
    [...device, 'id'],
    [...organization, 'id'],
    [...practitioner, 'practitionerRole'],
    [...practitioner, 'telecom'],
  ];
  const unknownMembers = unknown.map((path) => set(`unknown member ${named(path)}`, path, 'x'));

  const ofScope = [
    ...[
      'patient/*.rs',
      'patient/Patient.read',
      'user/*.read',
      'system/*.read',
      'Patient/*.read',
      'conf/N',
      'openid',
    ],
    ...['conf/N patient/*.read', 'patient/*.read organization/*.read', 'patient/*.read conf/N conf/R'],
    ...['patient/*.read  conf/N', 'patient/*.read,conf/N', 'patient/*.read conf/V', 'patient/*.read openid'],
    ...['patient/*.read conf/N conf/N', 'patient/*.read\tconf/N'],
  ].map((scope) => set(`scope ${JSON.stringify(scope)}`, ['requested_scope'], scope));

  const ofReason = ['secondaryuses', 'patientaccess', 'DirectCare', 'directcare migration', 'Migration'].map(
    (reason) => set(`reason ${reason}`, ['reason_for_request'], reason),
  );

  const ofEndpoints = ['iss', 'aud'].flatMap((name) =>
    [
      ...[
        'auth.example.test',
        '//auth.example.test',
        '/token',
        'https://',
        'https:///path',
        'ftp://auth.example.test',
      ],
      ...['https://a:b@auth.example.test', 'https://auth.example.test/?a=1', 'https://auth.example.test/#x'],
      ...['https://auth.example.test/a b', 'https://auth.example.test/%zz', 'https://auth.example.test|x'],
    ].map((uri) => set(`${name} ${uri}`, [name], uri)),
  );

  const national = [
    ...['https://fhir.nhs.uk/Id/accredited-system', 'https://fhir.nhs.uk/Id/nhs-number'],
    ...['http://fhir.nhs.net/Id/ods-organization-code', 'http://fhir.nhs.net/sds-user-id'],
    ...['http://fhir.nhs.net/Id/sds-user-id', 'https://fhir.nhs.uk:443/Id/sds-user-id'],
    ...[
      'https://FHIR.NHS.UK/Id/sds-user-id',
      'urn:oid:1.2.826.0.1285.0.2.0.65',
      'urn:oid:2.16.840.1.113883.2.1.4.3',
    ],
    ...['https://fhir.nhs.uk/Id/ods-organization-code', 'https://fhir.nhs.uk/Id/sds-user-id'],
    ...['https://fhir.nhs.uk/Id/sds-role-profile-id', 'http://fhir.nhs.uk/Id/sds-role-profile-id'],
    ...['https://fhir.nhs.uk/Id/sds-user-id/', 'fernhill', 'https://fernhill.example/Id|x'],
  ];
  const ofSystems = systems.flatMap(([path, own]) => [
    ...national.filter((uri) => uri !== own).map((uri) => set(`${named(path)} ${uri}`, path, uri)),
    ...(own === undefined ? [] : [set(`${named(path)} a local one`, path, 'https://fernhill.example/Id/x')]),
  ]);

  return [
    ...absent,
    ...ofAnyKind,
    ...ofTexts,
    ...tooLong,
    ...ofTimes,
    ...unknownMembers,
    ...ofScope,
    ...ofReason,
    ...ofEndpoints,
    ...ofSystems,
    ...ofResources(good, set),
    ...ofMigration(good),
    ['scope for requested_scope', renamed(good, 'requested_scope', 'scope')],
    ['requesting_organisation', renamed(good, 'requesting_organization', 'requesting_organisation')],
    ['requesting_user for the practitioner', renamed(good, 'requesting_practitioner', 'requesting_user')],
    ['an array of claims', [good]],
    ['a string of claims', JSON.stringify(good)],
    ['null', null],
  ];
}

function renamed(good: Claims, name: string, other: string): Claims {
  const { [name]: value, ...rest } = good;
  return { ...rest, [other]: value };
}

/** Faults in what the resources say: types, numbers, codes, second identifiers, shapes of 0.x. */
function ofResources(good: Claims, set: (name: string, path: Path, value: unknown) => Mutation): Mutation[] {
  const identifiers = at(good, [...practitioner, 'identifier']) as unknown[];
  const [a, b, c] = identifiers;
  const [humanName] = at(good, [...practitioner, 'name']) as unknown[];
  const lists: [string, unknown[]][] = [
    ['A and B alone', [a, b]],
    ['A alone', [a]],
    ['C alone', [c]],
    ['B before A', [b, a, c]],
    ['C first', [c, a, b]],
    ['A twice', [a, a, b, c]],
    ['a second A at the end', [...identifiers, a]],
    ['a second B at the end', [...identifiers, b]],
    ['eleven', [a, b, ...Array(9).fill(c)]],
    ['a hole', [a, b, null]],
  ];
  const sds = [0, 1].flatMap((place) =>
    ['unk', 'UNKNOWN', 'R8000', '1 2', '9'.repeat(19), '-1', '١٢'].map((value) =>
      set(`SDS id ${place} ${value}`, [...practitioner, 'identifier', place, 'value'], value),
    ),
  );
  const codes = ['zz800', 'ZZ', 'ZZ8000000', 'ZZ-80', 'ZZ 80'].map((code) =>
    set(`ODS code ${code}`, [...organization, 'identifier', 0, 'value'], code),
  );
  const types = [device, organization, practitioner].flatMap((resource) =>
    ['Patient', 'Device', 'Organization', 'Practitioner', 'device', 'PractitionerRole']
      .filter((type) => type !== at(good, [...resource, 'resourceType']))
      .map((type) => set(`${named(resource)} a ${type}`, [...resource, 'resourceType'], type)),
  );
  const seconds = [device, organization].map((resource) => {
    const [identifier] = at(good, [...resource, 'identifier']) as unknown[];
    return set(
      `${named(resource)} with two identifiers`,
      [...resource, 'identifier'],
      [identifier, identifier],
    );
  });
  return [
    ...lists.map(([name, list]) => set(`identifiers: ${name}`, [...practitioner, 'identifier'], list)),
    ...sds,
    ...codes,
    ...types,
    ...seconds,
    ...['sub', named([...practitioner, 'id'])].flatMap((path) =>
      ['a b', 'a_b', 'a|b', 'ā', 'a'.repeat(65)].map((id) => set(`${path} ${id}`, path.split('.'), id)),
    ),
    set('two names', [...practitioner, 'name'], [humanName, humanName]),
    set('name an object, as in 0.x', [...practitioner, 'name'], humanName),
    set('family an array, as in 0.x', [...practitioner, 'name', 0, 'family'], ['Okafor']),
    set('a name of text alone', [...practitioner, 'name'], [{ text: 'Dr Ada Okafor' }]),
    set('given a text', given, 'Ada'),
    set('given null', given, null),
    set('given an empty array', given, []),
    set('given with a hole', given, [null]),
    set('given with an empty text', given, ['']),
    set('given with a number', given, [1]),
    set('eleven given names', given, Array(11).fill('Ada')),
    set('prefix a text', [...practitioner, 'name', 0, 'prefix'], 'Dr'),
    set('prefix an empty array', [...practitioner, 'name', 0, 'prefix'], []),
    set('suffix', [...practitioner, 'name', 0, 'suffix'], ['MRCGP']),
    set(
      'the organisation as in Spine Core',
      organization,
      'https://fhir.nhs.uk/Id/ods-organization-code|ZZ800',
    ),
    set('client_id with a letter beyond ASCII', ['client_id'], 'gp-clinić'),
    set('jti with a space', ['jti'], 'b7 e1'),
  ];
}

/** Reasons and scopes that do not go together (GP Connect 1.6). */
function ofMigration(good: Claims): Mutation[] {
  const pairs = [
    ['directcare', 'patient/*.read conf/R'],
    ['directcare', 'organization/*.read conf/R'],
    ['migration', 'patient/*.read'],
    ['migration', 'patient/*.write conf/N'],
    ['migration', 'patient/*.write conf/R'],
    ['migration', 'organization/*.read conf/N'],
    ['migration', 'organization/*.read conf/R'],
    ['migration', 'organization/*.read'],
  ];
  return pairs.map(([reason_for_request, requested_scope]) => [
    `${reason_for_request} with ${requested_scope}`,
    { ...good, reason_for_request, requested_scope },
  ]);
}
