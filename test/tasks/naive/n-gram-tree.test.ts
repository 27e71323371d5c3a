import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { NGramTree, ROOT } from '../../../src/tasks/naive/n-gram-tree.js';

describe('the tree of n-grams', () => {
  it('finds every node and no other, also when it has grown', () => {
    const tree = new NGramTree();
    const random = new Random(1, 'tree');
    const known = new Map<string, { node: number; depth: number }>([['', { node: ROOT, depth: 0 }]]);
    const nodes: { node: number; depth: number }[] = [{ node: ROOT, depth: 0 }];
    while (tree.size < 5000) {
      const context = nodes[random.integer(nodes.length)] as { node: number; depth: number };
      const symbol = random.integer(50_000);
      const key = `${context.node} ${symbol}`;
      expect(tree.find(context.node, symbol)).toBe(known.get(key)?.node);
      if (known.has(key)) continue;
      const added = { node: tree.add(context.node, symbol), depth: context.depth + 1 };
      known.set(key, added);
      nodes.push(added);
    }
    for (const [key, { node, depth }] of known) {
      if (node === ROOT) continue;
      const [context, symbol] = key.split(' ').map(Number) as [number, number];
      expect(tree.find(context, symbol)).toBe(node);
      expect(tree.depthOf(node)).toBe(depth);
    }
  });

  it('counts each node for itself', () => {
    const tree = new NGramTree();
    const nodes = Array.from({ length: 3000 }, (_, symbol) => tree.add(ROOT, symbol));
    nodes.forEach((node, at) => {
      if (at % 3 === 0) tree.increment('own', node);
    });
    tree.increment('kinds', 0);
    expect(nodes.every((node, at) => tree.get('own', node) === (at % 3 === 0 ? 1 : 0))).toBe(true);
    expect([tree.get('kinds', 0), tree.get('following', 0), tree.get('own', 0)]).toEqual([1, 0, 0]);
  });
});
