"""How services write what is bold, a link, or an error as it is: each has its own marks."""

import html
import re

from django.utils.translation import gettext as _


def label(name: str) -> str:
    """Return a name with a colon behind it; other languages leave a space between them."""
    return _("%(name)s:") % {"name": name}


class Plain:
    """Text without marks, for programs and for what shows none."""

    bullet = "-"

    def title(self, subject: str) -> str:
        """Return the subject where it stands above the text."""
        return subject

    def fact(self, name: str, value: str) -> str:
        """Return one line of a list: what, and its value."""
        return f"{label(name)} {value}"

    def block(self, title: str, text: str) -> str:
        """Return lines that are shown as they are, below a title."""
        return f"{label(title)}\n{text}"

    def item(self, when: str, subject: str, url: str) -> str:
        """Return one line of a digest; the address may be empty."""
        return f"- {label(when)} {subject}" + (f"\n  {url}" if url else "")

    def closing(self, text: str, url: str) -> str:
        """Return the link below all."""
        return url


class Markdown(Plain):
    """Markdown as most know it, which apprise also turns into HTML."""

    # Whether the service shows it as it is, and apprise has nothing to turn into its marks.
    is_final = False

    # An underscore within a word is no markup, and backslashes before it would be seen where
    # Markdown is a dialect.
    _marks = re.compile(r"([\\`*\[\]])")

    def escaped(self, text: str) -> str:
        """Return one line so that it is shown as it is."""
        return self._marks.sub(r"\\\1", text).replace("<", "&lt;")

    def strong(self, text: str) -> str:
        return f"**{self.escaped(text)}**"

    def link(self, text: str, url: str) -> str:
        return f"[{self.escaped(text)}]({url})"

    def fact(self, name: str, value: str) -> str:
        return f"{self.bullet} {self.strong(label(name))} {self.escaped(value)}"

    def block(self, title: str, text: str) -> str:
        # Indented: whatever the text says, it does not end the block.
        lines = "\n".join(f"    {line}" for line in text.splitlines())
        return f"{self.strong(label(title))}\n\n{lines}"

    def item(self, when: str, subject: str, url: str) -> str:
        shown = self.link(subject, url) if url else self.escaped(subject)
        return f"{self.bullet} {label(when)} {shown}"

    def closing(self, text: str, url: str) -> str:
        return self.link(text, url)


class Mail(Markdown):
    """Markdown whose text alone has the address, too: some readers show no HTML."""

    def closing(self, text: str, url: str) -> str:
        return f"{self.link(text, url)}\n\n<{url}>"


class Slack(Markdown):
    """Slack's mrkdwn: https://docs.slack.dev/messaging/formatting-message-text."""

    bullet = "•"
    is_final = True

    def escaped(self, text: str) -> str:
        # Nothing else can be escaped there. It also keeps `<!channel>` from calling everybody.
        return html.escape(text, quote=False)

    def strong(self, text: str) -> str:
        return f"*{self.escaped(text)}*"

    def link(self, text: str, url: str) -> str:
        return f"<{url}|{self.escaped(text)}>"

    def block(self, title: str, text: str) -> str:
        return f"{self.strong(label(title))}\n{_fenced(self.escaped(text))}"


class Discord(Markdown):
    """Discord's Markdown: no HTML, and a word after @ calls people."""

    _marks = re.compile(r"([\\`*_~|\[\]<>#])")

    def title(self, subject: str) -> str:
        return self.strong(subject)

    def escaped(self, text: str) -> str:
        return self._marks.sub(r"\\\1", text).replace("@", "@\N{ZERO WIDTH SPACE}")

    def block(self, title: str, text: str) -> str:
        return f"{self.strong(label(title))}\n{_fenced(text)}"


class Teams(Markdown):
    """The little Markdown of adaptive cards, which have no code: each line is a paragraph."""

    _marks = re.compile(r"([\\`*\[\]]|(?<!\w)_|_(?!\w)|^[#>+-]|(?<=^\d)\.)")

    def title(self, subject: str) -> str:
        return self.escaped(subject)

    def block(self, title: str, text: str) -> str:
        lines = [self.escaped(line.strip()) for line in text.splitlines() if line.strip()]
        return "\n\n".join([self.strong(label(title)), *lines])


def _fenced(text: str) -> str:
    """Return code, which nothing in it ends."""
    inner = text.replace("```", "'''")
    return f"```\n{inner}\n```"


PLAIN, MARKDOWN = Plain(), Markdown()
# By a scheme of apprise.
_OF_SERVICES: dict[str, Markdown] = {
    "mailto": Mail(),
    "slack": Slack(),
    "discord": Discord(),
    "workflows": Teams(),
}


def dialect_of(schemes: tuple[str, ...]) -> Markdown:
    """Return how a service that takes markup, and has these schemes, writes it."""
    return next((_OF_SERVICES[name] for name in schemes if name in _OF_SERVICES), MARKDOWN)
