#!/usr/bin/python
# Copyright: the sandbox-unit project
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: score_info
short_description: Tell how exposed services are
description:
  - Tells the exposure of services, as C(systemd-analyze security) counts it, and what stays open to them.
  - The filter that the launcher loads counts, too.
  - The host needs C(sandbox-unit).
version_added: 0.1.0
author: The sandbox-unit project (@sandbox-unit)
extends_documentation_fragment: [sandbox_unit.core.command, sandbox_unit.core.command.info]
options:
  units:
    description: Names of services. Without any these are all that are loaded and not of C(Type=oneshot).
    type: list
    elements: str
    default: []
    aliases: [unit, name]
seealso:
  - module: sandbox_unit.core.policy_info
"""

EXAMPLES = r"""
- name: Tell how exposed a service is
  sandbox_unit.core.score_info:
    units: nginx.service
  register: scored

- name: Fail where it is too exposed
  ansible.builtin.assert:
    that: scored.units | selectattr('exposure', 'gt', 3.0) | length == 0
"""

RETURN = r"""
units:
  description: Each unit. Further keys are those of C(sandbox-unit schema score), with underscores.
  returned: always
  type: list
  elements: dict
  contains:
    unit:
      description: The full name.
      returned: always
      type: str
    exposure:
      description: From 0, the best, to 10, in tenths.
      returned: always
      type: float
    level:
      description: The exposure as a word.
      returned: always
      type: str
      sample: MEDIUM
diagnostics:
  description: What is said, as by M(sandbox_unit.core.policy).
  returned: always
  type: list
  elements: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sandbox_unit.core.plugins.module_utils.command import (
    EXECUTABLE,
    EXIT_DONE,
    Command,
    diagnostics_of,
    failure_of,
    snake,
)


def main():
    module = AnsibleModule(
        argument_spec=dict(
            units=dict(type="list", elements="str", default=[], aliases=["unit", "name"]),
            **EXECUTABLE,
        ),
        supports_check_mode=True,
    )
    status, answer = Command(module).run(["score", "--json", "--", *module.params["units"]])
    diagnostics = diagnostics_of(answer)
    result = dict(changed=False, units=snake(answer.get("units", [])), diagnostics=diagnostics)
    if status != EXIT_DONE:
        module.fail_json(msg=failure_of(diagnostics), **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
