const RealDate = Date;

/**
 * Moves the time of this process: features, oidc-provider and jose all read `Date`.
 *
 * @param seconds how far from real time; 0 puts it right again
 */
export function shiftTime(seconds: number): void {
  if (seconds === 0) {
    globalThis.Date = RealDate;
    return;
  }
  const shifted = () => RealDate.now() + seconds * 1000;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, parts, newTarget) =>
      Reflect.construct(target, parts.length === 0 ? [shifted()] : parts, newTarget),
    get: (target, name, receiver) => (name === 'now' ? shifted : Reflect.get(target, name, receiver)),
  });
}
