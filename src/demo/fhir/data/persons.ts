import { type DemoPerson, people } from '../../people.ts';
import type { Resource } from '../resource.ts';
import { concept, hl7, humanName, priya } from './parts.ts';

const millbrook = {
  identifier: { system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: 'ZZ901' },
  display: 'Millbrook Surgery',
};

function patient(person: DemoPerson): readonly Resource[] {
  const { key, patientId, identifier, gender, birthDate } = person;
  if (patientId === undefined) return [];
  // Wiremu is known by an NHI number: his practice is in New Zealand.
  const care = key === 'wiremu' ? {} : { generalPractitioner: [priya], managingOrganization: millbrook };
  return [
    {
      resourceType: 'Patient',
      id: patientId,
      identifier: [{ use: 'official', ...identifier }],
      active: true,
      name: [humanName(person)],
      gender,
      birthDate,
      ...care,
    },
  ];
}

function practitioner(person: DemoPerson): readonly Resource[] {
  const { practitionerId, identifier, gender } = person;
  if (practitionerId === undefined) return [];
  return [
    {
      resourceType: 'Practitioner',
      id: practitionerId,
      identifier: [{ use: 'official', ...identifier }],
      active: true,
      name: [humanName(person)],
      gender,
    },
  ];
}

/** Patients and practitioners of the demo world, and Aroha as the mother of her children. */
export function persons(today: string): readonly Resource[] {
  const everyone = people(today);
  const aroha = everyone.find(({ key }) => key === 'aroha');
  const children = everyone.filter(({ key }) => ['tama', 'hana', 'leo'].includes(key));
  const mother = children.flatMap((child): readonly Resource[] =>
    aroha
      ? [
          {
            resourceType: 'RelatedPerson',
            id: `rp-${aroha.key}-${child.key}`,
            active: true,
            patient: { reference: `Patient/${child.patientId}` },
            relationship: [concept('Mother', { ...hl7('v3-RoleCode', 'MTH'), display: 'mother' })],
            name: [humanName(aroha)],
            gender: aroha.gender,
            period: { start: child.birthDate },
          },
        ]
      : [],
  );
  return [...everyone.flatMap(patient), ...mother, ...everyone.flatMap(practitioner)];
}
