/** Names changed by expressions as sed and tar have them: s/RE/NEW/, with JavaScript's regular expressions, which are much like those of sed -E. */
import { createContext, Script } from "node:vm";
import { now } from "../bytes/clock.ts";
import { UnzipxError } from "../errors.ts";

/** All expressions, one after the other. Throws USAGE for one that is none. */
export function transformOf(expressions: readonly string[]): (name: string) => string {
  const all = expressions.map(parse);
  return (name) => all.reduce((text, replace) => replace(text), name);
}

const HINT = "--transform 's/RE/NEW/'; groups are ( ), used as \\1, and & is all that matched";

function parse(expression: string): (name: string) => string {
  const bad = (why: string): UnzipxError => new UnzipxError("USAGE", `Cannot understand --transform "${expression}": ${why}`, { hint: HINT });
  const [command, delimiter = ""] = expression;
  if (command !== "s" || delimiter === "" || delimiter === "\\" || /\w/.test(delimiter)) throw bad("it does not begin with s and a delimiter");
  const parts = partsOf(expression.slice(2), delimiter);
  if (parts.length !== 3) throw bad(parts.length < 3 ? `a "${delimiter}" is missing` : `there is a "${delimiter}" too many`);
  const [source, replacement, flags] = parts as [string, string, string];
  if (!/^[gi]*$/.test(flags)) throw bad(`there is no flag "${flags.replace(/[gi]/g, "").charAt(0)}", only g and i`);
  let pattern: RegExp;
  try {
    pattern = new RegExp(unescaped(source, delimiter), `u${[...new Set(flags)].join("")}`);
  } catch (error) {
    throw bad(`its regular expression is none (${(error as Error).message.replace(/^Invalid regular expression: /, "")})`);
  }
  const groups = new RegExp(`${pattern.source}|`, "u").exec("")!.length - 1;
  return replacer(pattern, replacementOf(replacement, delimiter, groups, bad));
}

/** Cut at every delimiter with no backslash in front of it. */
function partsOf(text: string, delimiter: string): string[] {
  const parts = [""];
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "\\") parts[parts.length - 1] += text.slice(at, ++at + 1);
    else if (text[at] === delimiter) parts.push("");
    else parts[parts.length - 1] += text[at]!;
  }
  return parts;
}

/** A delimiter with a backslash stands for itself; one that means something in an expression keeps its backslash, and stands for itself too. */
function unescaped(source: string, delimiter: string): string {
  return /[\^$\\.*+?()[\]{}|]/.test(delimiter) ? source : source.replace(/\\([^])/gu, (both, one: string) => (one === delimiter ? one : both));
}

/** As String.replace() wants it. */
function replacementOf(text: string, delimiter: string, groups: number, bad: (why: string) => UnzipxError): string {
  const group = (number: number): string => {
    if (number > groups) throw bad(`it uses \\${number}, and has ${groups === 0 ? "no group" : `only ${groups} of them`}`);
    return number === 0 ? "$&" : `$${String(number).padStart(2, "0")}`; // of two digits, so that no digit behind it joins them
  };
  return text.replace(/\\([^]?)|&|\$/gu, (found, escaped: string | undefined) => {
    if (found === "&") return "$&";
    if (found === "$") return "$$";
    if (/^[0-9]$/.test(escaped!)) return group(Number(escaped));
    if (escaped === "&" || escaped === "\\" || escaped === "/" || escaped === delimiter) return escaped === "$" ? "$$" : escaped!;
    throw bad(`it knows no "${found}"`);
  });
}

/** The longest path that systems take: what is longer is refused afterwards, whatever becomes of it. */
const LONGEST = 4096;
/** Steps that a search may take at most, as estimated, before somebody looks at the clock. */
const CHEAP = 1_000_000;
/** Milliseconds for one name, and for all those that take long. */
const MOST_TIME = 1000;
const MOST_IN_ALL = 10_000;
const LONG = 50;

/**
 * Names are the archive's, and on some of them some expressions take for ever, by going back again and again. Where the number of quantifiers and the
 * length of the name leave that open, the search runs where it can be ended, which takes a hundred times as long as most searches.
 */
function replacer(pattern: RegExp, replacement: string): (name: string) => string {
  const bare = pattern.source.replace(/\\.|\[(?:\\.|[^\]\\])*\]/gu, "x");
  const quantifiers = (bare.match(/[*+?{]/g) ?? []).length;
  const goesBack = /\)[*+?{]|\(\?[=!<]/.test(bare) || /\\[1-9k]/.test(pattern.source);
  let timed: ((name: string) => string) | undefined;
  return (name) => {
    if (name.length > LONGEST) return name;
    if (!goesBack && (name.length + 1) ** (quantifiers + 1) <= CHEAP) return name.replace(pattern, replacement);
    return (timed ??= timedReplacer(pattern, replacement))(name);
  };
}

function timedReplacer(pattern: RegExp, replacement: string): (name: string) => string {
  const context = createContext(Object.assign(Object.create(null) as Record<string, unknown>, { pattern, replacement, name: "" }));
  const script = new Script("name.replace(pattern, replacement)");
  let spent = 0;
  const tooLong = (name: string): UnzipxError => new UnzipxError("LIMIT", `Stopped: --transform with ${String(pattern)} takes too long for the names in this archive`, { entry: name, hint: "a regular expression with fewer of * and +, and none of them behind a group" });
  return (name) => {
    const started = now();
    context["name"] = name;
    try {
      return String(script.runInContext(context, { timeout: MOST_TIME }));
    } catch (error) {
      throw (error as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_TIMEOUT" ? tooLong(name) : error;
    } finally {
      const time = now() - started;
      if (time > LONG && (spent += time) > MOST_IN_ALL) throw tooLong(name);
    }
  };
}
