# Copyright: the sandbox-unit project
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A policy is put into force on a host that has nothing but a shell and systemd."""

from __future__ import annotations

import pathlib
import re
import tarfile
import typing as t

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible_collections.sandbox_unit.core.plugins.module_utils.command import (
    EXIT_DONE,
    EXIT_PENDING,
    diagnostics_of,
    failure_of,
    result_of,
)
from ansible_collections.sandbox_unit.core.plugins.module_utils.policy_spec import NEVER, plan_words
from ansible_collections.sandbox_unit.core.plugins.plugin_utils.controller import Controller

STAGES = "/run/sandbox-unit"
"""Where files wait on a host, each run's in a folder of its own. Root alone can write there."""

MOST_MINUTES = 60
"""Longest time in which a change is confirmed."""

WOULD_RESTART = "would-restart"
"""The code of what only a check has to say."""

DEFAULT_CONFIRM = 120
"""In seconds."""

AS_ROOT = """[ "$(id -u)" = 0 ] || { echo 'it takes root on the host: become'; exit 1; }
exec "$@"
"""
"""Runs a program, as root only."""

STAGE_SCRIPT = f"""set -eu
umask 077
mkdir -p {STAGES}
find {STAGES} -maxdepth 1 -name 'ansible.*' -mmin +{2 * MOST_MINUTES} -exec rm -rf -- {{}} +
stage=$(mktemp -d {STAGES}/ansible.XXXXXXXX)
tar -xz --no-same-owner --no-same-permissions -f "$1" -C "$stage"
printf '%s\\n' "$stage"
"""
"""Unpacks an archive where none but root can change it, and prints the folder."""

CONFINED_SCRIPT = """for path in /etc/systemd/system/*.service.d/zz-sandbox-unit.conf; do
  [ ! -e "$path" ] || printf '%s\\n' "$path"
done
"""
"""Prints the drop-ins of all confined units."""

SECONDS = {"": 1, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600}
WOULD_CHANGE = "would change"
OF_FILES = (" ", "+", "-", "@@ ", "\\ ")
"""Beginnings of the lines in which the script shows files."""

STATES = {"activated": "applied", "kept": "confirmed", WOULD_CHANGE: "pending", "rolled back": "rolled-back"}
"""What the script says of a unit, as the command says it. Other words are the same."""
WAITS = "waits for "
CHANGES = ("applied", "confirmed", "failed", "pending", "reverted", "unconfirmed")
"""States of units that were changed, or would be."""


class Host(t.Protocol):
    """A host, by the connection of a task."""

    def run_on_host(self, words: list[str]) -> tuple[int, str]:
        """Runs a program. Returns its exit status, and all that it prints."""

    def put(self, path: str, name: str) -> str:
        """Copies a file into the task's folder on the host. Returns its path there."""

    def connect_anew(self) -> None:
        """What is run from here on comes by another connection."""


def seconds_of(confirm: str | None) -> int:
    """The time in which a change must be confirmed."""
    if confirm is None:
        return DEFAULT_CONFIRM
    found = re.fullmatch(r"([0-9]{1,5}) ?(s|sec|m|min|h|)", confirm)
    seconds = int(found[1]) * SECONDS[found[2]] if found else 0
    if not 10 <= seconds <= MOST_MINUTES * 60:
        raise AnsibleActionFail(f"confirm is a time such as 2min, from 10s to 1h, or never: not '{confirm}'")
    return seconds


def state_of(said: str) -> str:
    """What the script says of a unit, as the command says it."""
    if said.startswith(WAITS):
        return "unconfirmed"
    return "failed" if said.startswith("rolled back, but") else STATES.get(said, said)


def became(result: dict[str, t.Any], activation: Activation) -> dict[str, t.Any]:
    """A result, once the script that puts files into force has run."""
    units = []
    for unit in result["units"]:
        name = unit["unit"]
        # A unit that the script doesn't name is as it was said to be, but for what was due.
        last = "refused" if activation.errors and unit["state"] == "pending" else unit["state"]
        state = state_of(activation.became[name]) if name in activation.became else last
        units.append({**unit, "state": state, "diagnostics": unit["diagnostics"] + activation.errors.get(name, [])})
    diagnostics = result["diagnostics"] + activation.said()
    changed = any(unit["state"] in CHANGES for unit in units)
    failed = dict(failed=True, msg=failure_of(diagnostics)) if activation.errors else {}
    return {**result, **failed, "changed": changed, "units": units, "diagnostics": diagnostics}


def refuse(result: dict[str, t.Any], name: str, said: list[dict[str, t.Any]]) -> None:
    """Notes in a result that a unit gets no policy. Others get theirs, as where the command is on the host."""
    for unit in (one for one in result["units"] if one["unit"] == name):
        unit.update(state="refused", diagnostics=unit["diagnostics"] + said)
    diagnostics = result["diagnostics"] + said
    result.update(failed=True, msg=failure_of(diagnostics), diagnostics=diagnostics)


def archive(folder: pathlib.Path, path: pathlib.Path) -> str:
    """Packs a folder. Returns the archive's path."""
    with tarfile.open(path, "w:gz") as packed:
        for entry in sorted(folder.rglob("*")):
            packed.add(entry, arcname=str(entry.relative_to(folder)), recursive=False)
    return str(path)


class Activation(t.NamedTuple):
    """What the script that puts files into force has done."""

    status: int | None
    became: dict[str, str]
    """What the script says of each unit."""
    errors: dict[str, list[dict[str, str]]]
    """Diagnostics by units; of no unit are those of an empty name."""
    shown: str = ""
    """What a check shows of the files that would change."""

    def said(self) -> list[dict[str, str]]:
        """All diagnostics."""
        return [one for errors in self.errors.values() for one in errors]


def activation_of(status: int, output: str, units: list[str]) -> Activation:
    """Reads what the script has printed."""
    words: dict[str, str] = {}
    errors: dict[str, list[dict[str, str]]] = {}
    shown: list[str] = []
    for line in output.splitlines():
        name, separator, rest = line.partition(": ")
        if separator and name in units:
            words[name] = rest
        elif separator and name == "activate":
            unit, _colon, message = rest.partition(": ")
            named = unit in units
            errors.setdefault(unit if named else "", []).append(activation_error(message if named else rest))
        elif WOULD_CHANGE in words.values() and line.startswith(OF_FILES):
            shown.append(f"{line}\n")
    if status not in (EXIT_DONE, EXIT_PENDING) and not errors:
        errors[""] = [activation_error(output.strip() or f"the script has ended with status {status}")]
    return Activation(status, words, errors, "".join(shown))


def activation_error(message: str) -> dict[str, str]:
    """A diagnostic of the script that puts files into force."""
    return dict(severity="error", code="not-applied", message=message)


class Agentless:
    """One task's work for a host."""

    def __init__(self, params: dict[str, t.Any], host: Host, folder: str) -> None:
        """
        Copies the script that gathers facts, when it is wanted.

        :param params: options of the task
        :param folder: where files can be left on the controller
        """
        self._params = params
        self._units = [unit if unit.endswith(".service") else f"{unit}.service" for unit in params["units"]]
        self._no_restart = [] if params["restart"] else ["--no-restart"]
        self._host = host
        self._folder = pathlib.Path(folder)
        self._facts: str | None = None
        self._controller = Controller(params["controller_executable"], folder, self._gather)
        self._stage: str | None = None

    def _gather(self, words: list[str]) -> str:
        if self._facts is None:
            script = self._folder / "facts"
            script.write_text(self._controller.script("facts"), encoding="utf-8")
            self._facts = self._host.put(str(script), "facts")
        status, output = self._host.run_on_host(["sh", "-c", AS_ROOT, "sh", "sh", self._facts, *words])
        if status != 0:
            raise AnsibleActionFail(f"the facts of the host can't be gathered: {output.strip()}")
        # A terminal, or a login, may add lines of its own.
        return "".join(f"{line}\n" for line in output.splitlines() if line.startswith('{"'))

    def run(self, check_mode: bool, with_diff: bool) -> dict[str, t.Any]:
        """The result of the task."""
        try:
            if self._params["state"] == "absent":
                result = self._revert(self._units, check_mode, with_diff)
            else:
                result = self._apply(check_mode, with_diff)
                if self._params["purge"] and not result.get("failed"):
                    result = self._purge(result, check_mode, with_diff)
        finally:
            if self._stage is not None:
                self._host.run_on_host(["rm", "-rf", self._stage])
        return {**result, "agentless": True}

    def _apply(self, check_mode: bool, with_diff: bool) -> dict[str, t.Any]:
        seconds_of(None if self._params["confirm"] == NEVER else self._params["confirm"])
        units, policy = self._units, self._params["content"]
        options = plan_words(self._params)
        words = ["apply", "--check", "--json", "--diff", *self._no_restart, *options]
        status, answer = self._controller.plan(words, units, policy)
        result = result_of(status, answer, with_diff)
        for unit in result["units"]:
            unit.pop("restarted", None)
        pending = [unit["unit"] for unit in result["units"] if unit["state"] == "pending"]
        tree = self._folder / "tree"
        for unit in list(pending):
            words = ["generate", "--output", str(tree), "--activate", "--json", *options]
            status, made = self._controller.plan(words, [unit], policy)
            if status != EXIT_DONE:
                refuse(result, unit, diagnostics_of(made))
                pending.remove(unit)
        result["changed"] = bool(pending)
        if check_mode or not pending:
            return result
        for one in (result, *result["units"]):
            one["diagnostics"] = [said for said in one["diagnostics"] if said["code"] != WOULD_RESTART]
        self._to_host(tree)
        return self._activated(result, pending)

    def _to_host(self, tree: pathlib.Path) -> None:
        packed = self._host.put(archive(tree, self._folder / "tree.tar.gz"), "tree.tar.gz")
        status, output = self._host.run_on_host(["sh", "-c", AS_ROOT, "sh", "sh", "-c", STAGE_SCRIPT, "sh", packed])
        found = re.findall(rf"^{STAGES}/ansible\.\w+(?=\r?$)", output, re.MULTILINE)
        if status != 0 or not found:
            raise AnsibleActionFail(f"the files can't be put on the host: {output.strip()}")
        self._stage = found[-1]

    def _activate(self, words: list[str], units: list[str]) -> Activation:
        """Runs the script that puts files into force."""
        return activation_of(*self._host.run_on_host(["sh", f"{self._stage}/activate", *words, *units]), units)

    def _activated(self, result: dict[str, t.Any], pending: list[str]) -> dict[str, t.Any]:
        confirm = self._params["confirm"]
        waits = self._params["restart"] and confirm != NEVER
        words = ["--confirm", str(seconds_of(confirm))] if waits else []
        activation = self._activate([*words, *self._no_restart], pending)
        result = became(result, activation)
        waiting = [unit for unit in pending if activation.became.get(unit, "").startswith(WAITS)]
        return self._keep(waiting, result) if waiting else result

    def _keep(self, waiting: list[str], result: dict[str, t.Any]) -> dict[str, t.Any]:
        try:
            self._host.connect_anew()
            kept = self._activate(["--keep"], waiting)
        except AnsibleConnectionFailure as error:
            kept = Activation(None, {}, {"": [activation_error(f"no new connection to the host: {error}")]})
        result = became(result, kept)
        if kept.status != EXIT_DONE:
            # The way back begins in this folder.
            self._stage = None
            result["msg"] = f"the change isn't kept, and goes back by itself: {failure_of(kept.said())}"
        return result

    def _revert(self, units: list[str], check_mode: bool, with_diff: bool) -> dict[str, t.Any]:
        if self._stage is None:
            tree = self._folder / "scripts"
            tree.mkdir()
            (tree / "activate").write_text(self._controller.script("generate"), encoding="utf-8")
            self._to_host(tree)
        words = ["--revert", *self._no_restart]
        said = [dict(unit=unit, state="unchanged", diagnostics=[]) for unit in units]
        check = self._activate([*words, "--check"], units) if check_mode or with_diff else None
        done = check if check is not None and check_mode else self._activate(words, units)
        result = became(dict(changed=False, units=said, diagnostics=[]), done)
        return {**result, "diff": dict(prepared=check.shown)} if check is not None and with_diff else result

    def _purge(self, result: dict[str, t.Any], check_mode: bool, with_diff: bool) -> dict[str, t.Any]:
        output = self._host.run_on_host(["sh", "-c", CONFINED_SCRIPT])[1]
        confined = re.findall(r"^/etc/systemd/system/([^/\s]+\.service)\.d/zz-sandbox-unit\.conf", output, re.MULTILINE)
        named = {unit["unit"] for unit in result["units"]}
        others = [unit for unit in confined if unit not in named]
        if not others:
            return result
        purged = self._revert(others, check_mode, with_diff)
        joined: dict[str, t.Any] = {key: result[key] + purged[key] for key in ("units", "diagnostics")}
        if with_diff:
            joined["diff"] = dict(prepared=result["diff"]["prepared"] + purged["diff"]["prepared"])
        return {**result, **purged, **joined, "changed": result["changed"] or purged["changed"]}
