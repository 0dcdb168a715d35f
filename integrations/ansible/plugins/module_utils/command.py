# Copyright: the sandbox-unit project
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command on a host: how modules call it, and what its JSON comes to."""

from __future__ import annotations

import json
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict

COMMAND = "sandbox-unit"
REVERT = ("revert", "--json=summary")
EXIT_DONE = 0
EXIT_FINDINGS = 1
EXIT_PENDING = 3

EXECUTABLE = dict(executable=dict(type="path"))
"""The option of all modules."""


class Command:
    """The command on this host."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        executable = module.params["executable"]
        self.path = executable or module.get_bin_path(COMMAND, required=False)

    def require(self) -> None:
        """Fails where there is no command."""
        if self.path is None:
            self.module.get_bin_path(COMMAND, required=True)

    def run(self, words: list[str], data: str | None = None) -> tuple[int, dict[str, t.Any]]:
        """
        Runs the command.

        :param words: the verb, its options and operands
        :param data: standard input
        :return: the exit status, and what it has printed as JSON
        """
        self.require()
        status, stdout, stderr = self.module.run_command(
            [self.path, *words],
            data=data if data is not None else "",
            binary_data=True,
            environ_update=dict(LANGUAGE="C", LC_ALL="C.UTF-8"),
        )
        try:
            answer = json.loads(stdout)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            self.module.fail_json(
                msg=f"{self.path} has printed no JSON object, with exit status {status}",
                cmd=[self.path, *words],
                rc=status,
                stdout=stdout,
                stderr=stderr,
            )
        return status, answer


def printable(value: t.Any) -> t.Any:
    """What a host has said, without what a terminal would obey."""
    if isinstance(value, dict):
        return {printable(key): printable(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [printable(one) for one in value]
    if not isinstance(value, str):
        return value
    return "".join(one if one.isprintable() or one in "\n\t" else "?" for one in value.replace("\r\n", "\n"))


def snake(value: t.Any) -> t.Any:
    """Gives what the command has printed the names of Ansible's results."""
    if isinstance(value, list):
        return [snake(one) for one in value]
    return camel_dict_to_snake_dict(value) if isinstance(value, dict) else value


def diagnostics_of(answer: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    """All that a run says of its units and of the machine."""
    return snake(answer.get("diagnostics", answer.get("reasons", [])))


def changes_of(answer: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    """What a run has done to each unit."""
    units = []
    for unit in answer.get("units", []):
        kept = {key: unit[key] for key in ("unit", "state", "restarted", "verified", "confirmBy") if key in unit}
        kept["diagnostics"] = unit.get("diagnostics", unit.get("reasons", []))
        units.append(snake(kept))
    return units


def diff_of(answer: dict[str, t.Any]) -> dict[str, str]:
    """What changes in files and filters, as Ansible shows it."""
    return dict(prepared="".join(unit.get("diff", "") for unit in answer.get("units", [])))


def sentence_of(diagnostic: dict[str, t.Any]) -> str:
    """A diagnostic with its place, its code and its hint, as text."""
    place = "".join(f"{diagnostic[key]}:" for key in ("file", "line", "column") if key in diagnostic)
    text = f"{place} {diagnostic['message']} [{diagnostic['code']}]".lstrip()
    hint = diagnostic.get("hint")
    return f"{text}; hint: {hint}" if hint else text


def failure_of(diagnostics: list[dict[str, t.Any]]) -> str:
    """Why a run has failed, in short."""
    errors = [sentence_of(one) for one in diagnostics if one.get("severity") == "error"]
    return " · ".join(errors) or "the command has failed, and says nothing of it"


def warnings_of(diagnostics: list[dict[str, t.Any]]) -> list[str]:
    """What deserves a look, though nothing has failed."""
    return [sentence_of(one) for one in diagnostics if one.get("severity") == "warning"]


def result_of(status: int, answer: dict[str, t.Any], with_diff: bool) -> dict[str, t.Any]:
    """The result of a module or an action that changes units, failed or not."""
    diagnostics = diagnostics_of(answer)
    result: dict[str, t.Any] = dict(
        changed=bool(answer.get("changed", False)),
        units=changes_of(answer),
        diagnostics=diagnostics,
    )
    if with_diff:
        result["diff"] = diff_of(answer)
    if status not in (EXIT_DONE, EXIT_PENDING):
        result.update(failed=True, msg=failure_of(diagnostics))
    return result
