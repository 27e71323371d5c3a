/** Which module of a file belongs to which node of a network. */
import { InterchangeError, OptionError } from '../../core/errors.js';
import { describeValue } from '../../core/options.js';
import { describeGroup, type ModuleGroup } from './module-groups.js';
import { type Fit, fitOf, isFit, type Misfit, type NodeTarget } from './node-targets.js';

/** A node with its module. */
export interface Assigned {
  readonly target: NodeTarget;
  readonly group: ModuleGroup;
  readonly fit: Fit;
}

/** Most assignments that are told apart. */
const MOST_FOUND = 2;

/** Most pairs that are tried before a search is given up. */
const MOST_TRIES = 100_000;

function misfit(source: string, { code, reason }: Misfit, group: string, node: string): InterchangeError {
  return new InterchangeError(code, `'${source}': ${reason}`, { source, module: group, node });
}

/** The module that a node is said to have. @throws {InterchangeError} when it does not fit */
function required(source: string, group: ModuleGroup, target: NodeTarget): Assigned {
  const fit = fitOf(group, target);
  if (isFit(fit)) return { target, group, fit };
  throw misfit(source, fit, group.name, target.name);
}

/** Beginnings that the names of all modules share, from none at all: `''`, `module.`, `module.model.`. */
function sharedBegins(groups: readonly ModuleGroup[]): string[] {
  const begins = [''];
  const [first] = groups;
  for (const part of first?.name.split('.') ?? []) {
    const begin = `${begins.at(-1)}${part}.`;
    if (!groups.every(({ name }) => name.startsWith(begin))) break;
    begins.push(begin);
  }
  return begins;
}

/** Modules that have the names of nodes, where a beginning that all share does not count. */
function byNames(source: string, groups: readonly ModuleGroup[], targets: readonly NodeTarget[]): Assigned[] {
  for (const begin of sharedBegins(groups)) {
    const pairs = targets.flatMap((target) => {
      const group = groups.find(({ name }) => name === begin + target.name);
      return group === undefined ? [] : [{ group, target }];
    });
    if (pairs.length > 0) return pairs.map(({ group, target }) => required(source, group, target));
  }
  return [];
}

/** Assignments of all modules to all nodes by shapes: none, one, or two of several. */
function byShapes(groups: readonly ModuleGroup[], targets: readonly NodeTarget[]): Assigned[][] {
  const options = targets.map((target) =>
    groups.flatMap((group) => {
      const fit = fitOf(group, target);
      return isFit(fit) ? [{ target, group, fit }] : [];
    }),
  );
  const order = targets.map((_, at) => at).sort((a, b) => (options[a]?.length ?? 0) - (options[b]?.length ?? 0));
  const found: Assigned[][] = [];
  const chosen: Assigned[] = [];
  let tries = 0;
  const visit = (depth: number): void => {
    const at = order[depth];
    if (at === undefined) {
      found.push([...chosen]);
      return;
    }
    for (const option of options[at] ?? []) {
      if (found.length >= MOST_FOUND || ++tries > MOST_TRIES) return;
      if (chosen.some(({ group }) => group === option.group)) continue;
      chosen.push(option);
      visit(depth + 1);
      chosen.pop();
    }
  };
  visit(0);
  return found;
}

/** Says of two assignments where they differ. */
function ambiguity(source: string, [first, second]: readonly Assigned[][]): InterchangeError {
  const differing = (first ?? []).flatMap(({ group, target }) => {
    const other = second?.find((each) => each.target === target)?.group;
    return other === undefined || other === group ? [] : [{ node: target.name, modules: [group.name, other.name] }];
  });
  const named = differing.map(({ node, modules }) => `node '${node}' may be '${modules.join("' or '")}'`).join(', ');
  const map = (first ?? []).map(({ group, target }) => `'${group.name}': '${target.name}'`).join(', ');
  const message = `'${source}': by their shapes, modules of the file fit the network in several ways: ${named}. Say which belong together: { map: { ${map} } }, or the other way round`;
  return new InterchangeError('ambiguous_network', message, { source, candidates: differing });
}

/** Says what is left over, or which node has nothing. */
function incomplete(source: string, groups: readonly ModuleGroup[], targets: readonly NodeTarget[]): InterchangeError {
  const without = targets.find((target) => !groups.some((group) => isFit(fitOf(group, target))));
  const there = groups.slice(0, 20).map(describeGroup).join('; ') || 'nothing else';
  if (without !== undefined) {
    const [[part = '', shape = []] = []] = [...without.parts];
    const message = `'${source}': no module of the file has the tensors of node '${without.name}', such as '${without.name}.${part}' [${shape.join(', ')}]; there is ${there}`;
    return new InterchangeError('missing_tensor', message, { source, node: without.name, tensor: part, shape });
  }
  const nodes = targets.map(({ name }) => `'${name}'`).join(', ');
  const message = `'${source}': no assignment of the modules of the file to the nodes ${nodes} fits all shapes; there is ${there}`;
  return new InterchangeError('tensor_mismatch', message, { source });
}

/** @throws {InterchangeError} `unused_tensor` for modules that no node has */
function requireNoneLeft(source: string, groups: readonly ModuleGroup[]): void {
  const [first] = groups;
  if (first === undefined) return;
  const tensor = [...first.tensors.values()][0]?.name ?? '';
  const others = groups.map(describeGroup).join('; ');
  const message = `'${source}': no node of the network takes '${tensor}'; left over are ${others}. To leave a module out: { map: { '${first.name}': '' } }`;
  throw new InterchangeError('unused_tensor', message, { source, tensor, modules: groups.map(({ name }) => name) });
}

/**
 * Gives every node its module: by `map`, else by equal names, else by the only assignment that fits all shapes.
 *
 * @param map nodes by modules
 * @throws {InterchangeError} `ambiguous_network` naming the candidates, `missing_tensor`, `unused_tensor`, `tensor_mismatch`
 * @throws {OptionError} `invalid_option` for names that are not there
 */
export function assignModules(
  source: string,
  groups: readonly ModuleGroup[],
  targets: readonly NodeTarget[],
  map: ReadonlyMap<string, string>,
): Assigned[] {
  const assigned = [...map].map(([module, node]) => {
    const group = groups.find(({ name }) => name === module);
    const target = targets.find(({ name }) => name === node);
    if (group === undefined) throw unknownName(source, 'module of the file', module, groups);
    if (target === undefined) throw unknownName(source, 'node with parameters', node, targets);
    return required(source, group, target);
  });
  const free = () => ({
    groups: groups.filter((group) => !assigned.some((each) => each.group === group)),
    targets: targets.filter((target) => !assigned.some((each) => each.target === target)),
  });
  const unmapped = free();
  assigned.push(...byNames(source, unmapped.groups, unmapped.targets));
  const unnamed = free();
  const needy = unnamed.targets.filter(({ parts }) => parts.size > 0);
  if (needy.length > 0) {
    const [only, ...others] = byShapes(unnamed.groups, needy);
    if (only === undefined) throw incomplete(source, unnamed.groups, needy);
    if (others.length > 0) throw ambiguity(source, [only, ...others]);
    assigned.push(...only);
  }
  requireNoneLeft(source, free().groups);
  return assigned;
}

function unknownName(
  source: string,
  what: string,
  name: string,
  known: readonly { readonly name: string }[],
): OptionError {
  const names = known.map((each) => describeValue(each.name)).join(', ');
  const message = `option 'map': there is no ${what} '${name}' for '${source}'; there are ${names}`;
  return new OptionError('invalid_option', message, { name: 'map', value: name });
}
