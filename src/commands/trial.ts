import type { Prepared } from '../prepare/prepare.js';
import type { Trial } from '../transaction/trial.js';

/** How long a service must stay up if the policy doesn't say, in milliseconds. */
const DEFAULT_SETTLE = 1000;

/** What a service must stand by its policy. */
export const trialOf = ({ plan, policy: { policy } }: Prepared): Trial => ({
  plan,
  settle: policy.settle?.value ?? DEFAULT_SETTLE,
  probe: policy.probe?.map(({ value }) => value),
});

/** The plan of a service: of an instance that of its template. */
export const preparedFor = (prepared: Prepared, unit: string): Prepared => ({
  ...prepared,
  plan: { ...prepared.plan, unit },
});
