import { plusDays } from '../../people.ts';
import type { Resource } from '../resource.ts';
import { at, concept, hl7, priya, snomed } from './parts.ts';

const influenza = concept(
  'Flu vaccine',
  snomed('1181000221105', 'Vaccine product containing only Influenza virus antigen'),
);
const nasalInfluenza = concept(
  'Flu vaccine (nasal spray)',
  snomed('1181000221105', 'Vaccine product containing only Influenza virus antigen'),
);
const covid = concept('COVID-19 vaccine', snomed('1119349007', 'SARS-CoV-2 mRNA vaccine'));
const mmr = concept(
  'Measles, mumps and rubella vaccine (MMR)',
  snomed(
    '871831003',
    'Vaccine product containing only Measles morbillivirus and Mumps orthorubulavirus and Rubella virus antigens',
  ),
);
const preSchool = concept(
  'Diphtheria, tetanus, whooping cough and polio vaccine (4-in-1 pre-school booster)',
  snomed(
    '871878002',
    'Vaccine product containing only Bordetella pertussis and Clostridium tetani and Corynebacterium diphtheriae and Human poliovirus antigens',
  ),
);
const hpv = concept(
  'Human papillomavirus vaccine (HPV)',
  snomed('911000221103', 'Vaccine product containing only Human papillomavirus antigen'),
);

const surgery = { actor: priya };
const schoolNurse = { actor: { display: 'School immunisation team' } };

/** The sensitivity of what tells about sexuality and reproductive health. */
const sensitive = {
  security: [
    { ...hl7('v3-ActCode', 'SEX'), display: 'sexuality and reproductive health information sensitivity' },
  ],
};

/** The last twelfth of October: flu vaccines are given in autumn. */
function lastAutumn(today: string): string {
  const year = Number(today.slice(0, 4));
  return today.slice(5) > '10-12' ? `${year}-10-12` : `${year - 1}-10-12`;
}

/** Three each for Aroha, Tama and Hana; ids tell nothing about what was given. */
export function immunizations(today: string, birthDates: ReadonlyMap<string, string>): readonly Resource[] {
  const given = (
    key: string,
    number: number,
    day: string,
    vaccineCode: object,
    more: object = {},
  ): Resource => ({
    resourceType: 'Immunization',
    id: `im-${key}-${number}`,
    status: 'completed',
    vaccineCode,
    patient: { reference: `Patient/p-${key}` },
    occurrenceDateTime: at(day, '10:20'),
    primarySource: true,
    performer: [surgery],
    ...more,
  });
  const afterBirth = (key: string, days: number) => plusDays(birthDates.get(key) ?? today, days);
  const dose = (number: number) => ({ protocolApplied: [{ doseNumberPositiveInt: number }] });
  const bySchool = { performer: [schoolNurse] };
  return [
    given('aroha', 1, plusDays(today, -1510), covid, dose(3)),
    given('aroha', 2, plusDays(today, -2930), mmr, dose(2)),
    given('aroha', 3, lastAutumn(today), influenza),
    given('tama', 1, afterBirth('tama', 380), mmr, dose(1)),
    given('tama', 2, afterBirth('tama', 1235), preSchool),
    given('tama', 3, lastAutumn(today), nasalInfluenza, bySchool),
    given('hana', 1, afterBirth('hana', 1240), mmr, dose(2)),
    given('hana', 2, afterBirth('hana', 4620), hpv, { ...bySchool, meta: sensitive }),
    given('hana', 3, lastAutumn(today), nasalInfluenza, bySchool),
  ];
}
