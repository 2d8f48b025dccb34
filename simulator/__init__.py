"""Plays LLM providers, and Stripe, on the wire: for demos, tests and benches. It stands alone.

    python -m simulator --port 8001          then talk to http://127.0.0.1:8001/<provider>/...

It imports nothing of the product and nothing of the product imports it, so that the two can only
agree through bytes. A provider is a row of `providers.py`. A dialect is a line of `dialects.py`: a
module for its calls (`<dialect>_calls.py`) and its answers (`<dialect>_wire.py`). A fault is a
directive (`faults.py` has the grammar). `app.py` has the life of one request.
"""

from __future__ import annotations
