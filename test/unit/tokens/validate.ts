import { Ajv2020 } from 'ajv/dist/2020.js';
import gpConnect from '../../../docs/schemas/gp-connect.schema.json' with { type: 'json' };
import spineCore from '../../../docs/schemas/spine-core.schema.json' with { type: 'json' };

/** Ajv as strict as it can be; `prefixItems` with open `items` is a tuple that it would warn of. */
const ajv = new Ajv2020({ strict: true, strictRequired: false, strictTuples: false, allErrors: true });

/** The published schema of the profile `spine-core`. */
export const validate = ajv.compile(spineCore);

/** The published schema of the profile `gp-connect`. */
export const validateGpConnect = ajv.compile(gpConnect);
