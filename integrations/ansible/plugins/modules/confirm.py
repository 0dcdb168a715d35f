#!/usr/bin/python
# Copyright: the sandbox-unit project
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: confirm
short_description: Keep or undo changes of services that wait for a confirmation
description:
  - Keeps what would go back by itself, or undoes it at once.
  - M(sandbox_unit.core.policy) does so itself. This module is for changes that were made by other means, such as the command.
  - The host needs C(sandbox-unit).
version_added: 0.1.0
author: The sandbox-unit project (@sandbox-unit)
extends_documentation_fragment: [sandbox_unit.core.command]
attributes:
  diff_mode:
    description: Says what has changed, or would change, in diff mode.
    support: none
options:
  units:
    description: Names of services. Each of them has to wait, in check mode, too.
    type: list
    elements: str
    required: true
    aliases: [unit, name]
  state:
    description: With V(kept) the changes stay, with V(undone) the units become what they were.
    type: str
    default: kept
    choices: [kept, undone]
seealso:
  - module: sandbox_unit.core.policy
"""

EXAMPLES = r"""
- name: Keep what was changed
  sandbox_unit.core.confirm:
    units: ssh.service
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
      sample: ssh.service
    state:
      description: V(pending) in check mode, V(confirmed), V(rolled-back), V(refused) or V(failed).
      returned: always
      type: str
diagnostics:
  description: What is said, as by M(sandbox_unit.core.policy).
  returned: always
  type: list
  elements: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sandbox_unit.core.plugins.module_utils.command import EXECUTABLE, Command, result_of


def waiting(command, units):
    """Says in check mode what would be done."""
    answer = command.run(["status", "--json", "--", *units])[1]
    found = answer.get("units", [])
    idle = [unit["unit"] for unit in found if unit["confirmBy"] is None]
    if idle or len(found) != len(set(units)):
        names = ", ".join(idle or units)
        command.module.fail_json(msg=f"nothing waits for a confirmation: {names}", units=[], diagnostics=[])
    pending = [dict(unit=unit["unit"], state="pending") for unit in found]
    command.module.exit_json(changed=True, units=pending, diagnostics=[])


def main():
    module = AnsibleModule(
        argument_spec=dict(
            units=dict(type="list", elements="str", required=True, aliases=["unit", "name"]),
            state=dict(type="str", default="kept", choices=["kept", "undone"]),
            **EXECUTABLE,
        ),
        supports_check_mode=True,
    )
    params = module.params
    command = Command(module)
    if not params["units"]:
        module.fail_json(msg="no unit is named")
    if module.check_mode:
        waiting(command, params["units"])
    undo = ["--undo"] if params["state"] == "undone" else []
    status, answer = command.run(["confirm", "--json", *undo, "--", *params["units"]])
    result = result_of(status, answer, False)
    if result.get("failed"):
        module.fail_json(**result)
    result["changed"] = True
    module.exit_json(**result)


if __name__ == "__main__":
    main()
