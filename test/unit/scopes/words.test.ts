import { expect, test } from 'vitest';
import { type ScopeFamily, scopeWords } from '../../../src/scopes/index.ts';

test.each<[ScopeFamily, string, string, Record<string, string>]>([
  ['spine', 'user/Flag.read', 'scope.user.read', { resource: 'Flag', resourceKey: 'resource.Flag' }],
  ['spine', 'system/Flag.write', 'scope.system.write', { resource: 'Flag', resourceKey: 'resource.Flag' }],
  ['spine', 'patient/*.read', 'scope.patient.read', { resource: '*', resourceKey: 'resource.all' }],
  ['gp-connect', 'patient/*.read', 'scope.gpConnect.patient.read', {}],
  ['gp-connect', 'organization/*.write', 'scope.gpConnect.organization.write', {}],
  ['gp-connect', 'conf/R', 'scope.gpConnect.conf.R', {}],
  ['oidc', 'offline_access', 'scope.oidc.offline_access', {}],
  ['plain', 'admin.read', 'scope.plain', { name: 'admin.read' }],
])('%s %s is said by %s', (family, text, key, values) => {
  expect(scopeWords(family, text)).toEqual({ key, values });
});

test.each<[ScopeFamily, string]>([
  ['spine', 'user/Condition'],
  ['gp-connect', 'user/*.read'],
  ['oidc', 'admin.read'],
  ['plain', 'openid'],
])('%s has no words for %s', (family, text) => {
  expect(scopeWords(family, text)).toBeUndefined();
});
