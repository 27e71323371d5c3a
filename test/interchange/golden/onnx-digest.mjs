/** Digests of ONNX graphs in which names of tensors do not count. */
import { createHash } from 'node:crypto';

/** Tensors by the order in which they first occur. */
class Numbered {
  #numbers = new Map();

  of(name) {
    if (name === '') return -1;
    if (!this.#numbers.has(name)) this.#numbers.set(name, this.#numbers.size);
    return this.#numbers.get(name);
  }
}

const text = (bytes) => Buffer.from(bytes).toString('utf8');

function attributeOf({ name, f, i, s, g, floats, ints, strings }, numbered) {
  return [name, f, String(i), text(s), g && graphOf(g, numbered), floats, ints.map(String), strings.map(text)];
}

function graphOf({ node, input, output, initializer }, numbered) {
  const ends = (infos) =>
    infos.map(({ name, type }) => {
      const { elemType, shape } = type.value.value;
      return [numbered.of(name), elemType, shape.dim.map(({ value }) => String(value.value))];
    });
  return {
    inputs: ends(input),
    nodes: node.map((each) => [
      each.opType,
      each.input.map((name) => numbered.of(name)),
      each.output.map((name) => numbered.of(name)),
      each.attribute.map((attribute) => attributeOf(attribute, numbered)),
    ]),
    outputs: ends(output),
    initializers: initializer
      .map(({ name, dims, dataType, rawData }) => {
        return [numbered.of(name), dims.map(String), dataType, createHash('sha256').update(rawData).digest('hex')];
      })
      .sort(([a], [b]) => a - b),
  };
}

/** The digest of a model: opset, operators, attributes, what reads what, and all numbers. */
export function digestOf({ graph, opsetImport }) {
  const opsets = opsetImport.map(({ domain, version }) => [domain, String(version)]);
  const described = JSON.stringify([opsets, graphOf(graph, new Numbered())]);
  return createHash('sha256').update(described).digest('hex').slice(0, 32);
}
