import { Refused } from '../errors.ts';
import { isObject, parseImport } from '../text.ts';
import { presets } from './presets.ts';
import { type SourceSettings, sourceSchema } from './settings.ts';

/** What is checked of a source beside its own members. */
export interface SourceContext {
  /** Our own identifier: nobody signs in here by signing in here. */
  readonly issuer: string;
  /** Tells of a URL why Assent would not call it, or undefined. */
  readonly addressFault: (url: string) => string | undefined;
}

/** Fills in a preset: a member that is given takes the place of the preset's; of `claims`, each of its members. */
function withPreset(input: unknown): { readonly filled: unknown } | { readonly fault: string } {
  if (!isObject(input) || input.preset === undefined) return { filled: input };
  const { preset: name, ...given } = input;
  const preset = typeof name === 'string' && Object.hasOwn(presets, name) ? presets[name] : undefined;
  if (preset === undefined) return { fault: `preset must be one of ${Object.keys(presets).join(', ')}` };
  const claims = isObject(given.claims) ? { ...preset.claims, ...given.claims } : preset.claims;
  return { filled: { ...preset, ...given, claims } };
}

function check(
  input: unknown,
  context: SourceContext,
): { readonly settings: SourceSettings } | { readonly faults: readonly string[] } {
  const made = withPreset(input);
  if ('fault' in made) return { faults: [made.fault] };
  const result = sourceSchema.safeParse(made.filled);
  if (!result.success)
    return { faults: result.error.issues.map((issue) => `${issue.path.join('.') || 'it'} ${issue.message}`) };
  const { issuer } = result.data;
  const fault = context.addressFault(issuer);
  const faults = fault === undefined ? [] : [`issuer ${fault}`];
  if (issuer === context.issuer) faults.push('issuer is this server itself');
  return faults.length === 0 ? { settings: result.data } : { faults };
}

/**
 * Reads a file of identity sources, one object or a list: all of them are good, or none is taken.
 *
 * @param json the file's text
 * @throws Refused that lists every fault of every source
 */
export function readSources(json: string, context: SourceContext): readonly SourceSettings[] {
  const content = parseImport(json);
  const inputs: readonly unknown[] = Array.isArray(content) ? content : [content];
  const sources: SourceSettings[] = [];
  const faults: string[] = [];
  for (const [index, input] of inputs.entries()) {
    const checked = check(input, context);
    if ('settings' in checked) sources.push(checked.settings);
    else
      faults.push(
        ...checked.faults.map((fault) => (Array.isArray(content) ? `[${index}]: ${fault}` : fault)),
      );
  }
  for (const member of ['id', 'issuer'] as const) {
    const values = sources.map((source) => source[member]);
    for (const value of new Set(values.filter((one, index) => values.indexOf(one) !== index)))
      faults.push(`${member} ${value} stands there twice`);
  }
  if (faults.length > 0) throw new Refused('Nothing was imported:', faults);
  return sources;
}
