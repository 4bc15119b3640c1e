"""Opening pages of the built site the way a reader without a network does."""

import contextlib

from tests.conftest import SITE

THEMES = ("light", "dark")


def all_pages():
    """Every page of the site, relative to its root; a mere redirect is none."""
    return sorted(
        str(path.relative_to(SITE))
        for path in SITE.rglob("*.html")
        if 'http-equiv="Refresh"' not in path.read_text(encoding="utf-8")
    )


class Page:
    """A page opened with the network refused, and what it complained of."""

    def __init__(self, page):
        self.page = page
        self.foreign, self.files, self.complaints = [], [], []

    def observe(self, root, name):
        """Open a page of the site at ``root``; record requests, messages and errors."""
        self.root = root
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._request)
        self.page.route(
            lambda url: url.startswith("http") and not url.startswith(root),
            lambda route: route.abort(),
        )
        self.page.goto(root + name, wait_until="load")

    def _console(self, message):
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _request(self, request):
        if request.url.startswith(self.root):
            self.files.append(request.url)
        elif not request.url.startswith(("data:", "blob:")):
            self.foreign.append(request.url)


@contextlib.contextmanager
def opened(
    browser,
    name,
    *,
    theme="light",
    width=1280,
    height=900,
    address="",
    before="",
    root="",
    **options,
):
    """``Page`` for the page ``name`` of the site, closed afterwards.

    ``before`` is a script that runs before the page's own; ``address`` is what stands behind the
    page's, from "#" on; ``root`` is the address of a host that serves the site, if one does.
    Without a ``theme`` the page is opened as by a reader who never chose one.
    """
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=theme or "light", **options
    )
    if theme:
        context.add_init_script(
            f"localStorage.setItem('mode','{theme}');localStorage.setItem('theme','{theme}');"
        )
    if before:
        context.add_init_script(before)
    context.set_default_timeout(10_000)
    page = Page(context.new_page())
    try:
        page.observe(root or f"{SITE.as_uri()}/", name + address)
        yield page
    finally:
        context.close()
