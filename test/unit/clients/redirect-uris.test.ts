import { describe, expect, test } from 'vitest';
import { redirectUriFault } from '../../../src/clients/redirect-uris.ts';

/** Which addresses may be registered to send a browser to (RU-02, RU-03; RFC 8252, RFC 9700 sections 2.1 and 4.1.3). */

const issuer = 'http://auth.example.test:3000';

const web = { native: false, issuer };
const native = { native: true, issuer };

describe('a client of the web may register', () => {
  test.for([
    'https://app.example.test/cb',
    'https://app.example.test',
    'https://app.example.test/',
    'https://app.example.test:8443/cb',
    'https://app.example.test/cb?tenant=a&b=c',
    'https://app.example.test/cb?next=%2Fhome',
    'https://app.example.test/a/b;c=d/~user/(x)/e@f,g',
    'https://[2001:db8::1]/cb',
    'https://127.0.0.1/cb',
    'https://xn--kpiti-pta.example.test/cb',
    'http://127.0.0.1:8090/cb',
    'http://127.0.0.1/cb',
    'http://[::1]:8090/cb',
    `${issuer}/demo/callback`,
    `https://app.example.test/${'x'.repeat(1970)}`,
  ])('%s', (uri) => {
    expect(redirectUriFault(uri, web)).toBeUndefined();
  });
});

describe('an application on the own device may register', () => {
  test.for([
    'com.example.app:/cb',
    'com.example.app://cb',
    'com.example.app:/',
    'nz.example.kete-2:/a/b?c=d',
    'http://127.0.0.1/cb',
    'http://127.0.0.1:8090/cb',
    'http://[::1]/cb',
    'https://app.example.test/cb',
  ])('%s', (uri) => {
    expect(redirectUriFault(uri, native)).toBeUndefined();
  });
});

describe.for([
  ['a client of the web', web],
  ['an application on the own device', native],
] as const)('RU-02 %s may not register', ([, context]) => {
  test.for([
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    ' javascript:alert(1)',
    '\tjavascript:alert(1)',
    'java\tscript:alert(1)',
    'javascript://app.example.test/%0aalert(1)',
    'data:text/html,x',
    'DATA:text/html;base64,PHNjcmlwdD4=',
    'vbscript:msgbox(1)',
    'file:///etc/passwd',
    'file://app.example.test/cb',
    'blob:https://app.example.test/1234',
    'about:blank',
    'view-source:https://app.example.test/',
    'ws://app.example.test/',
    'wss://app.example.test/',
    'ftp://app.example.test/cb',
    'filesystem:https://app.example.test/temporary/x',
    'mailto:x@example.test',
    'tel:123',
    'intent://scan/#Intent;scheme=zxing;end',
  ])('%s', (uri) => {
    expect(redirectUriFault(uri, context)).toEqual(expect.stringMatching(/^must /));
  });
});

const unclear: readonly (readonly [uri: string, fault: RegExp])[] = [
  ['', /printable ASCII/],
  ['https://app.example.test/cb#', /fragment/],
  ['https://app.example.test/cb#x', /fragment/],
  ['https://user@app.example.test/cb', /user name/],
  ['https://user:pass@app.example.test/cb', /user name/],
  ['https://:pass@app.example.test/cb', /user name/],
  ['https://@app.example.test/cb', /plain form|user name/],
  ['https://*.example.test/cb', /wildcards/],
  ['https://app.example.test/*', /wildcards/],
  ['https://app.example.test/cb?x=*', /wildcards/],
  ['https://app.example.test/c b', /printable ASCII/],
  [' https://app.example.test/cb', /printable ASCII/],
  ['https://app.example.test/cb\n', /printable ASCII/],
  ['https://app.example.test/cb\u0000', /printable ASCII/],
  ['https://äpp.example.test/cb', /printable ASCII/],
  ['https://app.example.test\\cb', /backslashes/],
  ['https://app.example.test/"cb"', /quotes/],
  ['https://app.example.test/<cb>', /brackets/],
  ['https://app.example.test/{cb}', /brackets/],
  ['HTTPS://app.example.test/cb', /plain form/],
  ['https://APP.example.test/cb', /plain form/],
  ['https://app.example.test:443/cb', /plain form/],
  ['https://app.example.test:/cb', /plain form/],
  ['http://127.0.0.1:80/cb', /plain form/],
  ['https://app.example.test/a/../cb', /plain form/],
  ['https://app.example.test/./cb', /plain form/],
  ['https://app.example.test/a/%2e%2e/cb', /plain form/],
  ['https:app.example.test/cb', /plain form/],
  ['https:///app.example.test/cb', /plain form/],
  ['//app.example.test/cb', /absolute/],
  ['/cb', /absolute/],
  ['cb', /absolute/],
  ['https://', /absolute/],
  ['https://app.example.test:99999/cb', /absolute/],
  ['https://%61pp.example.test/cb', /plain form/],
  ['https://2130706433/cb', /plain form/],
  ['https://0x7f.1/cb', /plain form/],
  [`https://app.example.test/${'x'.repeat(2000)}`, /at most 2000/],
];

describe('RU-03 nobody may register', () => {
  test.for(unclear)('%s', ([uri, fault]) => {
    expect(redirectUriFault(uri, web)).toMatch(fault);
    expect(redirectUriFault(uri, native)).toMatch(fault);
  });
});

describe('RU-03 http', () => {
  test.for([
    'http://app.example.test/cb',
    'http://localhost/cb',
    'http://localhost:8090/cb',
    'http://127.0.0.2/cb',
    'http://0.0.0.0/cb',
    'http://[::]/cb',
    'http://[::ffff:7f00:1]/cb',
    'http://127.0.0.1.example.test/cb',
    'http://auth.example.test/cb',
    'http://auth.example.test:3001/cb',
  ])('%s is refused', (uri) => {
    for (const context of [web, native])
      expect(redirectUriFault(uri, context)).toMatch(
        /^must be https; http is only for 127.0.0.1 and \[::1\]/,
      );
  });

  test.for(['http://127.0.0.1:8090/cb', 'http://[::1]/cb'])(
    '%s is for native clients, and for web clients only while the issuer itself is of http',
    (uri) => {
      const secure = 'https://auth.example.test';
      expect(redirectUriFault(uri, native)).toBeUndefined();
      expect(redirectUriFault(uri, { native: true, issuer: secure })).toBeUndefined();
      expect(redirectUriFault(uri, web)).toBeUndefined();
      expect(redirectUriFault(uri, { native: false, issuer: secure })).toMatch(/must be https/);
    },
  );

  test.for(['code', 'state', 'error', 'iss'])('a query with %s is refused: the response has one', (name) => {
    expect(redirectUriFault(`https://app.example.test/cb?${name}=1`, web)).toMatch(/belongs to the response/);
  });

  test.for(['https://localhost/cb', 'https://127.0.0.1/cb', 'https://[::1]/cb'])(
    '%s is refused for a native client',
    (uri) => {
      expect(redirectUriFault(uri, native)).toMatch(/must not name the device itself/);
    },
  );

  test('of our own origin is for the demonstration, not for applications on a device', () => {
    expect(redirectUriFault(`${issuer}/demo/callback`, web)).toBeUndefined();
    expect(redirectUriFault(`${issuer}/demo/callback`, native)).toMatch(/must be https/);
    expect(
      redirectUriFault(`${issuer}/demo/callback`, { native: false, issuer: 'https://auth.example.test' }),
    ).toMatch(/must be https/);
  });
});

describe('RU-03 a scheme of its own', () => {
  test.for(['com.example.app:/cb', 'com.example.app://cb'])('%s is not for the web', (uri) => {
    expect(redirectUriFault(uri, web)).toBe('must be a web address for a client of application_type web');
  });

  test.for(['myapp:/cb', 'myapp://cb', 'kete:/', 'fb123:/cb'])(
    '%s could be anybody: no reversed domain name',
    (uri) => {
      expect(redirectUriFault(uri, native)).toMatch(/reversed domain name/);
    },
  );
});
