import { z } from 'zod';
import { isGenericAccount, isGenericName } from './generic.ts';
import {
  type Identifier,
  isLocalSystem,
  isSdsRoleProfileId,
  isSdsUserId,
  namingSystems,
  UNKNOWN,
} from './identifiers.ts';
import { elementText, fhirId, list, membersOnly, orMissing, parse, type Read, systemUri } from './reading.ts';

/** The logged-on person of a GP Connect request, in one role. */
export type RequestingPractitioner = {
  /** The FHIR logical id; `sub` of the token. */
  readonly id: string;
  /** The SDS user id (digits), or `UNK` without a smartcard. */
  readonly sdsUser: string;
  /** The SDS role profile id (digits), or `UNK`. */
  readonly sdsRoleProfile: string;
  /** Identifiers that the person's own organisation gave: at least one. */
  readonly local: readonly Identifier[];
  readonly name: {
    readonly family: string;
    readonly given?: readonly string[];
    readonly prefix?: readonly string[];
  };
};

/** A minimal FHIR STU3 Practitioner (GP Connect provenance page, requesting_practitioner). */
export type PractitionerResource = {
  readonly resourceType: 'Practitioner';
  readonly id: string;
  readonly identifier: readonly Identifier[];
  readonly name: readonly [RequestingPractitioner['name']];
};

const claim = 'requesting_practitioner';

const identifier = membersOnly({
  use: z.enum(['usual', 'official', 'temp', 'secondary'], 'must be a code of FHIR').optional(),
  system: systemUri,
  value: elementText,
});

const humanName = membersOnly({
  use: z
    .enum(['usual', 'official', 'temp', 'nickname', 'old', 'maiden'], 'must be that of a named person')
    .optional(),
  text: elementText.optional(),
  family: elementText,
  given: list(elementText).optional(),
  prefix: list(elementText).optional(),
  suffix: list(elementText).optional(),
});

const resource = membersOnly({
  resourceType: z.literal('Practitioner', orMissing('must be Practitioner')),
  id: fhirId,
  identifier: list(identifier),
  name: list(humanName),
});

type Resource = z.output<typeof resource>;

/**
 * Reads what a system says about the person who is logged on to it: a minimal FHIR STU3 Practitioner with a name and
 * the identifiers A (SDS user), B (SDS role profile) and C (local) of GP Connect's provenance page. A system or group
 * user is refused: by its name, by its ids, or because it bears the name of a machine.
 *
 * @param input parsed JSON, of whatever shape
 * @param machine names that are no person's: ASID, device id and model, client_id, ODS code and name of the organisation
 * @returns the practitioner, made anew of what was checked; or a sentence for an error_description
 */
export function readPractitioner(
  input: unknown,
  machine: readonly string[],
): Read<{ practitioner: RequestingPractitioner }> {
  const parsed = parse(claim, resource, input);
  if ('fault' in parsed) return parsed;
  const fault = identifiersFault(parsed.value.identifier) ?? personFault(parsed.value, machine);
  return fault === undefined ? { practitioner: practitionerOf(parsed.value) } : { fault: `${claim}${fault}` };
}

/** The values that stand under a naming system. */
function valuesUnder(system: string, identifiers: readonly Identifier[]): string[] {
  return identifiers.filter((one) => one.system === system).map(({ value }) => value);
}

/** The identifiers under systems that are not those of A and B. */
function othersOf(identifiers: readonly Identifier[]): Identifier[] {
  const { sdsUser, sdsRoleProfile } = namingSystems;
  return identifiers.filter(({ system }) => system !== sdsUser && system !== sdsRoleProfile);
}

/** Says what is wrong with the set of identifiers: A and B once, C at least once, no others. */
function identifiersFault(identifiers: readonly Identifier[]): string | undefined {
  const national: [system: string, fits: (text: string) => boolean][] = [
    [namingSystems.sdsUser, isSdsUserId],
    [namingSystems.sdsRoleProfile, isSdsRoleProfileId],
  ];
  for (const [system, fits] of national) {
    const [value, ...more] = valuesUnder(system, identifiers);
    if (value === undefined) return `.identifier lacks one with the system ${system}`;
    if (more.length > 0) return `.identifier has more than one with the system ${system}`;
    if (value !== UNKNOWN && !fits(value)) return `.identifier must have digits or UNK under ${system}`;
  }
  const others = othersOf(identifiers);
  if (others.length === 0) return '.identifier lacks a local one besides the national ones';
  return others.every(({ system }) => isLocalSystem(system))
    ? undefined
    : '.identifier has a system that is neither sds-user-id, sds-role-profile-id nor a local http, https or urn URI';
}

/** Says why this is no person, if it is none. */
function personFault({ id, identifier, name }: Resource, machine: readonly string[]): string | undefined {
  const names = name.map(({ family, given = [] }) => [...given, family]);
  const accounts = [id, ...othersOf(identifier).map(({ value }) => value)];
  if (names.some(isGenericName) || accounts.some(isGenericAccount)) {
    return ' must be a person, not a system or group user';
  }
  const called = [id, ...identifier.map(({ value }) => value), ...names.map((parts) => parts.join(' '))];
  return bearsNameOf(machine, called) ? ' must be a person, not the calling system' : undefined;
}

/** Tells whether one of these ids or names is that of a machine, in whatever case. */
export function bearsNameOf(machine: readonly string[], called: readonly string[]): boolean {
  const names = new Set(machine.map((text) => text.toLowerCase()));
  return called.some((text) => names.has(text.toLowerCase()));
}

/** The uses of a name (FHIR NameUse), those first under which a person is known at work. */
const uses = ['official', 'usual', undefined, 'temp', 'nickname', 'maiden', 'old'];

/** Takes from a checked resource what a token says; of several names one. */
function practitionerOf({ id, identifier, name }: Resource): RequestingPractitioner {
  const { family, given, prefix } = name.reduce((best, other) =>
    uses.indexOf(other.use) < uses.indexOf(best.use) ? other : best,
  );
  return {
    id,
    sdsUser: valuesUnder(namingSystems.sdsUser, identifier)[0] ?? UNKNOWN,
    sdsRoleProfile: valuesUnder(namingSystems.sdsRoleProfile, identifier)[0] ?? UNKNOWN,
    local: othersOf(identifier).map(({ system, value }) => ({ system, value })),
    name: { family, ...(given && { given }), ...(prefix && { prefix }) },
  };
}

/** Writes the practitioner as a token has it, members in a fixed order: identifier A, B, then each C. */
export function practitionerResource(practitioner: RequestingPractitioner): PractitionerResource {
  const { id, sdsUser, sdsRoleProfile, local, name } = practitioner;
  const { family, given, prefix } = name;
  return {
    resourceType: 'Practitioner',
    id,
    identifier: [
      { system: namingSystems.sdsUser, value: sdsUser },
      { system: namingSystems.sdsRoleProfile, value: sdsRoleProfile },
      ...local.map(({ system, value }) => ({ system, value })),
    ],
    name: [{ family, ...(given && { given: [...given] }), ...(prefix && { prefix: [...prefix] }) }],
  };
}
