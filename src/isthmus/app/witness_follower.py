"""The process that asks witnesses while a server runs: beside the log, never in its way.

It starts the witnesses that run here, each as a process with a key and a folder of its own, and ends with them when its
standard input does. What keeps it from going on is told on standard output, a row (JSON) each time it changes.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import msgspec

from isthmus.app.beside import end_with_server, step_back
from isthmus.app.output import EXIT_OK, print_json
from isthmus.app.venue_http import HttpClient
from isthmus.app.witness_rounds import Line, Rounds
from isthmus.app.witness_settings import WitnessSettings
from isthmus.audit.cosigned import PEERS, witness_folder
from isthmus.audit.entry_log import ENTRY_LOGS, cosign, merge_last
from isthmus.audit.jurisdictions import shipped
from isthmus.audit.places import audit_folder, keys_folder
from isthmus.audit.witness_key import witness_key
from isthmus.engine.proofs import LogReader, LogRefused
from isthmus.kernel.clock import system_clock
from isthmus.kernel.errors import IsthmusError

ANSWER_S = 3.0
"""Of one request to a witness."""
AGAIN_S = 5.0
"""Between the end of a witness and its next start."""
GOSSIP_S = 30.0
"""Between two rounds in which a witness that runs here asks the others."""
READY_S = 30.0
END_S = 5.0
COMMAND = (sys.executable, "-c", "import sys; from isthmus.app.cli import main; sys.exit(main())")
FAULTS = (IsthmusError, LogRefused, OSError)


class Follower:
    """`stopped` is set when the server is gone."""

    def __init__(self, data: Path, settings: WitnessSettings) -> None:
        self.stopped = asyncio.Event()
        self._data = data
        self._settings = settings
        self._rounds: Rounds | None = None
        self._keepers: list[asyncio.Task[None]] = []
        self._processes: dict[str, Process] = {}
        self._logs: dict[str, str] = {}
        self._readers: dict[str, LogReader] = {}
        self._fault: str | None = None

    async def run(self) -> int:
        """Until the server is gone and its last heads were shown."""
        while True:
            ending = self.stopped.is_set()
            try:
                await self._turn()
                self._tell(None)
            except FAULTS as error:
                self._tell(": ".join(error.args) if isinstance(error, LogRefused) else str(error))
            if ending:
                merge_last(self._data, logs_of(self._data))
                break
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._settings.every_s):
                    await self.stopped.wait()
        await self._close()
        return EXIT_OK

    async def _turn(self) -> None:
        found = logs_of(self._data)
        if not found:
            return
        if self._rounds is None:
            audit = audit_folder(self._data)
            self._rounds = Rounds(audit, self._settings.quorum, shipped(), system_clock)
            self._begin(self._rounds)
        if found != self._logs:
            self._logs = found
            self._readers = {log: LogReader(audit_folder(self._data) / "log" / log) for log in found}
            for name, process in self._processes.items():
                end(process)  # its keeper starts it again, with the keys of all logs; nothing is asked of it till then
                self._rounds.without(name, "starts again")
            if not self._keepers:
                self._keepers = [asyncio.create_task(self._keep(self._rounds, name)) for name in self._settings.own]
        await self._rounds.turn(self._readers)
        for log in ENTRY_LOGS & found.keys():
            await asyncio.to_thread(cosign, self._data, log, found[log])

    def _begin(self, rounds: Rounds) -> None:
        for name in self._settings.own:
            rounds.without(name, "starts")
        for name, at in self._settings.urls.items():
            place = f"audit.witnesses.urls.{name}.url"
            rounds.put(Line(name, at.url, witness_key(at.vkey), HttpClient(at.url, place, ANSWER_S)))

    async def _keep(self, rounds: Rounds, name: str) -> None:
        """A witness that runs here, started again should it end."""
        while True:
            given, logs = ["--jurisdiction", name, "--state", str(witness_folder(self._data) / name)], self._logs
            for vkey in logs.values():
                given += ["--log-vkey", vkey]
            given += ["--peers", str(witness_folder(self._data) / PEERS), "--gossip-every", str(GOSSIP_S)]
            given += ["--logs", str(audit_folder(self._data) / "log")]
            words = (*COMMAND, "audit", "witness", "serve", *given, "--tied")
            process = await asyncio.create_subprocess_exec(*words, stdin=PIPE, stdout=PIPE)
            self._processes[name] = process
            await self._heard(rounds, name, process)
            code = await process.wait()
            rounds.without(name, f"its process ended with code {code}")
            if logs == self._logs:
                await asyncio.sleep(AGAIN_S)

    async def _heard(self, rounds: Rounds, name: str, process: Process) -> None:
        assert process.stdout is not None, "it was asked for"
        try:
            async with asyncio.timeout(READY_S):
                row = msgspec.json.decode(await process.stdout.readline() or b"{}")
        except (TimeoutError, msgspec.DecodeError):
            process.kill()
            return
        if "url" in row:
            http = HttpClient(row["url"], name, ANSWER_S)
            rounds.put(Line(name, row["url"], witness_key(row["vkey"]), http))

    async def _close(self) -> None:
        for task in self._keepers:
            task.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        if self._rounds is not None:
            await self._rounds.close()
        for process in self._processes.values():
            end(process)
        for process in self._processes.values():
            try:
                async with asyncio.timeout(END_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()

    def _tell(self, fault: str | None) -> None:
        if fault != self._fault:
            self._fault = fault
            with contextlib.suppress(BrokenPipeError):
                print_json({"fault": fault})


def end(process: Process) -> None:
    """A witness ends cleanly when its standard input does."""
    if process.returncode is None and process.stdin is not None:
        process.stdin.close()


def logs_of(data: Path) -> dict[str, str]:
    """Public key by log, of the logs that have a head: the key whose name is the origin of its checkpoint."""
    keys = {}
    for path in sorted(keys_folder(data).glob("*.vkey")):
        text = path.read_text(encoding="utf-8").strip()
        keys[text.partition("+")[0]] = text
    found = {}
    for path in sorted((audit_folder(data) / "log").glob("*/checkpoint")):
        origin = path.read_text(encoding="utf-8").partition("\n")[0]
        if origin in keys:
            found[path.parent.name] = keys[origin]
    return found


async def follow(data: Path, settings: WitnessSettings) -> int:
    """Asks the witnesses of a data folder until standard input ends."""
    follower = Follower(data, settings)
    end_with_server(follower.stopped)
    return await follower.run()


def main() -> int:
    """Arguments: data folder, settings (JSON)."""
    step_back()
    settings = msgspec.json.decode(sys.argv[2], type=WitnessSettings)
    return asyncio.run(follow(Path(sys.argv[1]), settings))


if __name__ == "__main__":
    sys.exit(main())
