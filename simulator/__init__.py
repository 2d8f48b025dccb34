"""Plays LLM providers on the wire, for demos, tests and benches. A stand-alone ASGI program.

    python -m simulator --port 8001          then talk to http://127.0.0.1:8001/<provider>/v1

It imports nothing of the product and nothing of the product imports it, so that the two can only
agree through bytes. A provider is a row of `providers.py`; a dialect is a file; a fault is a
directive (`faults.py` has the grammar).
"""

from __future__ import annotations
