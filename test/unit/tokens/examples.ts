/** A set of claims before it is known to be a good one. */
export type Claims = Record<string, unknown>;

/** The example of the Spine Core claims section: a practitioner asks. */
export const professional: Claims = {
  iss: 'https://auth.fernhill.example',
  sub: 'https://fhir.nhs.uk/Id/sds-role-profile-id|100000000202',
  aud: 'https://spine.example/clinicals/STU3/Flag',
  iat: 1767225600,
  exp: 1767225900,
  reason_for_request: 'directcare',
  scope: 'user/Flag.read',
  requesting_system: 'https://fhir.nhs.uk/Id/accredited-system|200000990001',
  requesting_organization: 'https://fhir.nhs.uk/Id/ods-organization-code|ZZ800',
  requesting_user: 'https://fhir.nhs.uk/Id/sds-role-profile-id|100000000202',
};

/** Fernhill's clinic-backend at night, with the claims that are ours. */
export const unattended: Claims = {
  iss: 'http://localhost:3000',
  sub: 'https://fhir.nhs.uk/Id/accredited-system|200000990800',
  aud: 'https://spine.example.test/raflags/STU3',
  exp: 1767225900,
  iat: 1767225600,
  reason_for_request: 'secondaryuses',
  scope: 'system/Flag.read',
  requesting_system: 'https://fhir.nhs.uk/Id/accredited-system|200000990800',
  requesting_organization: 'https://fhir.nhs.uk/Id/ods-organization-code|ZZ800',
  requested_scope: 'system/Flag.read',
  client_id: 'clinic-backend',
  jti: '3f0c2b1e-7a0d-4c55-8f2e-0d5f2f1f9a10',
};

/** Aroha asks for her own record. */
export const citizen: Claims = {
  iss: 'https://auth.example.test/assent',
  sub: 'http://fhir.nhs.net/Id/nhs-number|9990001014',
  aud: 'https://spine.example.test/raflags/STU3',
  exp: 1767225900,
  iat: 1767225600,
  reason_for_request: 'patientaccess',
  scope: 'patient/DocumentReference.read patient/*.write',
  requesting_system: 'https://fhir.nhs.uk/Id/accredited-system|200000990800',
  requesting_organization: 'https://fhir.nhs.uk/Id/ods-organization-code|ZZ800',
  requesting_patient: 'http://fhir.nhs.net/Id/nhs-number|9990001014',
  requested_scope: 'patient/DocumentReference.read patient/*.write',
  client_id: 'kete-web',
  jti: 'b7e1',
};

export const examples: [name: string, claims: Claims][] = [
  ['professional', professional],
  ['unattended', unattended],
  ['citizen', citizen],
];
