"""Calls of tools in the words of a model that knows none, also while they stream. Pure.

The form is the one `tools` asks for: a block of YAML with `tool_calls:`, in a fence or not; JSON of
the same shape will do. Text before a call goes on at once, and only what looks like the beginning
of a block is held back, until it is one or is not. What turns out to be none is given back as it
came, to the last character.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from routing.chunk import Chunk
from routing.reading.tool_blocks import BLOCK_END, FENCE, FENCE_END, FENCE_LINE_MAX, begins, openers
from routing.reading.tool_calls import read_calls
from routing.reading.tool_yaml import CHARACTERS_MAX
from routing.reading.tools import offered
from routing.request import ChatRequest

_AT_ONCE = 4096
Calls = list[dict[str, Any]]
Piece = str | Calls
State = Callable[[], Piece | None]


class ToolReader:
    """Of one answer to this request, which has tools. `new_id` makes the id of a call: `call_` and
    24 letters or digits."""

    def __init__(self, request: ChatRequest, new_id: Callable[[], str]) -> None:
        self._schemas = {tool["name"]: tool.get("parameters") for tool in offered(request)}
        self._openers, self._fenced_openers = openers(self._schemas)
        self._one_only = request.parameters.get("parallel_tool_calls") is False
        self._new_id = new_id
        self._calls = 0
        self._held = ""
        # Of what is held: where the block begins that is read, and where to look for its end.
        self._head = self._from = 0
        self._space = ""  # behind a call: it belongs to what follows, if anything does
        self._state: State = self._at_start if self._schemas else self._pass

    def feed(self, chunk: Chunk) -> list[Chunk]:
        """The chunks to hand on now, instead of this one."""
        is_last = chunk.finish_reason is not None or chunk.failure is not None
        if not (chunk.text or is_last):
            return [chunk]
        nothing_held = not self._held
        pieces: list[Piece] = []
        for start in range(0, len(chunk.text), _AT_ONCE):
            # What is decided is cut off in front, so a long text is read bit by bit.
            self._held += chunk.text[start : start + _AT_ONCE]
            pieces += self._decided()
        if is_last:
            pieces += self._rest(is_whole=chunk.finish_reason in ("stop", "tool_calls"))
        if nothing_held and not self._calls and "".join(map(str, pieces)) == chunk.text:
            return [chunk]
        return [*_chunks(pieces), *self._beside_text(chunk)]

    def finish(self) -> list[Chunk]:
        """What is left when the answer ended without a finish reason."""
        return _chunks(self._rest(is_whole=False))

    def _beside_text(self, chunk: Chunk) -> Iterator[Chunk]:
        """Log-probabilities do not survive: they would be those of other words."""
        reason = chunk.finish_reason
        if reason == "stop" and self._calls:
            reason = "tool_calls"
        if chunk.delta is not None or reason is not None or chunk.failure is not None:
            yield replace(chunk, text="", finish_reason=reason, logprobs=None)

    # The machine: a state reads what is held, takes what is decided, and says what comes next.
    # What it decides depends only on the text so far, never on how that was cut.

    def _decided(self) -> Iterator[Piece]:
        while self._held:
            before = self._state
            piece = self._state()
            if piece is not None:
                yield self._space + piece if isinstance(piece, str) else piece
                self._space = ""
            elif self._state == before:
                return

    def _rest(self, *, is_whole: bool) -> list[Piece]:
        """Nothing more comes: what is held is a call, if the answer was not cut off, or text."""
        state, self._state = self._state, self._pass
        held, self._held = self._held, ""
        block = held[self._head :]
        if state == self._in_fence and (end := FENCE_END.search(block)):
            block = block[: end.start()]
        if is_whole and state in (self._in_fence, self._in_block, self._in_json):
            calls = self._read(block) if len(held) <= CHARACTERS_MAX else None
            if calls is not None:
                return [calls]
        space, self._space = self._space, ""
        return [space + held] if held else []

    def _take(self, end: int) -> str:
        taken, self._held = self._held[:end], self._held[end:]
        return taken

    def _take_line(self, next_state: State) -> str:
        end = self._held.find("\n") + 1
        if end:
            self._state = next_state
        return self._take(end or len(self._held))

    # Text

    def _at_start(self) -> Piece | None:
        """At the start of the answer, where space may stand before a block."""
        words = self._held.lstrip()
        if len(self._held) - len(words) > CHARACTERS_MAX:
            self._state = self._in_line
            return None
        return self._begun(words) if words else None

    def _at_line(self) -> Piece | None:
        return self._begun(self._held)

    def _begun(self, words: str) -> Piece | None:
        """At the start of a line: does a block begin?"""
        if words.startswith("```"):
            return self._fence_begun(words)
        if "```".startswith(words):
            return None
        found = begins(words, self._openers)
        if found is None:
            return None
        self._state = self._in_line
        if found:
            self._head = self._from = 0
            self._state = self._in_json if found[0] in "{[" else self._in_block
        return None

    def _fence_begun(self, words: str) -> Piece | None:
        line, line_end, _ = words.partition("\n")
        if not line_end and len(line) <= FENCE_LINE_MAX:
            return None
        line = line[: FENCE_LINE_MAX + 1]
        fence = FENCE.match(words) if len(line) <= FENCE_LINE_MAX else None
        found = begins(words[fence.end() :], self._fenced_openers) if fence else ""
        if found is None:
            return None
        if fence and found:
            self._head = self._from = len(self._held) - len(words) + fence.end()
            self._state = self._in_fence
        else:
            # Three marks may also stand around words within a line.
            self._state = self._in_line if "`" in line[3:] else self._in_code_line
        return None

    def _in_line(self) -> Piece | None:
        return self._take_line(self._at_line)

    def _in_code_line(self) -> Piece | None:
        return self._take_line(self._in_code)

    def _in_code(self) -> Piece | None:
        """At the start of a line of code: is it the end of the fence?"""
        line, line_end, _ = self._held.partition("\n")
        if not line_end and len(line) <= FENCE_LINE_MAX and line.strip() in ("", "`", "``", "```"):
            return None
        is_end = line_end and FENCE_END.fullmatch(line)
        self._state = self._in_line if is_end else self._in_code_line
        return None

    def _pass(self) -> Piece | None:
        return self._take(len(self._held))

    # Blocks

    def _in_fence(self) -> Piece | None:
        line = self._held.rfind("\n") + 1
        # No end of a fence is long: while a long line goes on, there is nothing to look for.
        may_end = line > self._from or len(self._held) - line <= FENCE_LINE_MAX
        end = FENCE_END.search(self._held, self._from) if may_end else None
        # Without its line end the last line may go on.
        if end is not None and end.end() < len(self._held):
            return self._block(end.end(), self._held[self._head : end.start()])
        self._from = max(self._head, self._held.rfind("\n") + 1)
        if len(self._held) <= CHARACTERS_MAX:
            return None
        self._state = self._in_code
        return self._take(self._head)

    def _in_block(self) -> Piece | None:
        """In YAML without a fence."""
        space = len(self._held) - len(self._held.lstrip())
        end = BLOCK_END.search(self._held, max(space, self._from))
        if end is not None:
            return self._block(end.end(), self._held[: end.end()])
        self._from = max(0, self._held.rfind("\n"))
        if len(self._held) > CHARACTERS_MAX:
            self._state = self._in_long_block
            return self._take(space) or None
        return None

    def _in_long_block(self) -> Piece | None:
        """In what is too long to be read: text, to its end."""
        end = BLOCK_END.search(self._held)
        if end is None:
            # A line end may be the last one.
            return self._take(len(self._held) - self._held.endswith("\n")) or None
        self._state = self._at_line
        return self._take(end.end())

    def _in_json(self) -> Piece | None:
        """In JSON without a fence: to the end of the answer."""
        if len(self._held) > CHARACTERS_MAX:
            self._state = self._pass
        return None

    def _block(self, end: int, text: str) -> Piece:
        calls = self._read(text) if end <= CHARACTERS_MAX else None
        whole = self._take(end)
        if calls is not None:
            self._state = self._after_call
            return calls
        self._state = self._at_line if whole[-1] == "\n" else self._in_line
        return whole

    def _after_call(self) -> Piece | None:
        words = self._held.lstrip()
        self._space += self._take(len(self._held) - len(words))
        if words:
            self._state = self._at_line
        return None

    def _read(self, text: str) -> Calls | None:
        calls = read_calls(text, self._schemas)
        if calls is None:
            return None
        if self._one_only:
            calls = calls[: max(0, 1 - self._calls)]
        return [self._numbered(*call) for call in calls]

    def _numbered(self, name: str, arguments: str) -> dict[str, Any]:
        function = {"name": name, "arguments": arguments}
        call = {"index": self._calls, "id": self._new_id(), "type": "function"}
        self._calls += 1
        return {**call, "function": function}


def _chunks(pieces: Iterable[Piece]) -> list[Chunk]:
    """In order, neighbouring texts as one."""
    made: list[Chunk] = []
    for piece in pieces:
        if not isinstance(piece, str):
            if piece:
                made.append(Chunk(delta={"tool_calls": piece}))
        elif made and made[-1].delta is None:
            made[-1].text += piece
        else:
            made.append(Chunk(piece))
    return made
