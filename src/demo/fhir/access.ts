import { parseSmartResource, type SmartResourceScope, splitScope } from '../../scopes/index.ts';
import { inCompartment } from './compartment.ts';
import { type Criterion, criterionOf } from './criterion.ts';
import { searchParameter } from './parameters.ts';
import {
  type Resource,
  type ResourceType,
  referencesIn,
  referenceTo,
  relativeReference,
} from './resource.ts';

/** What introspection tells about a token (SMART App Launch 2.2, "Token introspection"). */
export interface TokenContext {
  readonly scope?: string | undefined;
  /** Id of the Patient in context. */
  readonly patient?: string | undefined;
  /** Whom the person who signed in is on this server; absolute or relative. */
  readonly fhirUser?: string | undefined;
}

export type Interaction = 'read' | 'search' | 'create';

/** What a token opens. */
export interface Access {
  /** Whether any scope opens some resources of the type; if none does, the scope is insufficient. */
  opens(type: ResourceType, interaction: Interaction): boolean;
  /** Whether the resource may be shown. */
  sees(resource: Resource, interaction: 'read' | 'search'): boolean;
  /** Whether the resource may be added: only to the record of the patient in context. */
  adds(resource: Resource): boolean;
  /** The resource as a read shows it: of a patient who signed in, unless a scope opens it, no more than the name. */
  shown(resource: Resource): Resource;
}

const letters = { read: 'r', search: 's', create: 'c' } as const;

/** Whom `fhirUser` may name, of the types held here (SMART App Launch 2.2, "fhirUser"). */
const isPerson = ({ resourceType }: Resource) =>
  resourceType === 'Patient' || resourceType === 'Practitioner' || resourceType === 'RelatedPerson';

/** How far a scope reaches: one patient's record, or all of them. */
type Reach = { readonly patient: string } | 'everyone';

/** What a `user/` scope reaches. A helper's RelatedPerson opens nothing: acting for someone takes `patient/` scopes. */
function userReach(user: Resource | undefined): Reach | undefined {
  if (user?.resourceType === 'Patient') return { patient: user.id };
  return user?.resourceType === 'Practitioner' ? 'everyone' : undefined;
}

/** The restrictions of a scope on one type; undefined if one of them is not understood: then it opens nothing. */
function restrictions(
  { params }: SmartResourceScope,
  type: ResourceType,
  base: string,
): readonly Criterion[] | undefined {
  const criteria = params.map(([name, value]) => {
    const parameter = searchParameter(type, name);
    return parameter && criterionOf(parameter, value, base);
  });
  return criteria.every((criterion) => criterion !== undefined) ? criteria : undefined;
}

/**
 * Works out what a token opens: what any one of its scopes opens, and the resource that `fhirUser` names for reading.
 *
 * A `patient/` scope reaches the compartment of the patient in context; a `user/` scope that of a person who is a
 * patient, and everything for a practitioner; a `system/` scope everything. Practitioners are in no compartment: a
 * scope for one patient's record opens those whom the visible part of the record names.
 *
 * @param options.records everything the server holds
 * @param options.base of this server
 */
export function createAccess(options: {
  readonly token: TokenContext;
  readonly records: readonly Resource[];
  readonly base: string;
}): Access {
  const { token, records, base } = options;
  const scopes = (splitScope(token.scope ?? '') ?? [])
    .map(parseSmartResource)
    .filter((scope) => scope !== undefined);
  const userReference = relativeReference(token.fhirUser ?? '', base);
  const user = records.find((record) => isPerson(record) && referenceTo(record) === userReference);
  const reaches = {
    patient: token.patient ? { patient: token.patient } : undefined,
    user: userReach(user),
    system: 'everyone',
  } as const;

  /** Reach and restrictions of each scope that opens the type. */
  const openings = (type: ResourceType, interaction: Interaction) =>
    scopes
      .filter(({ resource }) => resource === '*' || resource === type)
      .filter((scope) => scope.letters.includes(letters[interaction]))
      // Nobody adds here but a patient, or somebody for her, with an application that has her record before it.
      .filter((scope) => interaction !== 'create' || scope.context === 'patient')
      .flatMap((scope) => {
        const reach: Reach | undefined = reaches[scope.context];
        const criteria = restrictions(scope, type, base);
        return reach && criteria ? [{ reach, criteria }] : [];
      });

  const isNamedIn = (practitioner: Resource, patient: string): boolean =>
    records.some(
      (record) =>
        record.resourceType !== 'Practitioner' &&
        inCompartment(record, patient, records) &&
        referencesIn(record).includes(referenceTo(practitioner)) &&
        (isOpened(record, 'read') || isOpened(record, 'search')),
    );

  const isReached = (resource: Resource, reach: Reach): boolean => {
    if (reach === 'everyone') return true;
    return resource.resourceType === 'Practitioner'
      ? isNamedIn(resource, reach.patient)
      : inCompartment(resource, reach.patient, records);
  };

  function isOpened(resource: Resource, interaction: Interaction): boolean {
    return openings(resource.resourceType, interaction).some(
      ({ reach, criteria }) =>
        criteria.every((criterion) => criterion(resource)) && isReached(resource, reach),
    );
  }

  function sees(resource: Resource, interaction: 'read' | 'search'): boolean {
    return (interaction === 'read' && resource === user) || isOpened(resource, interaction);
  }

  return {
    opens: (type, interaction) => openings(type, interaction).length > 0,
    sees,
    adds: (resource) => isOpened(resource, 'create'),
    shown(resource) {
      if (resource.resourceType !== 'Patient' || isOpened(resource, 'read')) return resource;
      const { resourceType, id, name } = resource;
      return { resourceType, id, name };
    },
  };
}
