"""What Slack, Discord, Teams, a webhook and a mailbox get of the real plug-ins of apprise."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import resolve
from django.utils import timezone

from alerts.addresses import address_of
from alerts.models import AlertDelivery
from alerts.services import message_of
from alerts.services.transport import NotDelivered, transmit
from tests.alerts.servers import mail_server
from tests.alerts.services_of_others import Internet, internet

SLACK = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
DISCORD = "https://discord.com/api/webhooks/123456789012345678/" + "abcdefghij" * 6 + "abcdefgh"
TEAMS = (
    "https://prod-01.westeurope.logic.azure.com:443/workflows/0123456789abcdef0123456789abcdef"
    "/triggers/manual/paths/invoke"
    "?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=signature-of-it"
)
NEW_TEAMS = (
    "https://default0123.45.environment.api.powerplatform.com:443/powerautomate/automations/direct"
    "/workflows/0123456789abcdef0123456789abcdef/triggers/manual/paths/invoke"
    "?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=signature-of-it"
)
WEBHOOK = "jsons://example.com/hook"
ALL = [SLACK, DISCORD, TEAMS, WEBHOOK]

# What each of them, or HTML, would take for something else.
NAME = "daily_orders_v2 *new* <i>x</i> [1](2) & co"
ERROR = "no column <b>paid</b> in *orders* & [x](y)\nLINE 1: SELECT `a` FROM __t__"


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Internet]:
    settings.LOGIDATA_PUBLIC_URL = "https://data.example.org"
    with internet(tmp_path) as found:
        for name, value in found.environment.items():
            monkeypatch.setenv(name, value)
        yield found


def failure(**facts: Any) -> AlertDelivery:
    facts = {
        "status": "failed",
        "attempt": 2,
        "nodes": [{"node": "to_warehouse", "error": ERROR}],
        **facts,
    }
    return AlertDelivery(
        event="failure",
        pipeline_name=NAME,
        channel_name="ops",
        rule_name="all failures",
        facts=facts,
        execution_id=uuid.uuid4(),
        execution_attempt=2,
        created_at=timezone.now(),
    )


def sent(net: Internet, address: str, *deliveries: AlertDelivery) -> Any:
    """Return what arrives at the service."""
    transmit(address, message_of(deliveries))
    return net.arrived[-1].body


def link_of(delivery: AlertDelivery) -> str:
    return (
        "https://data.example.org/admin/executions/pipelineexecution/"
        f"{delivery.execution_id}/change/"
    )


def test_the_link_leads_to_the_execution() -> None:
    delivery = failure()
    match = resolve(urlsplit(link_of(delivery)).path)
    assert match.view_name == "admin:executions_pipelineexecution_change"
    assert match.kwargs == {"object_id": str(delivery.execution_id)}


def test_slack_gets_its_own_marks(net: Internet) -> None:
    delivery = failure()
    (part,) = sent(net, SLACK, delivery)["attachments"]
    assert (net.arrived[0].host, net.arrived[0].path) == ("hooks.slack.com", urlsplit(SLACK).path)
    name = "daily_orders_v2 *new* &lt;i&gt;x&lt;/i&gt; [1](2) &amp; co"
    assert part["title"] == f"{name} failed"
    assert part["text"] == (
        f"• *Pipeline:* {name}\n• *Status:* failed (attempt 2)\n• *Rule:* all failures\n\n"
        "*Node to_warehouse:*\n```\nno column &lt;b&gt;paid&lt;/b&gt; in *orders* &amp; [x](y)\n"
        f"LINE 1: SELECT `a` FROM __t__\n```\n\n<{link_of(delivery)}|Open in LogiData>"
    )
    assert part["color"] == "#A32037"


def test_a_digest_in_slack_is_a_list_of_links(net: Internet) -> None:
    deliveries = [failure() for _ in range(25)]
    (part,) = sent(net, SLACK, *deliveries)["attachments"]
    lines = part["text"].splitlines()
    assert len(lines) == 21
    assert f"<{link_of(deliveries[0])}|daily_orders_v2" in lines[0]
    assert lines[-1] == "• and 5 more"


def test_an_error_calls_nobody_in_slack_or_discord(net: Internet) -> None:
    delivery = failure(nodes=[{"node": "n", "error": "<!channel> ```\n<!channel> @everyone"}])
    delivery.pipeline_name = "@everyone <!here>"
    assert "<!" not in json.dumps(sent(net, SLACK, delivery))
    content = sent(net, DISCORD, delivery)["content"]
    # Within code it calls nobody, and the code is not ended by what stands in it.
    outside, code, rest = content.split("```")
    assert "@everyone" in code
    assert "@everyone" not in outside + rest


def test_discord_gets_its_own_markdown(net: Internet) -> None:
    delivery = failure()
    content = sent(net, DISCORD, delivery)["content"]
    assert content.replace("\r\n", "\n") == (
        "**daily\\_orders\\_v2 \\*new\\* \\<i\\>x\\</i\\> \\[1\\](2) & co failed**\n"
        "- **Pipeline:** daily\\_orders\\_v2 \\*new\\* \\<i\\>x\\</i\\> \\[1\\](2) & co\n"
        "- **Status:** failed (attempt 2)\n- **Rule:** all failures\n\n"
        f"**Node to\\_warehouse:**\n```\n{ERROR}\n```\n\n[Open in LogiData]({link_of(delivery)})"
    )


@pytest.mark.parametrize("address", [TEAMS, NEW_TEAMS])
def test_teams_gets_an_adaptive_card_where_its_address_leads(net: Internet, address: str) -> None:
    delivery = failure()
    body = sent(net, address_of("teams", address), delivery)
    wanted, got = urlsplit(address), urlsplit(net.arrived[0].path)
    assert (net.arrived[0].host, got.path) == (wanted.hostname, wanted.path)
    assert parse_qs(got.query) == parse_qs(wanted.query)
    (attachment,) = body["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    title, text = attachment["content"]["body"]
    name = "daily_orders_v2 \\*new\\* &lt;i>x&lt;/i> \\[1\\](2) & co"
    assert (title["text"], title["type"]) == (f"{name} failed", "TextBlock")
    # Cards know no code: what would be marks is written so that it is seen.
    assert text["text"] == (
        f"- **Pipeline:** {name}\n- **Status:** failed (attempt 2)\n- **Rule:** all failures\n\n"
        "**Node to_warehouse:**\n\n"
        "no column &lt;b>paid&lt;/b> in \\*orders\\* & \\[x\\](y)\n\n"
        "LINE 1: SELECT \\`a\\` FROM \\__t_\\_\n\n"
        f"[Open in LogiData]({link_of(delivery)})"
    )
    assert text["wrap"] is True


def test_a_webhook_gets_plain_text_and_the_parts(net: Internet) -> None:
    delivery = failure()
    body = sent(net, WEBHOOK, delivery)
    assert (body["title"], body["type"]) == (f"{NAME} failed", "failure")
    assert body["message"].endswith(f"Node to_warehouse:\n{ERROR}\n\n{link_of(delivery)}")
    assert body["link"] == link_of(delivery)


def test_a_mail_has_the_link_for_those_who_read_text_too(net: Internet) -> None:
    delivery = failure()
    with mail_server() as box:
        address = f"mailto://127.0.0.1:{box.port}?from=a@example.org&to=b@example.org"
        transmit(address, message_of([delivery]))
    plain, rich = (box.messages[0].get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert rich is not None
    assert ERROR.splitlines()[1] in plain.get_content()
    assert link_of(delivery) in plain.get_content()
    assert f'<a href="{link_of(delivery)}">Open in LogiData</a>' in rich.get_content()


@pytest.mark.parametrize(("address", "limit"), [(DISCORD, 2000), (TEAMS, 1000)])
def test_what_is_long_is_written_shorter_and_keeps_its_link(
    net: Internet, address: str, limit: int
) -> None:
    nodes = [{"node": f"node_{n}", "error": "a long word " * 50} for n in range(3)]
    delivery = failure(nodes=nodes, more_nodes=True)
    text = _text_of(sent(net, address, delivery))
    assert len(text) <= limit
    assert text.endswith(f"({link_of(delivery)})")
    assert "node_2" in text.replace("\\", "")
    digest = _text_of(sent(net, address, *[failure() for _ in range(40)]))
    assert len(digest) <= limit
    assert "and 3" in digest.splitlines()[-1]


def _text_of(body: Any) -> str:
    content = body.get("content")
    return str(content or body["attachments"][0]["content"]["body"][-1]["text"])


@pytest.mark.parametrize("address", ALL)
@pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 503])
def test_what_a_service_answers_is_told_by_its_status_alone(
    net: Internet, address: str, status: int
) -> None:
    net.status, net.answer = status, b'{"error": "something-that-is-not-ours"}'
    with pytest.raises(NotDelivered) as refused:
        sent(net, address, failure())
    assert f"answered {status} " in str(refused.value)
    assert "not-ours" not in str(refused.value)
    assert refused.value.is_away == (status in {429, 503})


@pytest.mark.parametrize("address", ALL)
def test_a_redirect_is_not_taken_for_a_yes(net: Internet, address: str) -> None:
    net.status, net.headers = 302, {"Location": "https://login.example.com/"}
    with pytest.raises(NotDelivered, match=r"302 Found\. It is elsewhere"):
        sent(net, address, failure())
    assert [one.body is None for one in net.arrived] == [False]


@pytest.mark.parametrize("address", ALL)
def test_a_certificate_of_nobody_known_says_so(
    net: Internet, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(NotDelivered, match="certificate of the channel's server is not accepted"):
        sent(net, address, failure())


@pytest.mark.parametrize("address", ALL)
def test_nobody_sees_pictures_from_elsewhere(net: Internet, address: str) -> None:
    assert "apprise" not in json.dumps(sent(net, address, failure()))
