#!/usr/bin/python
# Copyright: the sandbox-unit project
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: policy_info
short_description: Tell how services are confined
description:
  - Lists confined services and their drift, and holds what is in force against their policies.
  - The host needs C(sandbox-unit). Units that a killed run of it has left half changed are rolled back first.
version_added: 0.1.0
author: The sandbox-unit project (@sandbox-unit)
extends_documentation_fragment: [sandbox_unit.core.command, sandbox_unit.core.command.info]
options:
  units:
    description: Names of services. Without any all are listed that are confined.
    type: list
    elements: str
    default: []
    aliases: [unit, name]
  verify:
    description: Whether the filters and the processes of each unit are held against its policy, which takes longer.
    type: bool
    default: true
seealso:
  - module: sandbox_unit.core.policy
"""

EXAMPLES = r"""
- name: Look at all confined services
  sandbox_unit.core.policy_info:
  register: confined

- name: Fail where something has drifted or isn't enforced
  ansible.builtin.assert:
    that:
      - confined.units | rejectattr('drift', 'equalto', []) | length == 0
      - confined.units | rejectattr('enforced') | length == 0
"""

RETURN = r"""
units:
  description: Each unit. Further keys are those of C(sandbox-unit schema status), with underscores.
  returned: always
  type: list
  elements: dict
  contains:
    unit:
      description: The full name.
      returned: always
      type: str
    mode:
      description: V(enforcing) or V(permissive), or null for a unit that isn't confined.
      returned: always
      type: str
    state:
      description: How the service runs, such as V(live), or null for a unit that isn't confined.
      returned: always
      type: str
    policy:
      description: The policy that it was confined by, as a path on the host, or null.
      returned: always
      type: str
    drift:
      description: What has changed since, as codes such as V(drift-command).
      returned: always
      type: list
      elements: str
    confirm_by:
      description: When the unit goes back unless it is confirmed, UTC, or null.
      returned: always
      type: str
    enforced:
      description: Whether all was seen, and is as the policy says, of a permissive unit as what is let through.
      returned: with O(verify)
      type: bool
    verified:
      description: What was seen, as of C(sandbox-unit schema verify).
      returned: with O(verify), unless nothing could be seen
      type: dict
not_applied:
  description: Units that have a policy on the host and aren't confined.
  returned: without O(units)
  type: list
  elements: str
diagnostics:
  description: What is said, as by M(sandbox_unit.core.policy).
  returned: always
  type: list
  elements: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sandbox_unit.core.plugins.module_utils.command import (
    EXECUTABLE,
    Command,
    diagnostics_of,
    failure_of,
    snake,
)


def verified(command, unit):
    """What verify says of a unit, for its result; of one that isn't confined it has nothing to say."""
    if unit["dropIn"] is None:
        return dict(enforced=False)
    permissive = ["--permissive"] if unit["mode"] == "permissive" else []
    answer = command.run(["verify", "--json", *permissive, "--", unit["unit"]])[1]
    if "enforced" not in answer:
        return dict(enforced=False, diagnostics=diagnostics_of(answer))
    return dict(enforced=answer["enforced"], verified=snake(answer))


def main():
    module = AnsibleModule(
        argument_spec=dict(
            units=dict(type="list", elements="str", default=[], aliases=["unit", "name"]),
            verify=dict(type="bool", default=True),
            **EXECUTABLE,
        ),
        supports_check_mode=True,
    )
    command = Command(module)
    answer = command.run(["status", "--json", "--", *module.params["units"]])[1]
    diagnostics = diagnostics_of(answer)
    if "units" not in answer:
        module.fail_json(msg=failure_of(diagnostics), diagnostics=diagnostics)
    units = []
    for unit in answer["units"]:
        more = verified(command, unit) if module.params["verify"] else {}
        units.append({**snake(unit), **more})
    result = dict(changed=False, units=units, diagnostics=diagnostics)
    if "notApplied" in answer:
        result["not_applied"] = answer["notApplied"]
    module.exit_json(**result)


if __name__ == "__main__":
    main()
