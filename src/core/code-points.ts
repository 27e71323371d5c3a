/** The order of texts by Unicode code points. */

/** Orders strings by code point. (JavaScript's `<` orders by UTF-16 unit, which puts U+1F600 before U+FF01.) */
export function compareCodePoints(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at++) {
    if (left.charCodeAt(at) === right.charCodeAt(at)) continue;
    // They may differ in the second half of a pair. A half that stands alone is a code point of its own.
    const start = at > 0 && isHighSurrogate(left.charCodeAt(at - 1)) ? at - 1 : at;
    const order = (left.codePointAt(start) as number) - (right.codePointAt(start) as number);
    return order || (left.codePointAt(at) as number) - (right.codePointAt(at) as number);
  }
  return left.length - right.length;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
