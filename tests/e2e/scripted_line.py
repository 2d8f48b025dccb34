"""The server's side of the Playground's socket, said line by line by a test."""

from __future__ import annotations

import json

from gateway_process import wait_until

ANSWER = "An **idempotency key** is a value.\n\n```python\nkey = 1\n```\n\nThat is all."


class ScriptedLine:
    """`commands` is what the page said; `say` answers it. Estimates need no help."""

    def __init__(self, page, worst="0.0115", blocked=None, is_down=False):
        self.page, self.worst, self.blocked, self.is_down = page, worst, blocked, is_down
        self.commands, self.sockets, self.opened = [], [], 0
        page.route_web_socket("**/ws/playground", self._open)

    def _open(self, socket):
        self.opened += 1
        if self.is_down:
            socket.close(code=1012)
            return
        self.sockets.append(socket)
        socket.on_message(self._take)

    def _take(self, message):
        command = json.loads(message)
        self.commands.append(command)
        if command["type"] == "estimate":
            panes = {pane: {"prompt_tokens": 24, "worst": self.worst} for pane in command["bodies"]}
            self.say(
                type="estimate", id=command["id"], panes=panes, available="5", blocked=self.blocked
            )

    def say(self, **event):
        self.sockets[-1].send(json.dumps([event]))

    def drop(self):
        self.sockets[-1].close(code=1012)

    def asked(self, kind, count=1):
        """The commands of a kind, when there are so many."""

        def found():
            # The page's events are only heard while it is asked something.
            self.page.evaluate("0")
            return len(self.of(kind)) >= count

        wait_until(found, f"{count} x {kind}")
        return self.of(kind)

    def of(self, kind):
        return [command for command in self.commands if command["type"] == kind]

    # --- Runs

    def accept(self, start, provider="OpenAI"):
        run = start["run"]
        self.say(type="run.accepted", run=run, seq=0, chat=start["chat"], pane=start["pane"])
        self.say(
            type="run.route",
            run=run,
            seq=1,
            provider=provider,
            model=start["body"].get("model"),
            attempt=1,
        )
        return run

    def delta(self, run, seq, text):
        self.say(type="run.delta", run=run, seq=seq, text=text)

    def done(self, run, seq, model, state="done", cost="0.0026", ms=1900, **more):
        event = {
            "type": "run.done", "run": run, "seq": seq, "state": state, "finish": "stop",
            "generation": "gen-8fK2bXQx", "provider": "OpenAI", "model": model, "cost": cost,
            "usage": {"prompt_tokens": 24, "completion_tokens": 163}, "ttft_ms": 410,
            "duration_ms": ms, "tokens_per_second": 86.2, "attempts": [], "cancelled": None,
            "error": None,
        }  # fmt: skip
        self.say(**(event | more))

    def answer(self, start, text=ANSWER, **figures):
        run = self.accept(start)
        self.delta(run, 9, text)
        self.done(run, 10, start["body"]["model"], **figures)
        return run

    def fail(self, start, code, message, **metadata):
        run = self.accept(start, metadata.get("provider_name", "Mancer"))
        error = {"code": code, "message": message, "metadata": metadata}
        self.done(
            run, 4, start["body"]["model"], state="failed", cost="0", usage=None, ttft_ms=None,
            tokens_per_second=None, error=error, provider="Mancer",
        )  # fmt: skip
