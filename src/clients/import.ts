import { Refused } from '../errors.ts';
import { isObject, parseImport } from '../text.ts';
import { knownMembers } from './metadata.ts';
import { type CheckedRegistration, checkRegistration, type RegistrationContext } from './registration.ts';

interface Entry {
  readonly label: string;
  readonly input: unknown;
  readonly fallbackId: string | undefined;
}

/** One object, an array of objects, or a map from client_id to object. */
function entries(content: unknown): Entry[] {
  if (Array.isArray(content)) {
    return content.map((input, index) => ({ label: `[${index}]`, input, fallbackId: undefined }));
  }
  const isMap =
    isObject(content) &&
    Object.keys(content).length > 0 &&
    Object.entries(content).every(([key, value]) => !knownMembers.has(key) && isObject(value));
  if (isMap) {
    return Object.entries(content).map(([key, input]) => ({ label: key, input, fallbackId: key }));
  }
  return [{ label: '', input: content, fallbackId: undefined }];
}

/**
 * Reads a file of client registrations: all of them are good, or none is taken.
 *
 * @param json the file's text
 * @throws Refused that lists every fault of every client
 */
export async function readRegistrations(
  json: string,
  context: RegistrationContext,
): Promise<CheckedRegistration[]> {
  return checkRegistrations(parseImport(json), context);
}

/** As `readRegistrations`, for content that is parsed already. */
export async function checkRegistrations(
  content: unknown,
  context: RegistrationContext,
): Promise<CheckedRegistration[]> {
  const checked: CheckedRegistration[] = [];
  const faults: string[] = [];
  for (const { label, input, fallbackId } of entries(content)) {
    const result = await checkRegistration(input, fallbackId, context);
    if ('faults' in result)
      faults.push(...result.faults.map((fault) => (label === '' ? fault : `${label}: ${fault}`)));
    else checked.push(result);
  }
  const ids = checked.map(({ record }) => record.clientId);
  for (const id of new Set(ids.filter((one, index) => ids.indexOf(one) !== index)))
    faults.push(`client_id ${id} stands there twice`);
  if (faults.length > 0) throw new Refused('Nothing was imported:', faults);
  return checked;
}
