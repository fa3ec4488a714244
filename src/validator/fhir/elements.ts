import { z } from 'zod';
import { isObject } from '../../text.ts';
import { items, member } from '../json.ts';

/** Members of a FHIR type, each of which may be left out. */
export type Members = Readonly<Record<string, z.ZodType>>;

/** A FHIR string, code, URI or date: never empty (FHIR JSON format). What it says is not looked at. */
export const text = z.string().min(1);

export const many = (type: z.ZodType) => z.array(type).min(1);

// An extension may hold anything of FHIR; that it says what it is, is enough here.
const extensions = many(z.looseObject({ url: text }));
const contained = many(z.looseObject({ resourceType: text }));

/** The sibling `_name` of a primitive element, for its id and extensions (FHIR JSON format). */
const sibling = z.looseObject({}).or(many(z.looseObject({}).nullable()));

/** A list of texts. One may be null if the list beside it, `_name`, has something to say in its place (FHIR JSON format). */
export const texts = z.array(text.nullable()).min(1);

/** The first list of an element that has a null of which nothing is said beside it. */
function unsaidNull(value: Readonly<Record<string, unknown>>): string | undefined {
  return Object.keys(value)
    .filter((name) => !name.startsWith('_'))
    .find((name) => {
      const beside = items(member(value, `_${name}`));
      return items(value[name]).some((one, at) => one === null && !isObject(beside[at]));
    });
}

/** An object with these members and those that every element has, and no others: an unknown element makes it invalid. */
export function element(members: Members): z.ZodType {
  const named = Object.entries(members).flatMap(([name, type]) => [
    [name, type.optional()],
    [`_${name}`, sibling.optional()],
  ]);
  return z
    .strictObject({
      id: text.optional(),
      extension: extensions.optional(),
      ...(Object.fromEntries(named) as Members),
    })
    .superRefine((value, { addIssue }) => {
      const name = unsaidNull(value);
      if (name !== undefined)
        addIssue({ code: 'custom', path: [name], message: 'null of which nothing is said' });
    });
}

/** An element of a resource's own structure, which may have extensions that change its meaning (FHIR BackboneElement). */
export const backbone = (members: Members): z.ZodType =>
  element({ modifierExtension: extensions, ...members });

export const period = element({ start: text, end: text });
export const coding = element({
  system: text,
  version: text,
  code: text,
  display: text,
  userSelected: z.boolean(),
});
export const codeableConcept = element({ coding: many(coding), text });
export const attachment = element({
  contentType: text,
  language: text,
  data: text,
  url: text,
  size: z.number(),
  hash: text,
  title: text,
  creation: text,
});
export const address = element({
  use: text,
  type: text,
  text,
  line: texts,
  city: text,
  district: text,
  state: text,
  postalCode: text,
  country: text,
  period,
});
export const contactPoint = element({ system: text, value: text, use: text, rank: z.number(), period });

const narrative = element({ status: text, div: text });
const meta = element({
  versionId: text,
  lastUpdated: text,
  profile: many(text),
  security: many(coding),
  tag: many(coding),
});

/** A resource with these members and those that every resource has. */
export function resource(resourceType: string, members: Members): z.ZodType {
  return backbone({
    resourceType: z.literal(resourceType),
    meta,
    implicitRules: text,
    language: text,
    text: narrative,
    contained,
    ...members,
  });
}
