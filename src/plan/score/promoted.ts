import type { DirectiveEntry } from '../../policy/policy.js';
import { formatDirective, isFormatted } from '../../systemd/directives/format.js';
import { findDirective } from '../../systemd/directives/table.js';
import { effectiveUnit } from '../../systemd/unit/effective.js';
import { parseUnitFile } from '../../systemd/unit/unit-file.js';
import { type ReadingManager, settingsOfFiles } from './of-files.js';
import type { ScoreSettings } from './settings.js';

/** The settings of a unit with the lines of `[service]` that wait, as `learn --promote` would state them. */
export function promotedSettings(
  settings: ScoreSettings,
  waiting: readonly DirectiveEntry[],
  manager: ReadingManager,
): ScoreSettings {
  const names = new Set(waiting.map(({ name }) => name));
  const text = ['[Service]', ...waiting.flatMap(unitLines)].join('\n');
  const file = parseUnitFile('waiting.conf', new TextEncoder().encode(text));
  const none = settingsOfFiles(effectiveUnit([]), manager);
  const promoted = settingsOfFiles(effectiveUnit([file]), manager);
  return {
    ...settings,
    isOn: (name) => promoted.isOn(name) || (!names.has(name) && settings.isOn(name)),
    // PrivateDevices= says so of DevicePolicy=, too.
    word: (name) => (promoted.word(name) === none.word(name) ? settings.word(name) : promoted.word(name)),
    deviceAllow: settings.deviceAllow || promoted.deviceAllow,
    umask: names.has('UMask') ? promoted.umask : settings.umask,
    bounding: new Set([...settings.bounding].filter((name) => promoted.bounding.has(name))),
    families: names.has('RestrictAddressFamilies') ? promoted.families : settings.families,
  };
}

function unitLines({ name, value, valueAt }: DirectiveEntry): string[] {
  const row = findDirective(name);
  const formatted = row && formatDirective(row, value, valueAt);
  return formatted && isFormatted(formatted) ? formatted.values.map((text) => `${name}=${text}`) : [];
}
