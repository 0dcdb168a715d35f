import type { Policy } from './policy.js';

/**
 * The policy with a permissive `[syscalls]` and `[ready]`: refused calls are let through and recorded. The other sections
 * stay in force.
 */
export const asPermissive = (policy: Policy): Policy =>
  policy.syscalls || policy.ready
    ? {
        ...policy,
        syscalls: policy.syscalls && { ...policy.syscalls, permissive: true },
        ready: policy.ready && { ...policy.ready, permissive: true },
      }
    : policy;
