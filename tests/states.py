"""States that no link leads to: nothing there yet, busy, gone wrong, very full. ``tests.screenshots`` draws them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils.translation import override
from playwright.sync_api import Page, Route

from tests.servers.browser import Visitor

AMAL, BRAM, CHANTAL = "amal@klankendam.example", "bram@klankendam.example", "chantal@klankendam.example"
EVA, GIJS, FATMA = "eva@zwijgerswaard.example", "gijs@klankendam.example", "fatma@klankendam.example"
LONG_AGO = "?since=2001-01-01&until=2001-01-02"


@dataclass(frozen=True, slots=True)
class State:
    """What somebody does somewhere to come into it; ``before`` prepares the page, ``after`` acts on it."""

    name: str
    who: str
    address: str
    after: Callable[[Page], None] | None = None
    before: Callable[[Page], None] | None = None

    def reached_by(self, visitor: Visitor) -> Page:
        """A page in this state."""
        page = visitor.page()
        if self.who:
            visitor.log_in(page, self.who)
        if self.before:
            self.before(page)
        page.goto(self.address)
        if self.after:
            self.after(page)
        return page


def without_worker(page: Page) -> None:
    """What a service worker fetches goes past the routes of the test, so it leaves and stays away."""
    page.add_init_script("navigator.serviceWorker.register = () => Promise.reject()")
    page.evaluate(
        "navigator.serviceWorker.getRegistrations().then(all => Promise.all(all.map(one => one.unregister())))"
    )


def answered_with(address: str, status: int, template: str = "") -> Callable[[Page], None]:
    """From now on the house answers like this there."""

    def prepare(page: Page) -> None:
        with override("nl"):
            body = render_to_string(template) if template else ""
        without_worker(page)
        page.route(address, lambda route: route.fulfill(status=status, content_type="text/html", body=body))

    return prepare


def never_answered(page: Page) -> None:
    """The house takes its time with an assignment."""
    without_worker(page)
    held: list[Route] = []
    page.route("**/assign", lambda route: held.append(route))


def unreachable(address: str) -> Callable[[Page], None]:
    """From now on nothing answers there."""

    def prepare(page: Page) -> None:
        without_worker(page)
        page.route(address, lambda route: route.abort())

    return prepare


def opened(page: Page) -> None:
    """The first conversation that nobody has."""
    free = page.locator("#queue-list .row:not(:has(.row__assignee)) a").first
    page.goto(str(free.get_attribute("href")))
    page.wait_for_selector("#reply-text, #note-text")


def waiting(page: Page) -> None:
    """It takes long to assign one."""
    opened(page)
    page.keyboard.press("a")
    page.wait_for_selector("#busy:not(:empty)")


def refused(page: Page) -> None:
    """Assigning one goes wrong."""
    opened(page)
    page.keyboard.press("a")
    page.wait_for_selector("#messages .kb-toast")


def logged_out(page: Page) -> None:
    page.context.clear_cookies()
    page.wait_for_selector("#logged-out:not([hidden])")


def quiet(page: Page) -> None:
    page.wait_for_selector("#connection:not([hidden])")


def sent(page: Page) -> None:
    """A form as it was sent with nothing in it, past what the browser itself asks for."""
    with page.expect_navigation():
        page.evaluate(
            "() => { const button = [...document.querySelectorAll('main form[method=post] [type=submit]')].at(-1);"
            " button.formNoValidate = true; button.click(); }"
        )


def expired(page: Page) -> None:
    """A form that stood open until its cookie was gone."""
    page.context.clear_cookies()
    with page.expect_navigation():
        page.evaluate("document.querySelector('main form[method=post]').submit()")


EMPTY = (
    State("empty-mine", GIJS, "/desk/?view=mine"),
    State("empty-closed", EVA, "/desk/?view=closed"),
    State("empty-found", AMAL, "/desk/?q=eenhoornfontein"),
    State("empty-without-desk", "daan@luisterveen.example", "/desk/"),
    State("empty-log", CHANTAL, f"/audit/{LONG_AGO}"),
    State("empty-exercises", CHANTAL, "/exercises/"),
    State("empty-groups", CHANTAL, "/people/groups"),
    State("empty-calls", EVA, "/take-in/"),
    State("empty-neighbours", BRAM, "/dossiers/wider?topic=niets"),
    State("empty-privacy", FATMA, "/dossiers/privacy"),
    State("empty-person", FATMA, "/privacy/person", sent),
    State("empty-mandate", CHANTAL, "/people/mandates/give"),
)
WRONG = (
    State("wrong-not-there", AMAL, "/niets/"),
    State("wrong-not-there-for-strangers", "", "/niets/"),
    State("wrong-may-not", AMAL, "/people/"),
    State("wrong-form-expired", "", "/accounts/login/", expired),
    State("wrong-not-understood", AMAL, "/dossiers/", None, answered_with("**/dossiers/", 400, "400.html")),
    State("wrong-too-fast", AMAL, "/dossiers/", None, answered_with("**/dossiers/", 429, "429.html")),
    State("wrong-our-fault", AMAL, "/dossiers/", None, answered_with("**/dossiers/", 500, "500.html")),
    State("wrong-no-connection", AMAL, "/offline"),
    State("wrong-log-in-first", "", "/dossiers/"),
    State("wrong-stream-gone", AMAL, "/desk/", quiet, unreachable("**/desk/live")),
    State("wrong-logged-out", AMAL, "/desk/", logged_out, answered_with("**/desk/live", 403)),
    State("wrong-act-our-fault", AMAL, "/desk/", refused, answered_with("**/assign", 500)),
    State("wrong-act-may-not", AMAL, "/desk/", refused, answered_with("**/assign", 403)),
    State("wrong-act-gone", AMAL, "/desk/", refused, answered_with("**/assign", 404)),
    State("wrong-act-no-connection", AMAL, "/desk/", refused, unreachable("**/assign")),
    State("wrong-invitation", CHANTAL, "/people/", sent),
    State("wrong-dossier", BRAM, "/dossiers/new?query=brug+AND+(", sent),
    State("wrong-house-style", CHANTAL, "/house-style/", sent),
)
BUSY = (State("busy", AMAL, "/desk/", waiting, never_answered),)
FULL = (
    State("full-desk", AMAL, "/desk/"),
    State("full-found", AMAL, "/desk/?view=all"),
    State("full-conversation", AMAL, "/desk/", opened),
    State("full-people", CHANTAL, "/people/"),
    State("full-teams", CHANTAL, "/people/teams"),
    State("full-mandates", CHANTAL, "/people/mandates"),
    State("full-give-mandate", CHANTAL, "/people/mandates/give"),
    State("full-log", CHANTAL, "/audit/"),
    State("full-dossiers", BRAM, "/dossiers/"),
    State("full-privacy", FATMA, "/dossiers/privacy"),
    State("full-new-dossier", BRAM, "/dossiers/new"),
    State("full-call", AMAL, "/take-in/"),
    State("full-register", "", "/register/1"),
    State("full-channels", CHANTAL, "/channels/"),
)
STATES = (*EMPTY, *WRONG, *BUSY)
