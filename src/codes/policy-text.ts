import type { Entries } from './entry.js';

/** The text of a policy. */
export const POLICY_TEXT = {
  'policy-syntax': {
    cause:
      'The file is not valid TOML at this place. Text has to stand in quotes; numbers, `true` and `false` do not.',
    wayOut: 'Correct the line that the message shows, then run `sandbox-unit check FILE`.',
  },
  'policy-encoding': {
    cause: 'The file has bytes that are not UTF-8, and TOML is UTF-8 text.',
    wayOut: 'Save the file as UTF-8. `iconv -f latin1 -t utf-8` converts a file in Latin-1.',
  },
  'policy-size': {
    cause:
      'The file is larger, or has more values, than any policy needs. Such a file is refused before it costs time.',
    wayOut: 'See that it is a policy. Name sets of calls, such as `@mount`, instead of long lists of calls.',
  },
  'too-many': {
    cause: 'The policy has more mistakes of one kind than are listed.',
    wayOut: 'Correct those that are listed, and run the command again: it shows the next ones.',
  },
  'unknown-key': {
    cause: 'No key of that name belongs in this table. It may be misspelt, or belong in another section.',
    wayOut:
      'Take the name that the hint proposes. `man sandbox-unit.toml` has all keys, and `sandbox-unit schema` lets an editor know them.',
  },
  'missing-key': {
    cause: 'The table lacks a key without which it says nothing.',
    wayOut: 'Add the key. `man sandbox-unit.toml` says what it takes.',
  },
  'wrong-type': {
    cause: 'The value is of another kind than the key takes, such as a text where a list is expected.',
    wayOut:
      'Write the kind of value that the message names. `man sandbox-unit.toml` has an example for each key.',
  },
  'unknown-value': {
    cause: 'The key takes one of a few words, and this is none of them.',
    wayOut: 'Take one of the words in the hint.',
  },
  'unknown-syscall': {
    cause: "No system call that is known here has this name, nor does the target's systemd know it.",
    wayOut: 'Correct the spelling. `man 2 syscalls` lists the calls, and a set has `@` in front of its name.',
  },
  'unknown-set': {
    cause:
      'The syscall sets that the policy is read with have none of this name. Newer releases of systemd have more sets.',
    wayOut: 'Correct the spelling. `systemd-analyze syscall-filter` lists the sets of a machine.',
  },
  'foreign-syscall': {
    cause:
      'The name is that of a call which no machine known here has. It may be misspelt, or belong to another architecture.',
    wayOut: 'Correct the name, or leave it out: nothing here can make this call.',
  },
  'newer-syscall': {
    cause:
      "Only systemd knows the name. The call is younger than this program's tables, or belongs to other machines.",
    wayOut:
      'See that the name is meant. If it is, there is nothing to do: systemd filters the call by its name.',
  },
  'absent-syscall': {
    cause: "The machine's own ABI has no call of this name, but a newer one that does the same work.",
    wayOut: 'Name the other call from the hint, too, or in its place.',
  },
  'unknown-action': {
    cause: 'The word after the colon, or of `action`, is neither an action nor an errno.',
    wayOut: "Write `kill`, `log`, an errno's name such as `EPERM`, or its number.",
  },
  'misplaced-action': {
    cause:
      'A call in `allow` or `log` has an action behind a colon. Only `deny` gives calls an action of their own.',
    wayOut: 'Take the colon and what follows it away, or move the entry to `deny`.',
  },
  'unknown-constant': {
    cause:
      'No constant of this name is known for the ABI. Values of constants differ between machines, so each is looked up.',
    wayOut: 'Correct the name, or write the number.',
  },
  'operand-range': {
    cause:
      'The value has more bits than the comparison looks at. A comparison is of 32 bits unless it says otherwise.',
    wayOut: 'Add `width = 64` to the condition, or correct the value.',
  },
  condition: {
    cause: 'A condition has no comparison, or several. Each compares one argument in one way.',
    wayOut:
      'Give it exactly one of the comparisons in the hint. Write a second condition for a second comparison.',
  },
  'unknown-directive': {
    cause:
      'The name is none of the sandboxing directives that are known here, or `loosen` names one that `[service]` does not set.',
    wayOut:
      'Correct the spelling: names of directives are case-sensitive. Other directives of a unit belong in its own drop-in.',
  },
  'refused-directive': {
    cause:
      'A policy does not take this directive. It is made from `[syscalls]`, has an old name, or does not confine a service.',
    wayOut: "Do as the hint says. A directive that does not confine belongs in a drop-in of the unit's own.",
  },
  'directive-value': {
    cause:
      'systemd would not take this value for the directive. It would ignore the line, and the service would go without it.',
    wayOut:
      'Write the kind of value that the message names. `man systemd.exec` describes most of the directives.',
  },
  'bad-probe': {
    cause:
      'A probe is neither a command nor an address that can be tried, or it has a line break where only one line will do.',
    wayOut: 'Write a list of words, `tcp:HOST:PORT`, an `http://` or `https://` address, or `dbus:NAME`.',
  },
  'bad-command': {
    cause: "The first word of a probe's command is empty, or a word has a NUL character in it.",
    wayOut: "Begin the list with the program's path or name.",
  },
  'bad-user': {
    cause: 'The text of `probe-as` has characters that names of users do not have.',
    wayOut: 'Name a user of the machine, as `id USER` knows it.',
  },
  'empty-policy': {
    cause:
      'The policy has neither `[syscalls]` nor `[service]`, nor does it extend another. It would confine nothing.',
    wayOut: 'Add a section, or begin with a template: `sandbox-unit template list`.',
  },
  'no-policy': {
    cause:
      'No policy is where the command looks for one, or nothing says how a command of `run` is to be confined.',
    wayOut:
      'Write one at the path in the hint, correct the path, or name one by `--policy FILE` or `--template NAME`.',
  },
  'unknown-template': {
    cause: "No template of that name is installed, neither the administrator's nor one of this program.",
    wayOut: '`sandbox-unit template list` names them.',
  },
  'extends-cycle': {
    cause: 'A policy extends itself, directly or by the files that it extends.',
    wayOut: 'Take one of the references out. The hint shows the way from file to file.',
  },
  'extends-relative': {
    cause: 'A policy from standard input has no folder that a relative path could begin at.',
    wayOut: "Write an absolute path in `extends`, or a template's name.",
  },
  'extends-too-many': {
    cause: 'The policy extends more files than are read for one policy.',
    wayOut: 'Join some of the files that it extends.',
  },
  'not-in-defaults': {
    cause:
      'The defaults of a host hold for every service. They only take from services, and this key or value could give.',
    wayOut: 'Move the line to the policies that need it, or to a template that these extend.',
  },
  'names-defaults': {
    cause: 'A policy names the defaults of the host, or is to be these. Each policy adds to them by itself.',
    wayOut:
      'Take the file out of `extends`. A unit that gets no more than the defaults has a policy with `defaults = true`.',
  },
  'no-defaults': {
    cause: 'The policy says `defaults = true`, and the host has no such file.',
    wayOut: 'Write the file that the message names, or take the key out of the policy.',
  },
  'defaults-link': {
    cause:
      'The file with the defaults of the host is a link to nothing. Services would silently lose what it says.',
    wayOut: 'Mend the link, or remove it if the host is to have no defaults.',
  },
  'unwritable-line': {
    cause:
      'The value of a directive would not survive in a unit file: a line break, a NUL, bytes that are no text, or outer blanks.',
    wayOut: 'Write the value in one line of plain text, without blanks at its ends.',
  },
  'unwritable-path': {
    cause: "A path has characters that systemd can't take in a directive.",
    wayOut: 'Use a path of plain characters.',
  },
  'unwritable-word': {
    cause:
      "A word of a command line has a NUL or is not UTF-8, or a program's path is not plain and absolute.",
    wayOut: 'Give the program a plain absolute path, without quotes, backslashes or control characters.',
  },
} as const satisfies Entries;
