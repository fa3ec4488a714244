import { parseSmartResource } from '../scopes/index.ts';
import type { ConsentLine } from './lines.ts';
import type { ListedConsent } from './list.ts';

const hl7 = (system: string, code: string) => ({
  system: `http://terminology.hl7.org/CodeSystem/${system}`,
  code,
});

/** Codes of the value set consent-action for the letters of a SMART scope. Nothing there means removing: it corrects. */
const actions: readonly (readonly [letters: RegExp, code: string])[] = [
  [/[rs]/, 'access'],
  [/c/, 'collect'],
  [/[ud]/, 'correct'],
];

/** What a line is about, in the terms of a provision. */
interface Subject {
  readonly actions: readonly string[];
  /** `*` or the name of a FHIR resource type. */
  readonly type: string;
  /** Codes to which the scope is narrowed by its parameters. */
  readonly codes: readonly object[];
}

/** A parameter of a scope as a code that must be found in a resource; one without a code is only told in words. */
function codeOf([name, value]: readonly [string, string]): object {
  const [system, code] = value.split('|');
  return system && code ? { coding: [{ system, code }], text: name } : { text: `${name}=${value}` };
}

/** What a line says about the record; undefined for one that says who somebody is, or how long. */
function subjectOf({ scope }: ConsentLine): Subject | undefined {
  const read = parseSmartResource(scope);
  if (read === undefined) return undefined;
  return {
    actions: actions.filter(([letters]) => letters.test(read.letters)).map(([, code]) => code),
    type: read.resource,
    codes: read.params.map(codeOf),
  };
}

/** What several lines say about the same actions and codes is one rule. */
function rulesOf(lines: readonly ConsentLine[]): readonly object[] {
  const groups = new Map<string, Subject[]>();
  for (const subject of lines.map(subjectOf).filter((one) => one !== undefined)) {
    const kind = JSON.stringify([subject.actions, subject.codes]);
    groups.set(kind, [...(groups.get(kind) ?? []), subject]);
  }
  return [...groups.values()].map((subjects) => {
    const [first] = subjects;
    const types = [...new Set(subjects.map(({ type }) => type))].sort();
    return {
      action: first?.actions.map((code) => ({ coding: [hl7('consentaction', code)] })),
      // No class means every class, which is what the star of a scope means.
      ...(types.includes('*')
        ? {}
        : { class: types.map((code) => ({ system: 'http://hl7.org/fhir/resource-types', code })) }),
      ...(first?.codes.length ? { code: first.codes } : {}),
    };
  });
}

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** The words that were read, as the narrative of the resource. */
function narrative({ lines, shown, clientId }: ListedConsent): object {
  const items = lines
    .filter(({ covered }) => covered !== true)
    .map(({ words, allowed }) => `<li>${allowed ? '✓' : '✗'} ${escaped(words)}</li>`);
  const title = `<p>${escaped(shown.client ?? clientId)}</p>`;
  return {
    status: 'generated',
    div: `<div xmlns="http://www.w3.org/1999/xhtml" lang="${escaped(shown.language ?? 'en')}">${title}<ul>${items.join('')}</ul></div>`,
  };
}

/** The permission of the application: the first rule is the base, and what the others allow or refuse are exceptions to it. */
function provision(consent: ListedConsent, issuer: string): object {
  const { lines, shown, clientId, decidedAt, expiresAt, endedAt } = consent;
  const [base, ...more] = rulesOf(lines.filter(({ allowed }) => allowed));
  const refused = rulesOf(lines.filter(({ allowed }) => !allowed));
  const nested = [
    ...more.map((rule) => ({ type: 'permit', ...rule })),
    ...refused.map((rule) => ({ type: 'deny', ...rule })),
  ];
  const display = [shown.client ?? clientId, shown.organization].filter(Boolean).join(', ');
  return {
    // Where nothing of the record was allowed, a permission without classes would be one for everything.
    type: base === undefined ? 'deny' : 'permit',
    period: { start: decidedAt.toISOString(), end: (endedAt ?? expiresAt).toISOString() },
    actor: [
      {
        role: { coding: [hl7('v3-ParticipationType', 'IRCP')] },
        reference: {
          type: 'Device',
          identifier: { system: `${issuer}/clients`, value: clientId },
          display,
        },
      },
    ],
    purpose: [hl7('v3-ActReason', 'PATRQT')],
    ...base,
    ...(nested.length > 0 ? { provision: nested } : {}),
  };
}

/**
 * A decision as a FHIR R4 Consent: the patient herself lets an application have parts of her record, or no longer. The
 * application is a Device, known by its client_id. Who somebody is and how long access lasts have no place in a Consent.
 *
 * @param options.audience FHIR base of the API, under which the patient is
 * @returns undefined for a decision that is not about one patient's record, which no Consent can state
 */
export function fhirConsent(
  consent: ListedConsent,
  options: { readonly issuer: string; readonly audience: string },
): object | undefined {
  const { issuer, audience } = options;
  const { shown, patient, endedAt, decidedAt, textDigest } = consent;
  if (patient === undefined) return undefined;
  const self = { reference: `${audience}/Patient/${patient}`, display: shown.record ?? patient };
  const lastUpdated = endedAt ?? decidedAt;
  return {
    resourceType: 'Consent',
    id: consent.id,
    meta: { versionId: String(consent.version), lastUpdated: lastUpdated.toISOString() },
    language: shown.language ?? 'en',
    text: narrative(consent),
    identifier: [{ system: `${issuer}/consents`, value: consent.id }],
    status: consent.live ? 'active' : 'inactive',
    scope: { coding: [hl7('consentscope', 'patient-privacy')] },
    category: [{ coding: [hl7('v3-ActCode', 'INFA')] }],
    patient: self,
    dateTime: decidedAt.toISOString(),
    performer: [self],
    organization: [{ identifier: { system: 'urn:ietf:rfc:3986', value: issuer } }],
    // RFC 6920: the words that she read, by their SHA-256.
    policy: [{ authority: issuer, uri: textDigest === undefined ? issuer : `ni:///sha-256;${textDigest}` }],
    provision: provision(consent, issuer),
  };
}
