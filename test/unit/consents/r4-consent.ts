import { Ajv2020 } from 'ajv/dist/2020.js';

/**
 * FHIR R4 (4.0.1), definition of Consent and of the data types in it, as a schema: the elements that exist, their types and
 * how often they may be there, the required value sets, and invariant ppc-1. Extensions and contained resources are left out.
 */

const uri = { type: 'string', pattern: '^\\S+$' };
const text = { type: 'string', pattern: '^[ \\r\\n\\t\\S]+$' };
const code = { type: 'string', pattern: '^[^\\s]+(\\s[^\\s]+)*$' };
const instant =
  '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$';
const dateTime = {
  type: 'string',
  pattern: `^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$|${instant}`,
};

/** An object with these members and no others. FHIR has no empty objects. */
const element = (properties: object, required: readonly string[] = []) => ({
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  properties,
  required,
});
/** FHIR has no empty lists. */
const list = (items: object) => ({ type: 'array', minItems: 1, items });

const period = element({ start: dateTime, end: dateTime });
const coding = element({
  system: uri,
  version: text,
  code,
  display: text,
  userSelected: { type: 'boolean' },
});
const concept = element({ coding: list(coding), text });
const identifier = element({
  use: { enum: ['usual', 'official', 'temp', 'secondary', 'old'] },
  type: concept,
  system: uri,
  value: text,
  period,
});

/** A reference, to one of these types where it is literal. */
const reference = (...types: readonly string[]) =>
  element({
    reference: { type: 'string', pattern: `^(https?://.+/)?(${types.join('|')})/[A-Za-z0-9.-]{1,64}$` },
    type: { enum: types },
    identifier,
    display: text,
  });

const provisionMembers = {
  type: { enum: ['deny', 'permit'] },
  period,
  actor: list(
    element(
      {
        role: concept,
        reference: reference(
          'Device',
          'Group',
          'CareTeam',
          'Organization',
          'Patient',
          'Practitioner',
          'RelatedPerson',
          'PractitionerRole',
        ),
      },
      ['role', 'reference'],
    ),
  ),
  action: list(concept),
  securityLabel: list(coding),
  purpose: list(coding),
  class: list(coding),
  code: list(concept),
  dataPeriod: period,
  provision: { type: 'array', minItems: 1, items: { $ref: '#/$defs/provision' } },
};

const schema = {
  $defs: { provision: element(provisionMembers) },
  ...element(
    {
      resourceType: { const: 'Consent' },
      id: { type: 'string', pattern: '^[A-Za-z0-9.-]{1,64}$' },
      meta: element({ versionId: text, lastUpdated: { type: 'string', pattern: instant } }),
      implicitRules: uri,
      language: code,
      text: element(
        {
          status: { enum: ['generated', 'extensions', 'additional', 'empty'] },
          div: { type: 'string', pattern: '^<div xmlns="http://www.w3.org/1999/xhtml"[^>]*>.*</div>$' },
        },
        ['status', 'div'],
      ),
      identifier: list(identifier),
      status: { enum: ['draft', 'proposed', 'active', 'rejected', 'inactive', 'entered-in-error'] },
      scope: concept,
      category: list(concept),
      patient: reference('Patient'),
      dateTime,
      performer: list(
        reference('Organization', 'Patient', 'Practitioner', 'RelatedPerson', 'PractitionerRole'),
      ),
      organization: list(reference('Organization')),
      policy: list(element({ authority: uri, uri })),
      policyRule: concept,
      verification: list(
        element({ verified: { type: 'boolean' }, verificationDate: dateTime }, ['verified']),
      ),
      provision: { $ref: '#/$defs/provision' },
    },
    ['resourceType', 'status', 'scope', 'category'],
  ),
  // ppc-1: either a policy or a policyRule.
  anyOf: [{ required: ['policy'] }, { required: ['policyRule'] }],
};

const validate = new Ajv2020({ strict: true, strictRequired: false, allErrors: true }).compile(schema);

/** What is wrong with a Consent; empty if nothing is. */
export function consentFaults(resource: unknown): readonly string[] {
  return validate(resource) ? [] : (validate.errors ?? []).map((one) => `${one.instancePath} ${one.message}`);
}
