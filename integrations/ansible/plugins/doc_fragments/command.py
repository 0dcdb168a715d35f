# Copyright: the sandbox-unit project
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  executable:
    description: The command on the host, if it isn't C(sandbox-unit) in the search path.
    type: path
attributes:
  check_mode:
    description: Can run in C(check_mode) and say what would change, without changing anything.
    support: full
  platform:
    description: Systems that can be managed.
    support: full
    platforms: linux
requirements:
  - Root on the host.
"""

    INFO = r"""
options: {}
attributes:
  diff_mode:
    description: Says what has changed, or would change, in diff mode.
    support: N/A
    details: It changes nothing.
"""
