#!/usr/bin/python
# Copyright: the sandbox-unit project
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: policy
short_description: Confine systemd services by policies
description:
  - Puts policies of sandbox-unit into force, or takes them away.
  - A service that doesn't come up under its policy, or isn't confined by it, is put back as it was, and the task fails.
  - A host needs no program of the project. Where C(sandbox-unit) is not installed, the controller plans and makes the files
    by what the host tells of itself, and a shell script on the host puts them into force.
version_added: 0.1.0
author: The sandbox-unit project (@sandbox-unit)
extends_documentation_fragment: [sandbox_unit.core.command]
attributes:
  diff_mode:
    description: Says what changes in files, and in filters call by call.
    support: full
options:
  units:
    description: Names of services or of templates of services. All get the same policy.
    type: list
    elements: str
    required: true
    aliases: [unit, name]
  state:
    description:
      - With V(present) units are confined by the policy, with V(absent) nothing of sandbox-unit confines them any more.
      - With V(permissive) what the policy would refuse of calls is let through and recorded.
    type: str
    default: present
    choices: [present, absent, permissive]
  content:
    description:
      - The policy's text, in TOML.
      - Without O(content), O(src) and O(template) it is the policy of the unit's name below C(/etc/sandbox-unit), on the host
        or, where the controller does the work, on the controller.
    type: str
  src:
    description:
      - A file with the policy on the controller, looked for as by M(ansible.builtin.copy).
    type: path
  template:
    description: A starter policy by its name, such as V(no-exec).
    type: str
  restart:
    description:
      - With V(false) services go on as they run, and the change takes effect at their next start.
      - A later task with V(true) restarts such a service only where C(sandbox-unit) is on the host.
    type: bool
    default: true
  confirm:
    description:
      - A time such as V(2min), from ten seconds to an hour. The change goes back by itself, unless a connection that is made
        after the change keeps it within this time. The task makes that connection.
      - Units by which people and machines get in are confirmed within two minutes without this option, too. Where
        C(sandbox-unit) isn't installed on the host, all units are.
      - With V(never) the change is kept at once.
    type: str
  allow_gaps:
    description: With V(true) lines of the policy that nobody enforces on this host are warnings, else errors.
    type: bool
    default: false
  purge:
    description: Whether units are freed that sandbox-unit confines and that O(units) doesn't name.
    type: bool
    default: false
  agentless:
    description:
      - With V(auto) the controller does the work where C(sandbox-unit) isn't found on the host.
      - With V(always) it does so on every host, which then needs no Python, with V(never) on none.
      - The controller then needs C(sandbox-unit), and the host coreutils, findutils, gzip, tar and systemd.
    type: str
    default: auto
    choices: [auto, always, never]
  controller_executable:
    description: The command on the controller, if it isn't C(sandbox-unit) in the search path.
    type: path
seealso:
  - module: sandbox_unit.core.confirm
  - module: sandbox_unit.core.policy_info
"""

EXAMPLES = r"""
- name: Confine a service by a policy of the controller
  sandbox_unit.core.policy:
    units: nginx.service
    src: nginx.toml

- name: Confine it by a policy in place
  sandbox_unit.core.policy:
    units: nginx.service
    content: |
      extends = ["no-exec"]
      [service]
      ProtectHome = true

- name: Change how people get in, and go back within a minute unless one still can
  sandbox_unit.core.policy:
    units: ssh.service
    src: ssh.toml
    confirm: 1min

- name: Record what a policy would refuse
  sandbox_unit.core.policy:
    units: nginx.service
    src: nginx.toml
    state: permissive

- name: Free a service
  sandbox_unit.core.policy:
    units: nginx.service
    state: absent
"""

RETURN = r"""
units:
  description: What was done to each unit.
  returned: unless the command could not run
  type: list
  elements: dict
  contains:
    unit:
      description: The full name.
      returned: always
      type: str
      sample: nginx.service
    state:
      description: V(unchanged), V(pending) in check mode, V(applied), V(unconfirmed), V(confirmed), V(reverted), V(refused),
        V(rolled-back) or V(failed).
      returned: always
      type: str
      sample: applied
    restarted:
      description: Whether the service was restarted.
      returned: where C(sandbox-unit) is on the host, unless O(state=absent)
      type: bool
    verified:
      description: Whether the filters of all threads are as the policy says.
      returned: where C(sandbox-unit) is on the host, and the service was restarted and has processes
      type: bool
    confirm_by:
      description: When the unit goes back unless it is confirmed, UTC.
      returned: where the change isn't kept, and C(sandbox-unit) is on the host
      type: str
    diagnostics:
      description: What is said of the unit, as in RV(diagnostics).
      returned: always
      type: list
      elements: dict
diagnostics:
  description: What is said of all units.
  returned: always
  type: list
  elements: dict
  contains:
    severity:
      description: V(error), V(warning) or V(note).
      returned: always
      type: str
    code:
      description: The kind of diagnostic, for programs.
      returned: always
      type: str
      sample: unknown-syscall
    message:
      description: The text for people.
      returned: always
      type: str
    hint:
      description: The way out.
      returned: where there is one
      type: str
    file:
      description: The file that it is about, or V(standard input) for O(content) and O(src).
      returned: where it is about a place in a policy or unit file
      type: str
    line:
      description: The line in that file.
      returned: where it is about a place in a policy or unit file
      type: int
agentless:
  description: Whether the controller has done the work.
  returned: where it has
  type: bool
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sandbox_unit.core.plugins.module_utils.command import REVERT, Command, result_of, warnings_of
from ansible_collections.sandbox_unit.core.plugins.module_utils.policy_spec import (
    ARGUMENT_SPEC,
    MUTUALLY_EXCLUSIVE,
    NEVER,
    mistake_in,
    plan_words,
)


def words_of(params, check_mode):
    """The command line, without the units."""
    if params["state"] == "absent":
        words = list(REVERT)
    else:
        words = ["apply", "--json", "--diff", *plan_words(params)]
        if params["purge"]:
            words.append("--purge")
    if check_mode:
        words.append("--check")
    if not params["restart"]:
        words.append("--no-restart")
    if params["state"] == "absent" or check_mode or params["confirm"] is None:
        return words
    return words + (["--no-confirm"] if params["confirm"] == NEVER else ["--confirm=" + params["confirm"]])


def main():
    module = AnsibleModule(
        argument_spec=ARGUMENT_SPEC,
        mutually_exclusive=MUTUALLY_EXCLUSIVE,
        supports_check_mode=True,
    )
    params = module.params
    mistake = mistake_in(params)
    if mistake is not None:
        module.fail_json(msg=mistake)
    if params["src"] is not None:
        module.fail_json(msg="src is read on the controller, by the action of this name")
    command = Command(module)
    if command.path is None and params["agentless"] == "auto":
        module.exit_json(changed=False, command_missing=True)
    words = words_of(params, module.check_mode)
    status, answer = command.run([*words, "--", *params["units"]], params["content"])
    result = result_of(status, answer, module._diff)
    for text in warnings_of(result["diagnostics"]):
        module.warn(text)
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
