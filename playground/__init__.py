"""The Playground: several models side by side, live, and the chats that are kept of it.

A run is one answer of one pane. It belongs to the server and not to the page: the page may reload,
lose its connection or close, and the run goes on, is charged and is kept (design/ui.md 3.4).
"""
