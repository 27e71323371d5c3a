/** Which types of this package a public declaration names, so that a caller may have to name them, too. */
import ts from 'typescript';

/** What an entry exports, by the symbol that each name stands for. */
export type ExportedSymbols = ReadonlyMap<ts.Symbol, string>;

/** The declarations of entries, as TypeScript reads them for a caller. */
export class EntryDeclarations {
  readonly #program: ts.Program;
  readonly #checker: ts.TypeChecker;
  readonly #folder: string;

  /**
   * @param files paths of the entries' `.d.ts` files
   * @param folder where this package's declarations are; types from elsewhere do not count
   */
  constructor(files: readonly string[], folder: string) {
    this.#program = ts.createProgram(files, {
      strict: true,
      noEmit: true,
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    });
    this.#checker = this.#program.getTypeChecker();
    this.#folder = folder.replaceAll('\\', '/');
  }

  /** What an entry exports. */
  exportsOf(file: string): ExportedSymbols {
    const source = this.#program.getSourceFile(file);
    const module = source && this.#checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${file} is no module`);
    return new Map(this.#checker.getExportsOfModule(module).map((symbol) => [this.#resolve(symbol), symbol.name]));
  }

  /**
   * The types of this package that the declaration of a symbol names, but for type parameters and `typeof`. Of a class,
   * what a caller can reach: neither private nor protected members, with the members of its base class.
   *
   * @param isValue whether a class itself is public, with its constructor and static members, and not only its type
   */
  namedBy(symbol: ts.Symbol, isValue: boolean): ReadonlySet<ts.Symbol> {
    const named = new Set<ts.Symbol>();
    const visit = (node: ts.Node): void => {
      if (isHidden(node) || (!isValue && isOfClass(node))) return;
      if (ts.isHeritageClause(node) && ts.isClassDeclaration(node.parent)) {
        for (const base of node.types) this.#visitBase(base, visit);
        return;
      }
      const name = nameOf(node);
      const target = name && this.#checker.getSymbolAtLocation(name);
      if (target !== undefined && this.#isOwnType(this.#resolve(target))) named.add(this.#resolve(target));
      ts.forEachChild(node, visit);
    };
    for (const declaration of symbol.declarations ?? []) visit(declaration);
    named.delete(symbol);
    return named;
  }

  /** The members of a base class are those of the class, whether the base has a public name or not. */
  #visitBase(base: ts.ExpressionWithTypeArguments, visit: (node: ts.Node) => void): void {
    base.typeArguments?.forEach(visit);
    const symbol = this.#checker.getSymbolAtLocation(base.expression);
    if (symbol === undefined || !this.#isOwnType(this.#resolve(symbol))) return;
    for (const declaration of this.#resolve(symbol).declarations ?? []) ts.forEachChild(declaration, visit);
  }

  #isOwnType(symbol: ts.Symbol): boolean {
    const file = symbol.declarations?.[0]?.getSourceFile().fileName;
    return file?.startsWith(this.#folder) === true && (symbol.flags & ts.SymbolFlags.TypeParameter) === 0;
  }

  #resolve(symbol: ts.Symbol): ts.Symbol {
    return symbol.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol;
  }
}

/** The name in a node that refers to a type. */
function nameOf(node: ts.Node): ts.Node | undefined {
  if (ts.isTypeReferenceNode(node)) return node.typeName;
  if (ts.isExpressionWithTypeArguments(node)) return node.expression;
  if (ts.isImportTypeNode(node)) return node.qualifier;
  return undefined;
}

function hasModifier(node: ts.Node, ...modifiers: readonly ts.SyntaxKind[]): boolean {
  return ts.canHaveModifiers(node) && ts.getModifiers(node)?.some(({ kind }) => modifiers.includes(kind)) === true;
}

const isHidden = (node: ts.Node) => hasModifier(node, ts.SyntaxKind.PrivateKeyword, ts.SyntaxKind.ProtectedKeyword);

/** Whether a member belongs to the class and not to its objects. */
const isOfClass = (node: ts.Node) =>
  ts.isConstructorDeclaration(node) || hasModifier(node, ts.SyntaxKind.StaticKeyword);
