import { Ajv2020 } from 'ajv/dist/2020.js';
import schema from '../../../docs/schemas/spine-core.schema.json' with { type: 'json' };

/** The published schema of the profile, compiled as strictly as the library can. */
export const validate = new Ajv2020({ strict: true, strictRequired: false, allErrors: true }).compile(schema);
