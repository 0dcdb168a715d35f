# Copyright: the sandbox-unit project
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command on the controller, which plans for hosts that don't have it."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import typing as t

from ansible.errors import AnsibleActionFail
from ansible_collections.sandbox_unit.core.plugins.module_utils.command import COMMAND

MOST_ROUNDS = 20
"""Most times that a host is asked for a plan: answers lead to further questions, as each slice to the one above."""

Gather = t.Callable[[list[str]], str]
"""Runs the script that gathers facts on the host, with these words. Returns what it prints."""


class Controller:
    """The command on the controller, about one host."""

    def __init__(self, executable: str | None, folder: str, gather: Gather) -> None:
        """
        Looks for the command.

        :param executable: its path, if it isn't in the search path
        :param folder: where files can be left
        """
        path = executable or shutil.which(COMMAND)
        if path is None:
            raise AnsibleActionFail(
                f"{COMMAND} is neither on the host nor on the controller: install it on one of them,"
                " or name it with executable or controller_executable"
            )
        self._path = path
        self._folder = pathlib.Path(folder)
        self._gather = gather
        self._answers: list[str] = []

    def script(self, verb: str) -> str:
        """The script for hosts that belongs to a verb."""
        status, stdout, stderr = self._run([verb, "--script"])
        if status != 0 or not stdout.startswith("#!"):
            raise AnsibleActionFail(f"{self._path} {verb} --script has failed: {stderr.strip() or stdout.strip()}")
        return stdout

    def ask(self, words: list[str]) -> None:
        """Has the host answer questions, and keeps what it says."""
        path = self._folder / f"answers.{len(self._answers)}"
        path.write_text(self._gather(words), encoding="utf-8")
        self._answers.append(str(path))

    def plan(self, words: list[str], units: list[str], policy: str | None) -> tuple[int, dict[str, t.Any]]:
        """
        Runs a verb about the host, which is asked again where its answers don't do.

        :param words: the verb and its options
        :param policy: standard input
        :return: the exit status, and what was printed as JSON
        """
        if not self._answers:
            self.ask(["--", *units])
        for _round in range(MOST_ROUNDS):
            facts = [word for path in self._answers for word in ("--facts", path)]
            status, answer = self._json([*words, *facts, "--", *units], policy)
            if not answer.get("words"):
                return status, answer
            self.ask(answer["words"])
        return status, answer

    def _json(self, words: list[str], policy: str | None) -> tuple[int, dict[str, t.Any]]:
        status, stdout, stderr = self._run(words, policy)
        try:
            answer = json.loads(stdout)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise AnsibleActionFail(f"{self._path} has printed no JSON object, with exit status {status}: {stderr.strip()}")
        return status, answer

    def _run(self, words: list[str], policy: str | None = None) -> tuple[int, str, str]:
        try:
            done = subprocess.run(
                [self._path, *words],
                input=(policy or "").encode(),
                capture_output=True,
                check=False,
                env={**os.environ, "LANGUAGE": "C", "LC_ALL": "C.UTF-8"},
            )
        except OSError as error:
            raise AnsibleActionFail(f"{self._path} doesn't run on the controller: {error.strerror}") from error
        return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
