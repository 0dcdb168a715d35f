import type { Policy } from './policy.js';

/**
 * The policy that refuses nothing: calls that `[syscalls]` and `[ready]` would refuse are let through and recorded, and lines of
 * `[service]` are lifted.
 */
export const asPermissive = (policy: Policy): Policy => ({
  ...policy,
  syscalls: policy.syscalls && { ...policy.syscalls, permissive: true },
  ready: policy.ready && { ...policy.ready, permissive: true },
  service: [],
  lifted: policy.service.map(({ name }) => name),
  loosen: [],
});
