"""The Playground's pages, and what they ask by JSON. Runs come by the socket."""

from __future__ import annotations

from django.urls import URLPattern, path

from playground import chat_views, file_views, models_document, page

urlpatterns: list[URLPattern] = [
    # The page
    path("playground", page.playground, name="playground"),
    path("playground/c/<str:chat>", page.playground, name="playground_chat"),
    path("playground/models.json", models_document.document, name="playground_models"),
    # Chats
    path("playground/chats", chat_views.listing, name="playground_chats"),
    path("playground/chats/<str:chat_id>", chat_views.chat, name="playground_chat_data"),
    path("playground/chats/<str:chat_id>/delete", chat_views.delete, name="playground_chat_delete"),
    path(
        "playground/chats/<str:chat_id>/restore",
        chat_views.restore,
        name="playground_chat_restore",
    ),
    path(
        "playground/chats/<str:chat_id>/export.md",
        chat_views.export,
        {"form": "md"},
        name="playground_chat_markdown",
    ),
    path(
        "playground/chats/<str:chat_id>/export.json",
        chat_views.export,
        {"form": "json"},
        name="playground_chat_json",
    ),
    # Files
    path("playground/files", file_views.upload, name="playground_files"),
    path("playground/files/<str:file_id>", file_views.file, name="playground_file"),
]
