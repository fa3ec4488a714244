export * from './identifiers.ts';
export * as spineCore from './spine-core.ts';
