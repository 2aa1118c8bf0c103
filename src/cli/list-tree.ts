/** l --tree: folders and what is in them, also those that the archive only names in paths. */
import type { ListedEntry, Listing } from "../core/list.ts";
import { printable } from "../text/printable.ts";
import { commentLines, nameCell, refusedIn, totalLine } from "./render-list.ts";

/** What lies deeper is shown with its path: a name of a million folders would be drawn as a triangle. */
const DEEPEST = 64;

interface Node {
  readonly children: Map<string, Node>;
  /** More than one where a name comes again. */
  readonly entries: ListedEntry[];
}

export function* tree({ entries, comment, summary }: Listing, { byName, bold, dim }: { readonly byName: boolean; readonly bold: (text: string) => string; readonly dim: (text: string) => string }): Generator<string> {
  const root = newNode();
  for (const entry of entries) {
    let node = root;
    for (const component of componentsOf(entry.path)) {
      let child = node.children.get(component);
      if (child === undefined) node.children.set(component, (child = newNode()));
      node = child;
    }
    node.entries.push(entry);
  }
  yield `${bold(printable(summary.archive))}\n`;
  yield* below(root, "", byName, bold);
  yield `\n${dim(totalLine(summary, refusedIn(entries)))}\n`;
  yield* commentLines(comment, dim);
}

function newNode(): Node {
  return { children: new Map(), entries: [] };
}

/** "/a//b/./c/" → "/", "a", "b", "c": an absolute path has a root of its own. */
function componentsOf(path: string): string[] {
  const components = path.split("/").filter((one) => one !== "" && one !== ".");
  if (path.startsWith("/")) components.unshift("/");
  return components.length <= DEEPEST ? components : [...components.slice(0, DEEPEST - 1), components.slice(DEEPEST - 1).join("/")];
}

function* below({ children }: Node, indent: string, byName: boolean, bold: (text: string) => string): Generator<string> {
  const names = byName ? [...children.keys()].sort() : [...children.keys()];
  for (const [at, name] of names.entries()) {
    const node = children.get(name)!;
    const isLast = at === names.length - 1;
    const branch = `${indent}${isLast ? "└── " : "├── "}`;
    const isFolder = node.children.size > 0 || node.entries.some(({ type }) => type === "directory");
    const called = isFolder && name !== "/" ? `${name}/` : name;
    for (const entry of node.entries) {
      const text = nameCell(entry, called);
      yield `${branch}${isFolder ? bold(text) : text}\n`;
    }
    if (node.entries.length === 0) yield `${branch}${bold(printable(called))}\n`;
    yield* below(node, `${indent}${isLast ? "    " : "│   "}`, byName, bold);
  }
}
