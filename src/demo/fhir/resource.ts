/** The types that the demo FHIR server holds. */
export const resourceTypes = [
  'Patient',
  'RelatedPerson',
  'Practitioner',
  'Immunization',
  'Appointment',
  'MedicationRequest',
  'AllergyIntolerance',
  'Condition',
  'Observation',
  'Provenance',
] as const;

export type ResourceType = (typeof resourceTypes)[number];

/** A resource in the JSON form of FHIR R4; its elements are read by path, see `elementsAt`. */
export interface Resource {
  readonly resourceType: ResourceType;
  readonly id: string;
  readonly [element: string]: unknown;
}

/** Whether the server holds resources of this type. */
export function isResourceType(text: string): text is ResourceType {
  return resourceTypes.some((type) => type === text);
}

/** The literal reference to a resource, for example `Patient/p-aroha`. */
export function referenceTo({ resourceType, id }: Resource): string {
  return `${resourceType}/${id}`;
}

/**
 * Turns a reference into the form that resources here use.
 *
 * @param text absolute or relative to the base
 * @param base of this server
 * @returns `Type/id` for a resource of this server; anything else as it was
 */
export function relativeReference(text: string, base: string): string {
  return text.startsWith(`${base}/`) ? text.slice(base.length + 1) : text;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/**
 * Finds the elements behind a path, through lists: the part of FHIRPath that search needs.
 *
 * @param path names joined by dots, for example `participant.actor.reference`
 */
export function elementsAt(resource: Resource, path: string): readonly unknown[] {
  return path
    .split('.')
    .reduce<readonly unknown[]>(
      (found, name) => found.flatMap((one) => (isObject(one) ? one[name] : undefined)),
      [resource],
    )
    .filter((element) => element !== undefined);
}

/** All literal references within a value, however deep. */
export function referencesIn(value: unknown): readonly string[] {
  if (!isObject(value)) return [];
  const own = typeof value.reference === 'string' ? [value.reference] : [];
  return [...own, ...Object.values(value).flatMap(referencesIn)];
}
