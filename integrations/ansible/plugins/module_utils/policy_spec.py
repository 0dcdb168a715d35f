# Copyright: the sandbox-unit project
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the module and the action `policy`."""

from __future__ import annotations

import typing as t

ARGUMENT_SPEC: dict[str, t.Any] = dict(
    units=dict(type="list", elements="str", required=True, aliases=["unit", "name"]),
    state=dict(type="str", default="present", choices=["present", "absent", "permissive"]),
    content=dict(type="str"),
    src=dict(type="path"),
    template=dict(type="str"),
    restart=dict(type="bool", default=True),
    confirm=dict(type="str"),
    allow_gaps=dict(type="bool", default=False),
    purge=dict(type="bool", default=False),
    agentless=dict(type="str", default="auto", choices=["auto", "always", "never"]),
    executable=dict(type="path"),
    controller_executable=dict(type="path"),
)

MUTUALLY_EXCLUSIVE = [("content", "src", "template")]

NEVER = "never"
"""The value of `confirm` that keeps a change at once."""


def plan_words(params: dict[str, t.Any]) -> list[str]:
    """The options of the command that decide on a plan."""
    words = []
    if params["content"] is not None:
        words += ["--policy", "-"]
    elif params["template"] is not None:
        words.append("--template=" + params["template"])
    if params["allow_gaps"]:
        words.append("--allow-gaps")
    if params["state"] == "permissive":
        words.append("--permissive")
    return words


def mistake_in(params: dict[str, t.Any]) -> str | None:
    """What the types of the options don't tell."""
    if not params["units"]:
        return "no unit is named"
    for unit in params["units"]:
        if unit.startswith("-") or not unit:
            return f"'{unit}' is no name of a unit"
    if params["state"] == "absent" and params["purge"]:
        return "purge is for units that get a policy, not for state=absent"
    waits = params["confirm"] not in (None, NEVER)
    if waits and not params["restart"]:
        return "what isn't restarted can't be confirmed: confirm and restart=false exclude each other"
    return None
