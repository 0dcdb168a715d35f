import type { Entries } from './entry.js';

/** Changes since a policy was applied, and scores. */
export const STATUS = {
  'not-applied': {
    cause:
      "The unit is not confined as the policy says: never applied, applied otherwise, or the policy's unit is not there.",
    wayOut:
      '`sandbox-unit apply --check --diff UNIT` shows what would change, and `sandbox-unit apply UNIT` does it.',
  },
  'drift-policy': {
    cause:
      "The policy, what it extends, or the host's defaults have changed since it was applied. The unit is still confined as before.",
    wayOut: 'Apply it again by the command in the hint, or take the change of the policy back.',
  },
  'drift-unit': {
    cause: "The unit's own files have changed, and the policy's files would come out otherwise now.",
    wayOut: 'Apply the policy again by the command in the hint.',
  },
  'drift-command': {
    cause:
      'A command of the unit has changed, as after an upgrade. The drop-in would still start the old one.',
    wayOut: 'Apply the policy again by the command in the hint.',
  },
  'drift-systemd': {
    cause: 'systemd is another version than the files were made for, and they would come out otherwise now.',
    wayOut: 'Apply the policy again by the command in the hint.',
  },
  'drift-files': {
    cause: 'The drop-in or a file beside it is gone, was edited, or can be changed by others than root.',
    wayOut:
      'Apply the policy again by the command in the hint. `sandbox-unit revert UNIT` leaves the unit without it.',
  },
  'drift-loaded': {
    cause:
      'systemd has other values for the unit than the drop-in on disk, or reads another file in its place.',
    wayOut:
      '`systemctl daemon-reload`, and restart the service. Where another file is read, the hint names it.',
  },
  'drift-launcher': {
    cause:
      'The installed launcher is that of another version of sandbox-unit, as after an upgrade. Or a package has brought another one.',
    wayOut: '`sandbox-unit apply UNIT` replaces it, or has the unit take that of the package.',
  },
  'drift-tighten': {
    cause:
      'The installed program that loads filters of `[ready]` is that of another version of sandbox-unit, as after an upgrade. Or a package has brought another one.',
    wayOut: '`sandbox-unit apply UNIT` replaces it, or has the unit take that of the package.',
  },
  'drift-unknown': {
    cause: "Whether something has changed could not be found out, since a file can't be read by this user.",
    wayOut: 'Run the command as root.',
  },
  'file-missing': {
    cause: "A file without which the unit can't start is gone.",
    wayOut: 'Apply the policy again by the command in the hint.',
  },
  'filter-file': {
    cause:
      "A file with the launcher's filter, or with that of `[ready]`, is damaged, or was not written by this program. It is refused when the unit starts, and the start fails.",
    wayOut: 'Apply the policy again by the command in the hint.',
  },
  launcher: {
    cause: "The launcher may not be executed by all. The unit won't start.",
    wayOut: 'Apply the policy again by the command in the hint.',
  },
  tighten: {
    cause: "The program that loads the filter of `[ready]` may not be executed. The unit's start fails.",
    wayOut: 'Apply the policy again by the command in the hint.',
  },
  'gaps-allowed': {
    cause: 'The unit was applied with `--allow-gaps`: nobody enforces the lines of these kinds.',
    wayOut: 'Nothing, if that is still meant. `sandbox-unit plan UNIT` shows the lines.',
  },
  'other-policy': {
    cause:
      'The unit is confined by another policy, or by another text of it, than the one that is found for it now.',
    wayOut: 'The hint has the command that applies it, or that explains calls by the other one.',
  },
  exposed: {
    cause: 'The exposure of the unit is above the limit of `--max`.',
    wayOut: '`sandbox-unit score UNIT` shows what stays open.',
  },
  'bad-max': {
    cause: 'The limit of `--max` is no exposure.',
    wayOut: 'Give a number from 0 to 10, with one decimal at most.',
  },
  'filter-unknown': {
    cause:
      "The filter that the launcher loads for the unit can't be read, or is none that this program makes.",
    wayOut: '`sandbox-unit status UNIT` says more, and `sandbox-unit apply UNIT` writes the file anew.',
  },
} as const satisfies Entries;
