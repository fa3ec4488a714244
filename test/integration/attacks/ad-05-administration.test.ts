import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorise, exchange } from '../../support/visitor.ts';

/** There are no pages and no endpoints of administration yet: their addresses say the same to everybody. */

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const addresses = [
  ...['/admin', '/admin/', '/admin/clients', '/admin/clients/kete-web', '/admin/keys', '/admin/roles'],
  ...[
    '/api/admin/v1',
    '/api/admin/v1/clients',
    '/api/admin/v1/clients/kete-web',
    '/api/admin/v1/clients/nobody',
  ],
  ...['/api/admin/v1/keys', '/api/admin/v1/audit', '/developer', '/developer/applications/kete-web'],
  ...['/reg', '/reg/kete-web', '/approvals'],
];

test('AD-05 nobody comes in: not a patient, not an application, not a system that may read for administrators', async () => {
  const authorised = await authorise(server);
  const { access_token: patient } = await exchange(server, authorised);
  const asked = await server.token({ grant_type: 'client_credentials', scope: 'system/Flag.read' }, [
    'clinic-backend',
    'demo-secret-clinic-backend',
  ]);
  const { access_token: system } = (await asked.json()) as { access_token: string };
  const callers: readonly Readonly<Record<string, string>>[] = [
    {},
    { Cookie: authorised.visitor.cookies('/').join('; ') },
    { Authorization: `Bearer ${patient}` },
    { Authorization: `Bearer ${system}` },
    { Authorization: `Basic ${Buffer.from('kete-web:demo-secret-kete-web').toString('base64')}` },
  ];
  for (const path of addresses)
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      for (const headers of callers) {
        const answer = await fetch(`${server.issuer}${path}`, {
          method,
          headers: { Accept: 'application/json', ...headers },
        });
        expect([path, method, answer.status, await answer.text()]).toEqual([
          path,
          method,
          404,
          '{"error":"not_found"}',
        ]);
      }
    }
});
