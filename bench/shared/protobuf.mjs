/** The little of the protobuf encoding that an ONNX file needs. A message is a list of fields. */

/** A whole number >= 0, seven bits a byte, lowest first. */
function varint(value) {
  const bytes = [];
  let rest = BigInt(value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}

const tag = (field, wireType) => varint(field * 8 + wireType);

/** A field with a whole number >= 0. */
export const integer = (field, value) => Buffer.concat([tag(field, 0), varint(value)]);

/** A field with bytes or text. */
export function bytes(field, value) {
  const content = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([tag(field, 2), varint(content.length), content]);
}

/** A field with a message, of fields and lists of fields. */
export const message = (field, ...fields) => bytes(field, Buffer.concat(fields.flat(Number.POSITIVE_INFINITY)));
