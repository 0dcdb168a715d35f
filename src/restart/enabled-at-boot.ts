/** Units whose policies the generator puts into force at boot (sandbox-unit-generator(8)). */

import { type Diagnostic, error } from '../diagnostic.js';
import { enabledManifest, isRefusal } from '../paths.js';
import { exists } from '../prepare/load/exists.js';
import type { Service } from '../state/service.js';
import type { Context } from '../system/context.js';

/** Whether the generator puts a policy into force for a unit. */
export const isEnabledAtBoot = async ({ system, placement }: Context, unit: string): Promise<boolean> =>
  placement.scope === 'system' && (await exists(system, enabledManifest(unit)));

/** An error about a unit whose files the generator would put back at the reload that follows their change. */
export async function enabledAtBoot(context: Context, unit: string): Promise<Diagnostic[]> {
  if (!(await isEnabledAtBoot(context, unit))) return [];
  const manifest = enabledManifest(unit);
  const hint = `remove ${manifest} first; 'sandbox-unit generate --runtime --at-boot' enables a policy again`;
  return [
    error('enabled-at-boot', `${unit} is enabled at boot: the generator would put its files back`, { hint }),
  ];
}

/** An error about a service that the generator keeps from starting: a trial would only find that. */
export function refusedAtBoot({ name, state }: Service): Diagnostic[] {
  if (!state.dropInPaths.some(isRefusal)) return [];
  const manifest = enabledManifest(state.id);
  const hint = `make its files anew with 'generate', or remove ${manifest}; then 'systemctl daemon-reload'`;
  return [
    error('refused-at-boot', `${name} can't start: the policy that is enabled for it does not fit any more`, {
      hint,
    }),
  ];
}
