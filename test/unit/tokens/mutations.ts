import type { Claims } from './examples.ts';

export type Mutation = [name: string, claims: unknown];

const mandatory = ['iss', 'sub', 'aud', 'exp', 'iat', 'reason_for_request', 'scope', 'requesting_system'];
const times = ['exp', 'iat'];
const identifiers = [
  'sub',
  'requesting_system',
  'requesting_organization',
  'requesting_user',
  'requesting_patient',
];
const misspelt: Record<string, string> = {
  requesting_organization: 'requesting_organisation',
  requesting_user: 'requesting_practitioner',
  requesting_system: 'requesting_device',
  requesting_patient: 'requested_record',
  scope: 'scopes',
  reason_for_request: 'reasonForRequest',
  iss: 'Iss',
  client_id: 'clientId',
};
const user = 'https://fhir.nhs.uk/Id/sds-role-profile-id|100000000202';
const localUser = 'https://fernhill.example/Id/user|a7d1';
const patient = 'http://fhir.nhs.net/Id/nhs-number|9990001014';
const system = 'https://fhir.nhs.uk/Id/accredited-system|200000990800';

/** Every single fault that the rules below make of one good set of claims, each with a name. */
export function mutations(good: Claims): Mutation[] {
  const change = (name: string, members: Claims): Mutation => [name, { ...good, ...members }];
  const without = (...names: string[]) =>
    Object.fromEntries(Object.entries(good).filter(([name]) => !names.includes(name)));
  const has = (name: string) => name in good;
  const text = (name: string) => String(good[name]);
  const strings = Object.keys(good).filter((name) => !times.includes(name));

  const absent = mandatory.map((name): Mutation => [`${name} missing`, without(name)]);

  const ofAnyClaim = Object.keys(good).flatMap((name) => [
    change(`${name} null`, { [name]: null }),
    change(`${name} true`, { [name]: true }),
    change(`${name} an object`, { [name]: { value: good[name] } }),
    change(`${name} an array`, { [name]: [good[name]] }),
    change(`${name} empty`, { [name]: '' }),
  ]);

  const ofStrings = strings.flatMap((name) => [
    change(`${name} a number`, { [name]: 1 }),
    change(`${name} with a space before`, { [name]: ` ${text(name)}` }),
    change(`${name} with a space after`, { [name]: `${text(name)} ` }),
    change(`${name} with a line end`, { [name]: `${text(name)}\n` }),
    change(`${name} with U+0000`, { [name]: `${text(name)}\u0000` }),
    change(`${name} with a letter beyond ASCII`, { [name]: `${text(name)}é` }),
  ]);

  const ofTimes = times.flatMap((name) => [
    change(`${name} a string`, { [name]: text(name) }),
    change(`${name} with a fraction`, { [name]: Number(good[name]) + 0.5 }),
    change(`${name} negative`, { [name]: -Number(good[name]) }),
    change(`${name} zero`, { [name]: 0 }),
    change(`${name} in milliseconds`, { [name]: Number(good[name]) * 1000 }),
  ]);

  const ofIdentifiers = identifiers.filter(has).flatMap((name) => {
    const [uri, value] = text(name).split('|');
    return [
      change(`${name} with a slash for the pipe`, { [name]: `${uri}/${value}` }),
      change(`${name} with two pipes in a row`, { [name]: `${uri}||${value}` }),
      change(`${name} with a second pipe`, { [name]: `${text(name)}|x` }),
      change(`${name} without a value`, { [name]: `${uri}|` }),
      change(`${name} without a system`, { [name]: `|${value}` }),
      change(`${name} a bare value`, { [name]: value }),
      change(`${name} with spaces round the pipe`, { [name]: `${uri} | ${value}` }),
      change(`${name} over http or https wrongly`, {
        [name]: text(name).startsWith('https:')
          ? text(name).replace('https:', 'http:')
          : text(name).replace('http:', 'https:'),
      }),
      change(`${name} with a slash after the system`, { [name]: `${uri}/|${value}` }),
      change(`${name} with an upper-case host`, {
        [name]: text(name).replace(/\/\/fhir[^/]*/, (host) => host.toUpperCase()),
      }),
      change(`${name} under an unknown national system`, { [name]: `https://fhir.nhs.uk/Id/other|${value}` }),
      change(`${name} with a letter in the number`, { [name]: `${text(name)}x` }),
      change(`${name} with too long a value`, { [name]: text(name) + '1'.repeat(300) }),
    ];
  });

  const ofOrganisation = ['zz800', 'Zz800', 'ZZ', 'ZZ8000000', 'ZZ-80', 'ZZ 80'].map((code) =>
    change(`organisation ${code}`, {
      requesting_organization: `https://fhir.nhs.uk/Id/ods-organization-code|${code}`,
    }),
  );

  const ofReason = ['DirectCare', 'migration', 'directcare patientaccess', 'emergency'].map((reason) =>
    change(`reason ${reason}`, { reason_for_request: reason }),
  );

  const ofScopes = ['scope', 'requested_scope'].flatMap((name) =>
    [
      'user/Condition',
      'user/flag.read',
      'user/Flag.rs',
      'User/Flag.read',
      'user/Flag..read',
      'conf/N',
      'openid',
      'consent/*.read',
      'user/Flag.read  user/List.read',
      'user/Flag.read,user/List.read',
      'user/Flag.read\tuser/List.read',
      'user/Flag.read openid',
    ].map((scope) => change(`${name} ${JSON.stringify(scope)}`, { [name]: scope })),
  );

  const ofEndpoints = ['iss', 'aud'].flatMap((name) =>
    [
      'auth.example.test',
      '//auth.example.test',
      '/token',
      'https://',
      'https:///path',
      'ftp://auth.example.test',
      'https://a:b@auth.example.test',
      'https://auth.example.test/?a=1',
      'https://auth.example.test/#x',
      'https://auth.example.test/a b',
      'https://auth.example.test/%zz',
      'https://auth.example.test|x',
    ].map((uri) => change(`${name} ${uri}`, { [name]: uri })),
  );

  const unknown = ['nbf', 'act', 'azp', 'requesting_device', 'requested_record', 'nhs_number', '__type'].map(
    (name) => change(`unknown claim ${name}`, { [name]: 'x' }),
  );

  const renamed = Object.entries(misspelt)
    .filter(([name]) => has(name))
    .map(([name, wrong]): Mutation => [`${name} as ${wrong}`, { ...without(name), [wrong]: good[name] }]);

  return [
    ...absent,
    ...ofAnyClaim,
    ...ofStrings,
    ...ofTimes,
    ...ofIdentifiers,
    ...ofOrganisation,
    ...ofReason,
    ...ofScopes,
    ...ofEndpoints,
    ...unknown,
    ...renamed,
    ...ofSubject(good),
    ['an array of claims', [good]],
    ['a string of claims', JSON.stringify(good)],
    ['null', null],
  ];
}

/** Subjects of the wrong shape, and reasons that do not go with the subject. */
function ofSubject(good: Claims): Mutation[] {
  const change = (name: string, members: Claims): Mutation => [name, { ...good, ...members }];
  const { requesting_user, requesting_patient, ...rest } = good;
  const organisation = change('sub an organisation', { sub: good.requesting_organization });
  if (requesting_user) {
    return [
      organisation,
      change('sub the system beside a user', { sub: good.requesting_system }),
      change('sub a patient beside a user', { sub: patient }),
      change('user the accredited system', { requesting_user: system, sub: system }),
      change('user a patient', { requesting_user: patient, sub: patient }),
      change('user the SDS user id', { requesting_user: 'https://fhir.nhs.uk/Id/sds-user-id|100000000101' }),
      change('user the accredited system, by port', {
        requesting_user: 'https://fhir.nhs.uk:443/Id/accredited-system|200000990800',
      }),
      change('user under the OID of role profiles', {
        requesting_user: 'urn:oid:1.2.826.0.1285.0.2.0.67|100000000203',
        sub: 'urn:oid:1.2.826.0.1285.0.2.0.67|100000000203',
      }),
      change('user UNK', {
        requesting_user: 'https://fhir.nhs.uk/Id/sds-role-profile-id|UNK',
        sub: 'https://fhir.nhs.uk/Id/sds-role-profile-id|UNK',
      }),
      change('user a local id that spells a group with spaces', {
        requesting_user: 'https://fernhill.example/Id/user|ward staff',
      }),
      change('patientaccess with a user as subject', { reason_for_request: 'patientaccess' }),
      change('patientaccess with user and patient', {
        reason_for_request: 'patientaccess',
        requesting_patient: patient,
      }),
      ['user taken away, sub kept', rest],
    ];
  }
  if (requesting_patient) {
    return [
      organisation,
      change('sub the system beside a patient', { sub: good.requesting_system }),
      change('sub a role without a user', { sub: user }),
      change('sub a local user without a user', { sub: localUser }),
      change('a user added, sub kept', { requesting_user: user, reason_for_request: 'directcare' }),
      ['patient taken away, sub and reason kept', rest],
      ['patient taken away, reason kept', { ...rest, sub: good.requesting_system }],
    ];
  }
  return [
    organisation,
    change('sub a role without a user', { sub: user }),
    change('sub a local user without a user', { sub: localUser }),
    change('sub a patient without a patient', { sub: patient }),
    change('a user added, sub kept', { requesting_user: user }),
    change('a patient added, sub kept', { requesting_patient: patient }),
    change('patientaccess without a patient', { reason_for_request: 'patientaccess' }),
    change('sub the client', { sub: good.client_id }),
  ];
}
