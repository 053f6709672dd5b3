"""Calls and tips for the conformance suite: a colleague at the page, and answers that are told and recorded here."""

from __future__ import annotations

from typing import ClassVar

from klankbord.channels.contract import Connector, Json
from klankbord.channels.models import Channel
from klankbord.channels.tip.channel import Tip
from klankbord.posts.models import Post
from klankbord.tenancy.fence import acting_for
from tests.cast import Cast
from tests.conformance.adapter import FAULTS, IN, OUT
from tests.conformance.door import DoorAdapter

TOLD = "nothing leaves the house: a colleague tells it, and it is recorded here"


class Network(DoorAdapter):
    connector: ClassVar[type[Connector]] = Tip
    exempt: ClassVar[dict[tuple[str, str], str]] = {
        **{(OUT, one.name): TOLD for one in FAULTS if one.going_out and one.name not in ("duplicate", "SIGKILL")},
        (IN, "429"): "a colleague may take down as much as there is",
        (IN, "clock skew"): "only our own clock counts",
    }

    def connected(self, cast: Cast, channel: Channel) -> None:
        super().connected(cast, channel)
        self.client.force_login(cast.amal)

    @property
    def settings(self) -> Json:
        return {"id": "proef"}

    @property
    def path(self) -> str:
        return "/take-in/"

    def fill_in(self, text: str) -> dict[str, str]:
        return {"text": text, "came_by": "phone", "phone": "06-12345678"}

    @property
    def nonsense(self) -> dict[str, str]:
        return {"text": "\0", "mark": "geraden", "came_by": "<script>", "channel": "0"}

    def received(self) -> list[str]:
        with acting_for(self.channel.organisation_id):
            told = Post.objects.filter(channel=self.channel, direction=Post.Direction.OUT)
            return list(told.values_list("text", flat=True))
