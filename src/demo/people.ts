import { namingSystems } from '../tokens/index.ts';

/** What somebody may be at an organisation of the demo world. */
export interface DemoRole {
  readonly id: string;
  /** Key of the organisation. */
  readonly organization: string;
  /** SDS role profile id. */
  readonly roleProfile: string;
  /** SDS job role code. */
  readonly jobRole: string;
  readonly name: string;
}

/** Someone of the demo world. Everyone is fictional; identifiers come from ranges kept for tests. */
export interface DemoPerson {
  readonly key: string;
  /** As it is shown, prefix included. */
  readonly name: string;
  readonly given: string;
  readonly family: string;
  readonly prefix?: string;
  readonly gender: 'female' | 'male' | 'other' | 'unknown';
  /** Civil date, YYYY-MM-DD; only people with a health record or a role in care have one. */
  readonly birthDate?: string;
  /** Id of the Patient on the demo FHIR server. */
  readonly patientId?: string;
  /** Id of the Practitioner on the demo FHIR server. */
  readonly practitionerId?: string;
  readonly identifier?: { readonly system: string; readonly value: string };
  /** What the person signs in with; without it the person has no account. */
  readonly signInName?: string;
  /** Only practitioners have any. */
  readonly roles?: readonly DemoRole[];
}

/** The password of every demo account. Published on purpose: nothing here is real. */
export const demoPassword = 'kereru sings at dawn';

/** The key of every demo account's authenticator app, in base32. Published on purpose, too. */
export const demoAuthenticatorKey = 'JBSWY3DPEHPK3PXP';

const nhsNumber = (value: string) => ({ system: namingSystems.nhsNumber, value });
const nhi = (value: string) => ({ system: namingSystems.nhi, value });
const sdsUser = (value: string) => ({ system: namingSystems.sdsUser, value });

/**
 * The civil date in a time zone.
 *
 * @param timeZone IANA name, for example Europe/London
 * @returns YYYY-MM-DD
 * @throws RangeError if the zone is unknown or the time is none
 */
export function civilDate(at: Date, timeZone: string): string {
  const format = new Intl.DateTimeFormat('en', {
    timeZone,
    calendar: 'iso8601',
    numberingSystem: 'latn',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
  return `${parts.get('year')?.padStart(4, '0')}-${parts.get('month')}-${parts.get('day')}`;
}

/**
 * The date a number of days after another one.
 *
 * @param date YYYY-MM-DD
 * @param days whole days; negative for days before
 * @throws RangeError if `date` is no date
 */
export function plusDays(date: string, days: number): string {
  const day = new Date(`${date}T00:00:00Z`);
  day.setUTCDate(day.getUTCDate() + days);
  return day.toISOString().slice(0, 10);
}

/** The same day a number of years before; 28 February where that year has no 29th. */
function minusYears(date: string, years: number): string {
  const year = String(Number(date.slice(0, 4)) - years).padStart(4, '0');
  const same = `${year}${date.slice(4)}`;
  const exists = new Date(`${same}T00:00:00Z`).toISOString().startsWith(same);
  return exists ? same : `${year}-02-28`;
}

/**
 * Everyone in the demo world, with birth dates that make the ages of the stories hold on the day of seeding and,
 * but for Leo, for at least half a year after it. Leo turns 16 in exactly 20 days.
 *
 * @param today civil date of seeding in Europe/London, YYYY-MM-DD
 * @throws RangeError if `today` is no date
 */
export function people(today: string): readonly DemoPerson[] {
  const aged = (years: number, daysSinceBirthday: number) =>
    minusYears(plusDays(today, -daysSinceBirthday), years);
  return [
    {
      key: 'aroha',
      name: 'Aroha Ngata',
      given: 'Aroha',
      family: 'Ngata',
      gender: 'female',
      birthDate: aged(34, 97),
      patientId: 'p-aroha',
      identifier: nhsNumber('9990001014'),
      signInName: 'aroha@example.test',
    },
    {
      key: 'tama',
      name: 'Tama Ngata',
      given: 'Tama',
      family: 'Ngata',
      gender: 'male',
      birthDate: aged(8, 41),
      patientId: 'p-tama',
      identifier: nhsNumber('9990001022'),
    },
    {
      key: 'hana',
      name: 'Hana Ngata',
      given: 'Hana',
      family: 'Ngata',
      gender: 'female',
      birthDate: aged(14, 133),
      patientId: 'p-hana',
      identifier: nhsNumber('9990001030'),
      signInName: 'hana@example.test',
    },
    {
      key: 'leo',
      name: 'Leo Ngata',
      given: 'Leo',
      family: 'Ngata',
      gender: 'male',
      birthDate: minusYears(plusDays(today, 20), 16),
      patientId: 'p-leo',
      identifier: nhsNumber('9990001049'),
    },
    {
      key: 'tom',
      name: 'Tom Ellis',
      given: 'Tom',
      family: 'Ellis',
      gender: 'male',
      birthDate: aged(36, 12),
      patientId: 'p-tom',
      identifier: nhsNumber('9990001057'),
      signInName: 'tom@example.test',
    },
    {
      key: 'mere',
      name: 'Mere Ngata',
      given: 'Mere',
      family: 'Ngata',
      gender: 'female',
      birthDate: aged(71, 150),
      patientId: 'p-mere',
      identifier: nhsNumber('9990001065'),
      signInName: 'mere@example.test',
    },
    {
      key: 'wiremu',
      name: 'Wiremu Pōtae',
      given: 'Wiremu',
      family: 'Pōtae',
      gender: 'male',
      birthDate: aged(45, 66),
      patientId: 'p-wiremu',
      identifier: nhi('ZZZ1012'),
      signInName: 'wiremu@example.test',
    },
    {
      key: 'priya',
      name: 'Dr Priya Shah',
      given: 'Priya',
      family: 'Shah',
      prefix: 'Dr',
      gender: 'female',
      birthDate: aged(41, 118),
      practitionerId: 'pr-priya',
      identifier: sdsUser('100000000101'),
      signInName: 'priya@example.test',
      roles: [
        {
          id: 'priya-millbrook-clinical',
          organization: 'millbrook',
          roleProfile: '100000000202',
          jobRole: 'R8000',
          name: 'Clinical Practitioner',
        },
        {
          id: 'priya-fernhill-clinical',
          organization: 'fernhill',
          roleProfile: '100000000203',
          jobRole: 'R8000',
          name: 'Clinical Practitioner',
        },
        {
          id: 'priya-fernhill-professional',
          organization: 'fernhill',
          roleProfile: '100000000204',
          jobRole: 'R8003',
          name: 'Health Professional',
        },
      ],
    },
    {
      key: 'rangi',
      name: 'Rangi Cooper',
      given: 'Rangi',
      family: 'Cooper',
      gender: 'male',
      birthDate: aged(52, 29),
      practitionerId: 'pr-rangi',
      identifier: sdsUser('100000000111'),
      signInName: 'rangi@example.test',
      roles: [
        {
          id: 'rangi-millbrook-reception',
          organization: 'millbrook',
          roleProfile: '100000000212',
          jobRole: 'R8009',
          name: 'Receptionist',
        },
      ],
    },
    {
      key: 'dev',
      name: 'Dana Whitlock',
      given: 'Dana',
      family: 'Whitlock',
      gender: 'unknown',
      signInName: 'dev@kete.example',
    },
    {
      key: 'admin',
      name: 'Iris Vale',
      given: 'Iris',
      family: 'Vale',
      gender: 'unknown',
      signInName: 'admin@example.test',
    },
    {
      key: 'officer',
      name: 'Samir Holt',
      given: 'Samir',
      family: 'Holt',
      gender: 'unknown',
      signInName: 'officer@example.test',
    },
  ];
}
