# Copyright: the sandbox-unit project
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's part of the module of this name: policies in files, hosts without the command, and confirmations."""

from __future__ import annotations

import shutil
import tempfile
import typing as t

from ansible import constants as C
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.module_utils.common.text.converters import to_text
from ansible.plugins.action import ActionBase
from ansible_collections.sandbox_unit.core.plugins.module_utils.command import printable, warnings_of
from ansible_collections.sandbox_unit.core.plugins.module_utils.policy_spec import (
    ARGUMENT_SPEC,
    MUTUALLY_EXCLUSIVE,
    mistake_in,
)
from ansible_collections.sandbox_unit.core.plugins.plugin_utils.agentless import Agentless

MODULE = "sandbox_unit.core.policy"
CONFIRM = "sandbox_unit.core.confirm"

UNCONFIRMED = "unconfirmed"
"""The code of what is said of a unit that waits."""


class ActionModule(ActionBase):
    """Runs the module where the host has the command; else does its work from here."""

    TRANSFERS_FILES = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """The result of the task."""
        super().run(tmp, task_vars)
        try:
            result = printable(self._result(task_vars))
        except AnsibleActionFail as error:
            # The cause has the same text, as the host has said it.
            raise AnsibleActionFail(printable(error.message)) from None
        if result.get("agentless"):
            for text in warnings_of(result["diagnostics"]):
                self._display.warning(text)
        return result

    def _result(self, task_vars: dict[str, t.Any] | None) -> dict[str, t.Any]:
        params = self.validate_argument_spec(ARGUMENT_SPEC, mutually_exclusive=MUTUALLY_EXCLUSIVE)[1]
        mistake = mistake_in(params)
        if mistake is not None:
            raise AnsibleActionFail(mistake)
        if params["src"] is not None:
            params.update(src=None, content=self._text_of(params["src"]))
        if params["agentless"] != "always":
            given = {key: value for key, value in params.items() if value is not None}
            result = self._execute_module(module_name=MODULE, module_args=given, task_vars=task_vars)
            if not result.pop("command_missing", False):
                return self._confirmed(result, params, task_vars)
        return self._agentless(params)

    def _text_of(self, src: str) -> str:
        path = self._loader.get_real_file(self._find_needle("files", src), decrypt=True)
        with open(path, "rb") as file:
            content = file.read()
        try:
            return content.decode()
        except UnicodeDecodeError as error:
            raise AnsibleActionFail(f"{src} is no text in UTF-8") from error

    def _confirmed(self, result: dict, params: dict, task_vars: dict[str, t.Any] | None) -> dict[str, t.Any]:
        waiting = [unit for unit in result.get("units", []) if unit.get("state") == "unconfirmed"]
        if not waiting or self._task.check_mode:
            return result
        args = dict(units=[unit["unit"] for unit in waiting])
        if params["executable"] is not None:
            args["executable"] = params["executable"]
        try:
            self.connect_anew()
            answer = self._execute_module(module_name=CONFIRM, module_args=args, task_vars=task_vars)
        except AnsibleConnectionFailure as error:
            self._connection._shell.tmpdir = None
            return _not_kept(result, f"no new connection to the host: {error}")
        if answer.get("failed") or answer.get("unreachable"):
            return _not_kept(result, str(answer.get("msg")))
        states = {unit["unit"]: unit["state"] for unit in answer["units"]}
        for unit in waiting:
            unit["state"] = states.get(unit["unit"], unit["state"])
            unit.pop("confirm_by", None)
        for one in (result, *waiting):
            one["diagnostics"] = [said for said in one["diagnostics"] if said["code"] != UNCONFIRMED]
        return result

    def _agentless(self, params: dict[str, t.Any]) -> dict[str, t.Any]:
        folder = tempfile.mkdtemp(dir=C.DEFAULT_LOCAL_TMP)
        try:
            return Agentless(params, self, folder).run(self._task.check_mode, self._task.diff)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    # The host, as Agentless sees it.

    def run_on_host(self, words: list[str]) -> tuple[int, str]:
        """Runs a program. Returns its exit status, and all that it prints."""
        done = self._low_level_execute_command(self._connection._shell.join(words))
        return done["rc"], to_text(done["stdout"]) + to_text(done["stderr"])

    def put(self, path: str, name: str) -> str:
        """Copies a file into the task's folder on the host. Returns its path there."""
        shell = self._connection._shell
        if shell.tmpdir is None:
            self._make_tmp_path()
        remote = shell.join_path(shell.tmpdir, name)
        self._transfer_file(path, remote)
        self._fixup_perms2([shell.tmpdir, remote])
        return remote

    def connect_anew(self) -> None:
        """What is run from here on comes by another connection."""
        # What is left in the task's folder is removed as long as the host can be reached.
        self._remove_tmp_path(self._connection._shell.tmpdir)
        self._connection._shell.tmpdir = None
        self._connection.reset()


def _not_kept(result: dict[str, t.Any], why: str) -> dict[str, t.Any]:
    return {**result, "failed": True, "msg": f"the change isn't kept, and goes back by itself: {why}"}
