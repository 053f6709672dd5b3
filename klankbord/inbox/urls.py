"""Addresses of the desk."""

from __future__ import annotations

from django.urls import path

from klankbord.inbox.views import acts, drafts, live, page, presence

urlpatterns = [
    path("", page.desk, name="desk"),
    path("live", live.live, name="live"),
    path("lists", page.views, name="desk-lists"),
    path("presence", presence.who, name="presence"),
    path("step/<int:pk>/undo", acts.undo, name="undo"),
    path("draft/<int:pk>/take", drafts.take, name="draft-take"),
    path("draft/<int:pk>/drop", drafts.drop, name="draft-drop"),
    path("file/<int:pk>", page.file, name="desk-file"),
    path("delivery/<int:pk>/lookup", acts.decide, {"decision": "lookup"}, name="delivery-lookup"),
    path("delivery/<int:pk>/confirm", acts.decide, {"decision": "confirm"}, name="delivery-confirm"),
    path("delivery/<int:pk>/resend", acts.decide, {"decision": "resend"}, name="delivery-resend"),
    path("<int:pk>", page.conversation, name="conversation"),
    path("<int:pk>/row", page.row, name="conversation-row"),
    path("<int:pk>/posts", page.posts, name="conversation-posts"),
    path("<int:pk>/resident", page.resident, name="resident"),
    path("<int:pk>/reply", acts.reply, name="reply"),
    path("<int:pk>/note", acts.note, name="note"),
    path("<int:pk>/assign", acts.assign, name="assign"),
    path("<int:pk>/draft/reply", drafts.keep, {"kind": "reply"}, name="draft-reply"),
    path("<int:pk>/draft/note", drafts.keep, {"kind": "note"}, name="draft-note"),
    path("<int:pk>/here", presence.here, name="here"),
    path("<int:pk>/away", presence.away, name="away"),
    path("<int:pk>/seen", acts.seen, name="seen"),
    path("<int:pk>/close", acts.close, name="close"),
    path("<int:pk>/reopen", acts.reopen, name="reopen"),
    path("<int:pk>/reason", acts.open_with_reason, name="open-with-reason"),
]
