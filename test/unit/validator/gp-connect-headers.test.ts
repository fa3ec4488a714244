import { describe, test } from 'vitest';
import type { ResourceRequest } from '../../../src/validator/index.ts';
import {
  atProxy,
  badRequest,
  expectAnswer,
  fernhillAsid,
  getStructured,
  millbrookAsid,
  proxied,
  type Refusal,
  send,
  signed,
  structured,
} from './world.ts';

const token = await signed(structured);

describe('GW-01 7.1 headers through the Spine Secure Proxy', () => {
  const changed = (headers: ResourceRequest['headers']) => ({
    ...getStructured,
    headers: { ...getStructured.headers, ...headers },
  });
  const rows: [name: string, request: Partial<ResourceRequest>, refusal?: Refusal][] = [
    ['all four', getStructured],
    ...['Ssp-TraceID', 'Ssp-From', 'Ssp-To', 'Ssp-InteractionID'].flatMap(
      (name): [string, Partial<ResourceRequest>, Refusal][] => [
        [`${name} missing`, changed({ [name]: undefined }), badRequest(`Header ${name} is missing`)],
        [`${name} blank`, changed({ [name]: '  ' }), badRequest(`Header ${name} is missing`)],
        [`${name} twice`, changed({ [name]: ['1', '2'] }), badRequest(`Header ${name} must be given once`)],
      ],
    ),
    [
      'names in lower case, as Node has them',
      {
        ...getStructured,
        headers: Object.fromEntries(
          Object.entries(getStructured.headers).map(([name, value]) => [name.toLowerCase(), value]),
        ),
      },
    ],
    ['Ssp-To another ASID', changed({ 'Ssp-To': fernhillAsid }), badRequest(/Ssp-To is not the ASID/)],
    [
      'interaction unknown',
      changed(proxied('fhir:rest:read:everything-1')),
      badRequest(/not a known interaction/),
    ],
    ['interaction of 0.x', changed(proxied('fhir:operation:gpc.getcarerecord')), badRequest(/not a known/)],
    [
      'interaction without its prefix',
      changed({ 'Ssp-InteractionID': 'fhir:rest:read:metadata-1' }),
      badRequest(),
    ],
    [
      'interaction not that of the path',
      changed(proxied('fhir:rest:read:metadata-1')),
      badRequest(/does not match/),
    ],
    ['interaction not that of the method', { ...getStructured, method: 'GET' }, badRequest(/does not match/)],
    [
      'interaction, but no method to hold it against',
      { ...getStructured, method: undefined as never },
      badRequest(/does not match/),
    ],
    ['unknown headers beside them', changed({ 'X-Whatever': '1' })],
  ];

  test.each(rows)('%s', async (_name, request, refusal) => {
    expectAnswer(await send('gp-connect', token, request, atProxy), 'signed', refusal);
  });

  test('are looked at before the token', async () => {
    const request = { ...getStructured, headers: {} };
    expectAnswer(await send('gp-connect', 'no token', request, atProxy), 'signed', badRequest(/Ssp-TraceID/));
  });

  test('are passed over where no proxy stands before the server', async () => {
    const request = { ...getStructured, headers: {} };
    expectAnswer(await send('gp-connect', token, request), 'signed', undefined);
  });
});

test('the receiver is this server, of which there may be several', async () => {
  const options = { ...atProxy, asids: ['200000990001', millbrookAsid] };
  expectAnswer(await send('gp-connect', token, getStructured, options), 'signed', undefined);
});
