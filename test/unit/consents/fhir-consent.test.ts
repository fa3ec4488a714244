import { describe, expect, test } from 'vitest';
import { type ConsentLine, fhirConsent, type ListedConsent } from '../../../src/consents/index.ts';
import { aroha } from './kept-consent.ts';
import { consentFaults } from './r4-consent.ts';

const options = {
  issuer: 'https://auth.example.test',
  audience: 'https://fhir.example.test/r4',
};

const consent = (change: Partial<ListedConsent> = {}) => fhirConsent({ ...aroha, ...change }, options);
const lines = (...pairs: readonly (readonly [string, boolean])[]): { lines: readonly ConsentLine[] } => ({
  lines: pairs.map(([scope, allowed]) => ({ scope, words: scope, required: false, allowed })),
});

test('a decision is a Consent of the patient that FHIR R4 admits', () => {
  const made = consent();
  expect(consentFaults(made)).toEqual([]);
  const self = { reference: 'https://fhir.example.test/r4/Patient/p-aroha', display: 'Aroha Ngata' };
  expect(made).toMatchObject({
    resourceType: 'Consent',
    id: aroha.id,
    meta: { versionId: '3' },
    status: 'active',
    scope: { coding: [{ code: 'patient-privacy' }] },
    category: [{ coding: [{ code: 'INFA' }] }],
    patient: self,
    performer: [self],
    dateTime: '2025-11-03T09:00:00.000Z',
    policy: [{ uri: 'ni:///sha-256;47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU' }],
  });
});

test('what was allowed is permitted, each action with its types, and what was refused is denied', () => {
  expect(consent()).toMatchObject({
    provision: {
      type: 'permit',
      period: { start: '2025-11-03T09:00:00.000Z', end: '2026-02-01T09:00:00.000Z' },
      actor: [
        {
          role: { coding: [{ code: 'IRCP' }] },
          reference: {
            type: 'Device',
            identifier: { value: 'kete-web' },
            display: 'Kete Health, Kete Health Ltd',
          },
        },
      ],
      purpose: [{ code: 'PATRQT' }],
      action: [{ coding: [{ code: 'access' }] }],
      class: [{ system: 'http://hl7.org/fhir/resource-types', code: 'Immunization' }],
      provision: [
        { type: 'permit', action: [{ coding: [{ code: 'collect' }] }], class: [{ code: 'Observation' }] },
        { type: 'deny', action: [{ coding: [{ code: 'access' }] }], class: [{ code: 'Observation' }] },
      ],
    },
  });
});

test('the narrative has the words that were read, escaped, and not what came with them', () => {
  const { text } = consent() as { text: { div: string } };
  expect(text.div).toContain('✓ Add test results &amp; measurements to this health record');
  expect(text.div).toContain('✗ See test results and measurements in this health record');
  expect(text.div.match(/<li>/g)).toHaveLength(4);
});

describe('edges', () => {
  test('one that was taken back is inactive and ended then', () => {
    const endedAt = new Date('2025-11-20T10:00:00Z');
    const made = consent({ live: false, endedAt, endReason: 'withdrawn' });
    expect(consentFaults(made)).toEqual([]);
    expect(made).toMatchObject({
      status: 'inactive',
      meta: { lastUpdated: '2025-11-20T10:00:00.000Z' },
      provision: { period: { end: '2025-11-20T10:00:00.000Z' } },
    });
  });

  test('one whose last day is past is inactive', () => {
    expect(consent({ live: false, endedAt: aroha.expiresAt, endReason: 'expired' })).toMatchObject({
      status: 'inactive',
    });
  });

  test('everything has no class; a refused part of it is an exception', () => {
    const made = consent(lines(['patient/*.cruds', true], ['patient/Condition.rs', false]));
    expect(consentFaults(made)).toEqual([]);
    const { provision } = made as { provision: object };
    expect(provision).not.toHaveProperty('class');
    expect(provision).toMatchObject({
      action: [
        { coding: [{ code: 'access' }] },
        { coding: [{ code: 'collect' }] },
        { coding: [{ code: 'correct' }] },
      ],
      provision: [{ type: 'deny', class: [{ code: 'Condition' }] }],
    });
  });

  test('a scope that is narrowed to a category keeps its code', () => {
    const category = 'http://terminology.hl7.org/CodeSystem/observation-category|laboratory';
    const made = consent(
      lines(
        [`patient/Observation.rs?category=${category}`, true],
        ['patient/Appointment.rs?status=booked', true],
      ),
    );
    expect(consentFaults(made)).toEqual([]);
    expect(made).toMatchObject({
      provision: {
        class: [{ code: 'Observation' }],
        code: [{ coding: [{ code: 'laboratory' }] }],
        provision: [{ type: 'permit', class: [{ code: 'Appointment' }], code: [{ text: 'status=booked' }] }],
      },
    });
  });

  test('nothing of the record allowed is no permission for everything', () => {
    const made = consent(lines(['openid', true], ['patient/Immunization.rs', false]));
    expect(consentFaults(made)).toEqual([]);
    expect(made).toMatchObject({ provision: { type: 'deny', provision: [{ type: 'deny' }] } });
  });

  test('a decision from before words were kept in full still is a Consent', () => {
    const made = consent({ shown: {}, textDigest: undefined });
    expect(consentFaults(made)).toEqual([]);
    expect(made).toMatchObject({ policy: [{ uri: 'https://auth.example.test' }] });
  });

  test('what is about no one patient has no Consent', () => {
    expect(consent({ patient: undefined })).toBeUndefined();
  });
});

test.each<[string, object]>([
  ['no status', { status: undefined }],
  ['a status that is none', { status: 'ended' }],
  ['no scope', { scope: undefined }],
  ['no category', { category: [] }],
  ['neither policy nor rule', { policy: undefined }],
  ['a patient that is none', { patient: { reference: 'Person/p-aroha' } }],
  ['an element of another resource', { subject: {} }],
])('the schema refuses %s', (_fault, change) => {
  const changed: unknown = JSON.parse(JSON.stringify({ ...consent(), ...change }));
  expect(consentFaults(changed)).not.toEqual([]);
});
