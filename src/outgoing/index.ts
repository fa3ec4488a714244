export { createOutgoing, type Outgoing } from './fetch.ts';
export { createRemoteJwks, type RemoteJwks } from './remote-jwks.ts';
