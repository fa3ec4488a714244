/** Scope values as published, by source; the tests of this folder share them. */

/** Reasonable Adjustments JWT page. Its `user/Condition` without an access is among the refusals. */
export const reasonableAdjustments = [
  'user/Consent.read',
  'user/Flag.read',
  'user/List.read',
  'user/Consent.write',
  'user/Flag.write',
  'user/Condition.write',
  'user/List.write',
];

/** NRL JWT guidance. */
export const nrl = [
  'patient/DocumentReference.read',
  'patient/DocumentReference.write',
  'patient/*.read',
  'patient/*.write',
];

/** CareConnect scopes, as the Spine Core scope page quotes them. */
export const careConnect = [
  'user/Patient.read',
  'user/Observation.read',
  'user/Encounter.read',
  'user/Condition.read',
  'user/AllergyIntolerance.read',
  'user/MedicationPrescription.read',
  'user/MedicationStatement.read',
  'user/Immunization.read',
  'user/DocumentReference.read',
  'user/Binary.read',
];

/** The demo API `reasonable-adjustments`. */
export const demoReasonableAdjustments =
  'user/Flag.read user/Flag.write user/Consent.read user/Consent.write user/Condition.read user/Condition.write ' +
  'user/List.read user/List.write system/Flag.read';

/** The demo API `gp-connect`: the four access values and the two confidentiality values of GP Connect 1.6. */
export const demoGpConnect =
  'patient/*.read patient/*.write organization/*.read organization/*.write conf/N conf/R';

/** The demo API `admin-api`. */
export const demoAdmin = 'admin.read admin.write admin.audit';

export const gpConnectAccess = [
  'patient/*.read',
  'patient/*.write',
  'organization/*.read',
  'organization/*.write',
];

/** GP Connect operations and the whole value that each of them is called with. */
export const gpConnectOperations: [operation: string, value: string][] = [
  ['find patient, read patient', 'patient/*.read'],
  ['get structured record', 'patient/*.read'],
  ['get structured record, normal', 'patient/*.read conf/N'],
  ['get structured record, restricted', 'patient/*.read conf/R'],
  ['migrate structured record', 'patient/*.read conf/N'],
  ['migrate structured record, restricted', 'patient/*.read conf/R'],
  ['read appointments', 'patient/*.read'],
  ['documents', 'patient/*.read conf/N'],
  ['register patient, book appointment', 'patient/*.write'],
  ['capability statement', 'organization/*.read'],
  ['find practitioner, search free slots', 'organization/*.read'],
  ['none at present', 'organization/*.write'],
];

/** The category of laboratory results, as the examples of SMART App Launch 2.2 restrict observations to it. */
export const laboratory = 'http://terminology.hl7.org/CodeSystem/observation-category|laboratory';

/** All permissions that the letters of SMART v2 can spell, `c` to `cruds`. */
export const letterSets = Array.from({ length: 31 }, (_, index) =>
  [...'cruds'].filter((_letter, bit) => ((index + 1) >> bit) & 1).join(''),
);
