import assert from 'node:assert/strict';
import { parsePolicy } from '../../src/policy/parse.js';
import type { Policy } from '../../src/policy/policy.js';
import type { SyscallsSection } from '../../src/seccomp/syscalls/section.js';

/** A policy that has nothing wrong with its form. */
export function policyFrom(source: string, file = 'p.toml'): Policy {
  const { policy, diagnostics } = parsePolicy(source, file);
  assert.deepEqual(diagnostics, []);
  return policy;
}

/** Its `[syscalls]`, from the lines below that header. */
export const syscallsFrom = (lines: string): SyscallsSection => policyFrom(`[syscalls]\n${lines}`).syscalls!;

/** Every key of the schema, in a good form. */
export const WHOLE = `
description = "all of it"
extends = ["web-server", "./base.toml", "/etc/other.toml"]
defaults = false

[syscalls]
allow = ["@system-service", "keyctl"]
deny = ["execve", "@mount", "uname:ENETDOWN", "ptrace:kill", "swapon:13", "bpf:log"]
log = ["keyctl", "@swap"]
action = "kill"
inherit = false
implicit = false
architectures = ["native", "x86-64", "x32", "x86", "arm64", "arm", "riscv64"]
unknown = "ENOSYS"
enforcer = "launcher"
stage = "exec"

[[syscalls.rules]]
syscall = "socket"
when = [
  { arg = 0, in = ["AF_UNIX", 2, "AF_INET6|0x1"] },
  { arg = 1, eq = 1 },
  { arg = 2, ne = -1 },
  { arg = 3, lt = 0x10, width = 32 },
  { arg = 4, le = "10", width = 64 },
  { arg = 5, gt = 1 },
  { arg = 0, ge = 0 },
  { arg = 0, bits-set = "O_RDWR|O_CREAT" },
  { arg = 0, bits-clear = 0x7fffffffffffffff, width = 64 },
  { arg = 0, bits-any = "CLONE_NEWUSER" },
]
action = "allow"

[ready]
allow = ["@harmless", "accept4"]
deny = ["execve", "@setuid:kill"]
log = ["connect"]
action = "EPERM"
reload = false
settle = "500ms"
start-post = "after"

[[ready.rules]]
syscall = "mmap"
when = [{ arg = 2, bits-set = "PROT_EXEC" }]
action = "EPERM"

[service]
ProtectSystem = "strict"
ReadWritePaths = ["/var/lib/x"]
NoNewPrivileges = true
TasksMax = 5
loosen = ["ProtectSystem"]

[exec]
wrap = ["ExecCondition", "ExecStartPre", "ExecStart", "ExecStartPost", "ExecReload", "ExecStop", "ExecStopPost"]
start-pre = ["/bin/touch /run/a"]

[apply]
settle = "1min 500ms"
probe = [["curl", "-f", "http://localhost/"], "tcp:127.0.0.1:80"]
probe-as = "www-data"
probe-timeout = "30s"
reload = true
refused = "warn"
listening = "warn"
understood = ["locks-out"]

[[expect]]
syscall = "execve"
action = "kill"
phase = "ready"

[[expect]]
syscall = "socket"
args = ["AF_UNIX", 1, -1]
architecture = "x86"
action = 13
`;
