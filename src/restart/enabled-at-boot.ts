import { type Diagnostic, error } from '../diagnostic.js';
import { enabledManifest } from '../paths.js';
import { exists } from '../prepare/load/exists.js';
import type { Context } from '../system/context.js';

/** An error about a unit whose files the generator would put back at the reload that follows their change. */
export async function enabledAtBoot({ system, placement }: Context, unit: string): Promise<Diagnostic[]> {
  const manifest = enabledManifest(unit);
  if (placement.scope === 'user' || !(await exists(system, manifest))) return [];
  const hint = `remove ${manifest} first; 'sandbox-unit generate --runtime --at-boot' enables a policy again`;
  return [
    error('enabled-at-boot', `${unit} is enabled at boot: the generator would put its files back`, { hint }),
  ];
}
