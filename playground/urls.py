"""The Playground's pages, and what they ask by JSON. Runs come by the socket."""

from __future__ import annotations

from django.urls import URLPattern, path

from playground import chat_views, file_views, models_document, page, preference_views, share_views

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
    # Links to chats
    path(
        "playground/chats/<str:chat_id>/shares", share_views.create, name="playground_chat_shares"
    ),
    path("playground/shared", share_views.listing, name="playground_shared"),
    path(
        "playground/shares/<str:token>/revoke", share_views.revoke, name="playground_share_revoke"
    ),
    path("s/<str:token>", share_views.shared, name="playground_share"),
    path(
        "s/<str:token>/files/<str:file_id>",
        share_views.shared_file,
        name="playground_share_file",
    ),
    # What a person set and found
    path("playground/preferences", preference_views.preference, name="playground_preferences"),
    path("playground/votes", preference_views.vote, name="playground_votes"),
    path("playground/leaderboard", preference_views.leaderboard, name="playground_leaderboard"),
    # Files
    path("playground/files", file_views.upload, name="playground_files"),
    path("playground/last-object", file_views.last_object, name="playground_last_object"),
    path("playground/files/<str:file_id>", file_views.file, name="playground_file"),
]
