/** The part of node-7z 3.0.0 that is used: it brings no types. */
declare module "node-7z" {
  interface Options {
    /** The program. */
    readonly $bin: string;
    /** The command is made up and not run. */
    readonly $defer: true;
    /** Words that are handed on as they are. */
    readonly $raw?: readonly string[];
    readonly archiveType?: string;
    readonly toStdout?: boolean;
    /** Each becomes -m<one>. */
    readonly method?: readonly string[];
    /** Each becomes -bs<one>: which output (o, e, p) goes where (0 = nowhere, 1, 2). */
    readonly outputStreams?: readonly string[];
    readonly logLevel?: string;
  }

  interface Command {
    readonly _bin: string;
    readonly _args: readonly string[];
  }

  export function add(archive: string, source: readonly string[], options: Options): Command;

  const sevenZip: { readonly add: typeof add };
  export default sevenZip;
}
