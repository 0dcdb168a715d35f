import type { Entries } from './entry.js';

/** Changes: apply, revert and confirm. */
export const CHANGES = {
  locked: {
    cause:
      'Another sandbox-unit has been changing units, or giving what runs a filter, for minutes. This one does not wait for longer.',
    wayOut:
      "`fuser` on the lock's file in the hint names the process. When that has ended, run the command again.",
  },
  busy: {
    cause: 'Another sandbox-unit is changing units at this moment. What is half done is its own matter.',
    wayOut: 'Run the command again when the other has ended.',
  },
  'half-done': {
    cause:
      'A unit is being changed, or a run was ended in the middle of a change, or could not put everything back.',
    wayOut: '`sandbox-unit status UNIT`, as root, rolls the unit back, and says what stands against that.',
  },
  'put-back': {
    cause:
      'An earlier run was ended in the middle of a change. The unit is now as it was before that change.',
    wayOut: 'Make the change again if it is still wanted.',
  },
  'undo-file': {
    cause:
      'The record of what there was before a change is damaged, or was not written by sandbox-unit. Nothing is undone by it.',
    wayOut:
      'See that the unit is as it shall be: `sandbox-unit status UNIT`. Then remove the file that the message names.',
  },
  'changed-since': {
    cause:
      "Somebody else has changed the unit's files since a run began to change them. Undoing the run would undo their work, too.",
    wayOut:
      'Decide which state is right: `sandbox-unit apply UNIT` or `sandbox-unit revert UNIT` brings it about.',
  },
  interrupted: {
    cause:
      'A signal, such as Ctrl-C, ended the run early; or a command of `run` was no longer waited for. An apply puts back what it has changed.',
    wayOut: 'Run the command again.',
  },
  activated: {
    cause:
      'The script `activate` has left a unit half changed, or waiting for a confirmation. It alone can undo that.',
    wayOut: 'Run the command in the hint: `--undo` puts the unit back, and `--keep` keeps it.',
  },
  'applied-for-good': {
    cause: 'The unit is confined for good. Files below `/run` would not take the place of these.',
    wayOut: '`sandbox-unit revert UNIT` first, or leave `--runtime` out.',
  },
  'enabled-at-boot': {
    cause:
      'A generator of earlier versions put the policy into force at boot. This version has none: the unit may start unconfined at the next boot.',
    wayOut:
      'Run the commands of the hint: they remove what is left, and apply the policy for good. A copy of the generator in `/etc/systemd/system-generators` can go then.',
  },
  'not-confirmed': {
    cause: 'A change with `--confirm` was not confirmed, or not in time. The unit is as it was before.',
    wayOut:
      'See that you can still get in with the change, then apply it again and run `sandbox-unit confirm`.',
  },
  unconfirmed: {
    cause:
      'A change was made with `--confirm`, and goes back by itself unless somebody confirms it. Until then nothing else changes the unit.',
    wayOut:
      '`sandbox-unit confirm UNIT` keeps it, and `sandbox-unit confirm --undo UNIT` takes it back at once.',
  },
  undone: {
    cause: 'A change of the unit waited to be confirmed, and this revert has undone it first.',
    wayOut: 'Nothing.',
  },
  untried: {
    cause:
      'The change waits to be confirmed, and nothing was restarted under it. That you still get in proves nothing yet.',
    wayOut: 'Start the service before you confirm, or keep another way in until its next start.',
  },
  'not-waiting': {
    cause: 'No change waits for this confirmation: there was none, it was confirmed, or it has gone back.',
    wayOut:
      '`sandbox-unit status UNIT` says how the unit is. The command in the hint shows what went back by itself.',
  },
  'not-armed': {
    cause:
      'The timer that undoes what is not confirmed did not start. Without it nothing with `--confirm` is changed.',
    wayOut: 'Run the command in the hint: the journal has the reason.',
  },
  'restarted-since': {
    cause:
      'The service was restarted between its trial and its confirmation. What was tried is another run than the one that is kept.',
    wayOut: 'Nothing, if the service is up and does its work.',
  },
  'not-up': {
    cause: "The service was up when it was tried, and isn't any more when it is to be confirmed.",
    wayOut: '`systemctl status UNIT` says why. Without a confirmation the unit goes back by itself.',
  },
  'left-as-it-is': {
    cause:
      'The unit is confined in another way than this run would do it, or a file that it made was changed since. It was not asked to change that.',
    wayOut: 'The command in the hint changes it. A file that was changed is yours to remove.',
  },
  'no-policies': {
    cause: 'No folder of policies has one for a unit that is there.',
    wayOut:
      "Write a policy into one of the folders in the message, as `UNIT.toml` with the unit's full name.",
  },
  purged: {
    cause:
      'The unit is not named, or has no policy any more, and `--purge` takes the confinement from such units.',
    wayOut: 'Nothing. A policy and `sandbox-unit apply UNIT` confine it again.',
  },
  'not-purged': {
    cause:
      'A unit stays confined although `--purge` was given: its name stands for another, it is transient, or a named unit was refused.',
    wayOut:
      'Correct what was refused, then run the command again. `sandbox-unit revert UNIT` frees a single unit.',
  },
  reloaded: {
    cause: 'Unit files had changed, and systemd was made to read them, so that the plan is of what is there.',
    wayOut: 'Nothing.',
  },
  'reload-due': {
    cause: 'The drop-in is as planned, but systemd has not read it. It is made to read its files again.',
    wayOut: 'Nothing. With `--check` nothing is done yet: `sandbox-unit apply UNIT` does it.',
  },
  'not-restored': {
    cause:
      'A recorded run let calls through, and the unit could not be put back as it was. It may still be permissive.',
    wayOut:
      '`sandbox-unit status UNIT` says how it is, and `sandbox-unit apply UNIT` enforces the policy again.',
  },
} as const satisfies Entries;
