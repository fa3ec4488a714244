import { describe, expect, test } from 'vitest';
import { parseScope, parseSmartResource, splitScope } from '../../../src/scopes/index.ts';
import { laboratory } from './tables.ts';

describe('SMART App Launch 2.2: admitted', () => {
  test.each<[text: string, context: string, resource: string, letters: string, version: number]>([
    ['patient/Observation.rs', 'patient', 'Observation', 'rs', 2],
    ['patient/*.cruds', 'patient', '*', 'cruds', 2],
    ['user/Immunization.c', 'user', 'Immunization', 'c', 2],
    ['system/Patient.r', 'system', 'Patient', 'r', 2],
    ['system/*.cud', 'system', '*', 'cud', 2],
    ['patient/Observation.d', 'patient', 'Observation', 'd', 2],
    ['patient/MedicationPrescription.us', 'patient', 'MedicationPrescription', 'us', 2],
    ['user/Observation.read', 'user', 'Observation', 'rs', 1],
    ['patient/*.write', 'patient', '*', 'cud', 1],
    ['patient/Observation.*', 'patient', 'Observation', 'cruds', 1],
    ['patient/*.*', 'patient', '*', 'cruds', 1],
  ])('%s', (text, context, resource, letters, version) => {
    const scope = { kind: 'smart-resource', text, context, resource, letters, version, params: [] };
    expect(parseScope('smart', text)).toEqual(scope);
    expect(parseSmartResource(text)).toEqual(scope);
  });

  test.each<[query: string, params: [string, string][]]>([
    [`category=${laboratory}`, [['category', laboratory]]],
    [`category=${encodeURIComponent(laboratory)}`, [['category', laboratory]]],
    [
      'category=a&status=final',
      [
        ['category', 'a'],
        ['status', 'final'],
      ],
    ],
    [
      'category=a&category=b',
      [
        ['category', 'a'],
        ['category', 'b'],
      ],
    ],
    ['_security=a=b', [['_security', 'a=b']]],
    ['value-quantity=gt5', [['value-quantity', 'gt5']]],
    ['code=caf%C3%A9%26%20more', [['code', 'café& more']]],
    ['code=a+b,c', [['code', 'a+b,c']]],
    ['code=what?', [['code', 'what?']]],
  ])('patient/Observation.rs?%s', (query, params) => {
    const scope = parseSmartResource(`patient/Observation.rs?${query}`);
    expect(scope).toMatchObject({ letters: 'rs', version: 2, params });
    expect(parseSmartResource(`patient/*.rs?${query}`)).toMatchObject({ resource: '*', params });
  });

  test.each([
    'openid',
    'profile',
    'identity',
    'practitioner',
    'fhirUser',
    'launch/patient',
    'offline_access',
    'online_access',
    'introspect',
  ])('%s', (text) => {
    expect(parseScope('smart', text)).toEqual({ kind: 'smart-name', text });
    expect(parseSmartResource(text)).toBeUndefined();
  });

  test('the same scope twice is one', () => {
    expect(splitScope('patient/Patient.r patient/Patient.r')).toEqual(['patient/Patient.r']);
  });
});

describe('SMART App Launch 2.2: refused, never reinterpreted', () => {
  test.each([
    ['letters out of order', 'patient/Observation.sr'],
    ['letters out of order', 'patient/Observation.dus'],
    ['no letters', 'patient/Observation.'],
    ['no dot', 'patient/Observation'],
    ['two permissions of v1', 'patient/Observation.read.write'],
    ['a letter twice', 'patient/Observation.rr'],
    ['an unknown letter', 'patient/Observation.rx'],
    ['letters in capitals', 'patient/Observation.RS'],
    ['v1 and v2 at once', 'patient/Observation.reads'],
    ['v1 and v2 at once', 'patient/Observation.*s'],
    ['an unknown word', 'patient/Observation.search'],
    ['two stars', 'patient/Observation.**'],
    ['a type in small letters', 'patient/observation.rs'],
    ['a type of one letter', 'patient/O.rs'],
    ['a type with a digit', 'patient/Observation1.rs'],
    ['no type', 'patient/.rs'],
    ['a pattern for types', 'patient/Obs*.rs'],
    ['no context', '/Observation.rs'],
    ['an unknown context', 'organization/Observation.rs'],
    ['a context in capitals', 'Patient/Observation.rs'],
    ['something in front', ' patient/Observation.rs'],
    ['something behind', 'patient/Observation.rs\n'],
    ['the form of extension registries', 'http://smarthealthit.org/fhir/scopes/patient/Observation.rs'],
    ['an operation', 'http://fhir.example.nz/OperationDefinition/Patient-everything'],
    ['a launch from a record system', 'launch'],
    ['a launch with an encounter', 'launch/encounter'],
    ['a launch with a role', 'launch/relatedperson?role=guardian'],
    ['a name in another case', 'fhiruser'],
    ['a name of OpenID Connect that SMART has no use for', 'email'],
    ['nothing', ''],
    ['a name of the language', '__proto__'],
  ])('%s: %j', (_what, text) => {
    expect(parseScope('smart', text)).toBeUndefined();
    expect(parseSmartResource(text)).toBeUndefined();
  });

  test.each([
    ['nothing behind the question mark', ''],
    ['no value', 'category'],
    ['an empty value', 'category='],
    ['an empty name', '=a'],
    ['an empty parameter', 'category=a&'],
    ['an empty parameter', '&category=a'],
    ['a bad parameter behind a good one', 'category=a&code:in=b'],
    ['a modifier', 'code:in=http://valueset.example.nz/x'],
    ['chaining', 'subject.name=peter'],
    ['a reverse chain', '_has:Observation:patient:code=1'],
    ['_has', '_has=x'],
    ['_filter', '_filter=x'],
    ['a parameter that selects nothing', '_count=1'],
    ['a parameter that selects nothing', '_include=Observation'],
    ['a name in capitals', 'Category=a'],
    ['a percent-encoded name', '%63ategory=a'],
    ['broken percent-encoding', 'code=%'],
    ['broken percent-encoding', 'code=%4'],
    ['broken percent-encoding', 'code=%zz'],
    ['half a character', 'code=%C3'],
    ['an encoded U+0000', 'code=a%00'],
    ['an encoded line break', 'code=a%0Ab'],
    ['a space', 'code=a b'],
    ['a quotation mark', 'code="a"'],
    ['a backslash', 'code=a\\,b'],
    ['a letter outside ASCII', 'code=é'],
  ])('%s: ?%s', (_what, query) => {
    expect(parseSmartResource(`patient/Observation.rs?${query}`)).toBeUndefined();
  });

  test.each(['read', 'write', '*'])('v1 has no parameters: .%s', (permissions) => {
    expect(parseSmartResource(`patient/Observation.${permissions}?category=a`)).toBeUndefined();
  });
});
