/**
 * Programs and libraries that make machine code at run time, which MemoryDenyWriteExecute= refuses. Each was tried with it on
 * Debian 13, but for .NET and SpiderMonkey. libffi (from 3.4 on), liborc and Erlang work with it: they need no memory that is both
 * written and executed.
 */

import { fileName } from '../systemd/unit/path.js';

export interface CodeMaker {
  /** Of the file's name. */
  readonly name: RegExp;
  readonly engine: string;
  /** Whether it only becomes slower, since it interprets where it can't make code. */
  readonly isSoft?: true;
}

export const CODE_MAKERS: readonly CodeMaker[] = [
  // It aborts ("Check failed").
  { name: /^(?:libnode|libv8(?:_\w+)?)\.so|^node(?:js)?$/, engine: 'V8' },
  // It doesn't start ("Failed to mark memory page as executable"), with -Xint neither.
  { name: /^lib(?:jvm|jli)\.so|^java$/, engine: 'the Java virtual machine' },
  // It ends the process ("runtime code generation failed, restricted kernel?").
  { name: /^libluajit-|^luajit$/, engine: 'LuaJIT' },
  { name: /^lib(?:coreclr|hostfxr)\.so|^dotnet$/, engine: '.NET' },
  // It crashes.
  { name: /^libmono(?:sgen|boehm)?-|^mono(?:-sgen)?$/, engine: 'Mono' },
  // Whatever it is asked to compile fails, as queries of PostgreSQL.
  { name: /^libLLVM[-.]/, engine: 'LLVM' },
  // It aborts ("allocating JIT code buffer failed").
  { name: /^libguile-3\.\d+\.so|^guile$/, engine: 'Guile' },
  { name: /^libmozjs-\d/, engine: 'SpiderMonkey' },
  // It makes code only for programs that ask for it, and these go on without; PHP warns.
  { name: /^libpcre2-\d+\.so/, engine: 'PCRE2', isSoft: true },
];

/** The engine that a file has, by its name or path. */
export const codeMakerOf = (path: string): CodeMaker | undefined =>
  CODE_MAKERS.find(({ name }) => name.test(fileName(path)));

/** The engine without whose code a file is of no use. */
export function neededCodeMaker(path: string): CodeMaker | undefined {
  const maker = codeMakerOf(path);
  return maker?.isSoft ? undefined : maker;
}
