export { createOutgoing, type Outgoing, type Resolve } from './fetch.ts';
export { createRemoteJwks, type RemoteJwks } from './remote-jwks.ts';
