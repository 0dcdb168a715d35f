import type { Policy } from './policy.js';

/** The policy, with what its `[syscalls]` would refuse let through and recorded; nothing else of it changes. */
export const asPermissive = (policy: Policy): Policy =>
  policy.syscalls ? { ...policy, syscalls: { ...policy.syscalls, permissive: true } } : policy;
