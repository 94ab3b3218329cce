"""Stripe's reports as they come over HTTP: what is let in, what is turned away, what is stored."""

from __future__ import annotations

import json
import threading
import time
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import select, text

from cornerspot.db import db, session
from cornerspot.db.transaction import in_transaction
from cornerspot.kit import clock
from cornerspot.kit.ids import encode_public_id
from cornerspot.kit.sealing import seal
from cornerspot.payments.connecting import put_secret
from cornerspot.payments.models import PlatformEvent, ProcessorAccount, ProcessorOwner, StripeEvent
from cornerspot.settings import current_settings
from cornerspot.tenancy import system_scope, team_scope
from tests.factories.stripe import event_body, signature_of
from tests.factories.teams import Story, open_story

SECRET, OTHER = "whsec_of_this_connection", "whsec_of_another_connection"


def connect(story: Story, *, secret: str = SECRET, kind: str = "own_key") -> ProcessorAccount:
    key = current_settings().secret_key
    with story.app.app_context(), team_scope(story.team):

        def work() -> ProcessorAccount:
            account = ProcessorAccount(
                kind=kind,
                stripe_account_id=f"acct_{uuid4().hex}",
                livemode=False,
                country="AT",
                default_currency="EUR",
                sealed_key=seal("rk_test_1234", key=key) if kind == "own_key" else None,
                sealed_webhook_secret=seal(secret, key=key) if secret else None,
            )
            session.add(account)
            session.add(
                ProcessorOwner(stripe_account_id=account.stripe_account_id, livemode=False, team_id=story.team.id)
            )
            session.flush()
            return account

        return in_transaction(work)


def path_of(story: Story, account_id: UUID) -> str:
    return f"/{story.team.slug}/hooks/stripe/{encode_public_id('pac', account_id)}"


def post(story: Story, path: str, body: bytes, signature: str | None):
    headers = {"Content-Type": "application/json; charset=utf-8"}
    if signature is not None:
        headers["Stripe-Signature"] = signature
    return story.app.test_client().post(path, data=body, headers=headers)


def deliver(story: Story, account: ProcessorAccount, body: bytes, secret: str = SECRET):
    return post(story, path_of(story, account.id), body, signature_of(body, secret))


def stored(story: Story) -> list[StripeEvent]:
    with story.app.app_context(), team_scope(story.team):
        return list(session.scalars(select(StripeEvent).order_by(StripeEvent.created_at)))


def jobs(story: Story) -> int:
    statement = "SELECT count(*) FROM procrastinate_jobs WHERE args ->> 'team' = :team"
    with story.app.app_context(), db.engine.connect() as connection:
        return connection.execute(text(statement), {"team": str(story.team.id)}).scalar_one()


GOOD = event_body()
NOW = int(time.time())
TURNED_AWAY = {
    "unsigned": (GOOD, None, 400),
    "signed with another secret": (GOOD, signature_of(GOOD, OTHER), 400),
    "signed with an empty secret": (GOOD, signature_of(GOOD, ""), 400),
    "signed over another body": (GOOD, signature_of(GOOD + b" ", SECRET), 400),
    "old": (GOOD, signature_of(GOOD, SECRET, at=NOW - 360), 400),
    "from the future": (GOOD, signature_of(GOOD, SECRET, at=NOW + 3600), 400),
    "with a test signature only": (GOOD, signature_of(GOOD, SECRET).replace("v1=", "v0="), 400),
    "with a header of nonsense": (GOOD, "t=now,v1=\u00e4", 400),
    "with an empty header": (GOOD, "", 400),
    "not UTF-8": (b"\xff\xfe{}", "t=1,v1=00", 400),
    "no JSON": (b"hello", signature_of(b"hello", SECRET), 400),
    "empty": (b"", signature_of(b"", SECRET), 400),
    "a list": (b"[]", signature_of(b"[]", SECRET), 400),
    "a number": (b"7", signature_of(b"7", SECRET), 400),
    "another object": (b'{"object":"charge"}', signature_of(b'{"object":"charge"}', SECRET), 400),
    "a thin event": (b'{"object":"v2.core.event"}', signature_of(b'{"object":"v2.core.event"}', SECRET), 400),
    "without an object": (b'{"object":"event","id":"e"}', signature_of(b'{"object":"event","id":"e"}', SECRET), 400),
    "deeply nested": (b"[" * 100_000, signature_of(b"[" * 100_000, SECRET), 400),
    "with a zero byte in its id": (
        event_body(id="evt_\0"),
        signature_of(event_body(id="evt_\0"), SECRET),
        400,
    ),
    "with half a letter in its id": (
        event_body(id="evt_\ud800"),
        signature_of(event_body(id="evt_\ud800"), SECRET),
        400,
    ),
    "10 MB": (b" " * 10_000_000, "t=1,v1=00", 413),
}


@pytest.mark.parametrize(("body", "signature", "status"), TURNED_AWAY.values(), ids=TURNED_AWAY)
def test_what_stripe_did_not_send_is_turned_away_and_not_stored(story, body, signature, status):
    account = connect(story)
    answer = post(story, path_of(story, account.id), body, signature)
    assert answer.status_code == status
    assert stored(story) == []
    assert jobs(story) == 0


def test_a_genuine_event_is_stored_as_it_came_with_one_job(story):
    account = connect(story)
    body = event_body(about={"id": "pi_7", "object": "payment_intent", "metadata": {"attempt": "a"}}, type="x")
    answer = deliver(story, account, body)
    assert (answer.status_code, answer.data, answer.headers.getlist("Set-Cookie")) == (200, b"", [])
    [event] = stored(story)
    assert (event.body, event.state, event.object_id, event.event_id) == (body, "new", "pi_7", "evt_1")
    assert jobs(story) == 1


def test_a_repeated_event_is_one_row_and_one_job(story):
    account = connect(story)
    answers = [deliver(story, account, GOOD).status_code for _ in range(5)]
    assert answers == [200] * 5
    assert len(stored(story)) == jobs(story) == 1


def test_three_deliveries_at_once_are_one_row(story):
    account = connect(story)
    gate, answers = threading.Barrier(3), []

    def send() -> None:
        gate.wait()
        answers.append(deliver(story, account, GOOD).status_code)

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 3
    assert len(stored(story)) == jobs(story) == 1


def test_a_live_event_on_a_test_connection_is_foreign(story):
    account = connect(story)
    assert deliver(story, account, event_body(livemode=True)).status_code == 200
    [event] = stored(story)
    assert event.state == "foreign"
    assert jobs(story) == 0


def test_an_event_of_another_account_is_foreign(story):
    account = connect(story)
    assert deliver(story, account, event_body(account="acct_somebody_else")).status_code == 200
    assert [event.state for event in stored(story)] == ["foreign"]


def test_a_genuine_event_sent_to_another_teams_address_is_turned_away(app, story):
    mine, other = connect(story), open_story(app)
    theirs = connect(other, secret=OTHER)
    assert deliver(other, theirs, GOOD, SECRET).status_code == 400
    assert post(story, path_of(story, theirs.id), GOOD, signature_of(GOOD, OTHER)).status_code == 404
    assert post(other, path_of(other, mine.id), GOOD, signature_of(GOOD, SECRET)).status_code == 404
    assert stored(story) == stored(other) == []


def test_a_rolled_secret_and_the_new_one_both_let_in(story):
    account = connect(story)
    with story.app.app_context(), team_scope(story.team):

        def roll() -> None:
            put_secret(session.merge(account), OTHER)

        in_transaction(roll)
    assert deliver(story, account, GOOD, SECRET).status_code == 200
    assert deliver(story, account, event_body(id="evt_2"), OTHER).status_code == 200


def test_nothing_passes_while_there_is_no_secret(story):
    account = connect(story, secret="")
    for secret in ("", " ", SECRET):
        assert deliver(story, account, GOOD, secret).status_code == 400
    assert stored(story) == []


def test_the_address_is_exact(story):
    account = connect(story)
    path = path_of(story, account.id)
    assert post(story, f"{path}/", GOOD, signature_of(GOOD, SECRET)).status_code == 404
    got = story.app.test_client().get(path)
    assert (got.status_code, got.headers["Allow"]) == (405, "POST")
    assert post(story, path.replace("pac_", "pay_"), GOOD, signature_of(GOOD, SECRET)).status_code == 404


def test_the_connection_says_when_it_was_heard_from(story):
    account = connect(story)
    deliver(story, account, GOOD)
    with story.app.app_context(), team_scope(story.team):
        heard = session.scalars(select(ProcessorAccount.last_event_at)).one()
    assert heard is not None
    assert abs((clock.now() - heard).total_seconds()) < 60


# The installation's own endpoints


@pytest.fixture
def platform(app, monkeypatch):
    """The app with secrets of its own endpoints; they are settings, which are frozen."""
    from dataclasses import replace

    changed = replace(
        app.config["SETTINGS"],
        stripe_key="sk_test_platform_0001",
        stripe_connect_secret="whsec_connect",
        stripe_plans_secret="whsec_plans",
    )
    monkeypatch.setitem(app.config, "SETTINGS", changed)


def platform_events(app, event_id: str) -> list[PlatformEvent]:
    with app.app_context(), system_scope("a test"):
        return list(session.scalars(select(PlatformEvent).where(PlatformEvent.event_id == event_id)))


def connect_event(account: str, **changed):
    body = event_body(id=f"evt_{uuid4().hex}", account=account, **changed)
    return json.loads(body)["id"], body


def test_a_connect_event_reaches_the_inbox_of_the_accounts_team(app, story, platform):
    account = connect(story, kind="oauth")
    event_id, body = connect_event(account.stripe_account_id)
    assert post(story, "/hooks/stripe/connect", body, signature_of(body, "whsec_connect")).status_code == 200
    assert [event.event_id for event in stored(story)] == [event_id]
    assert jobs(story) == 1
    assert platform_events(app, event_id) == []


def test_a_connect_event_of_an_unknown_account_is_kept_as_foreign(app, story, platform):
    event_id, body = connect_event("acct_nobody_here")
    assert post(story, "/hooks/stripe/connect", body, signature_of(body, "whsec_connect")).status_code == 200
    [event] = platform_events(app, event_id)
    assert (event.state, event.stripe_account_id, event.endpoint) == ("foreign", "acct_nobody_here", "connect")


def test_a_connect_event_of_the_other_mode_is_foreign(app, story, platform):
    account = connect(story, kind="oauth")
    event_id, body = connect_event(account.stripe_account_id, livemode=True)
    assert post(story, "/hooks/stripe/connect", body, signature_of(body, "whsec_connect")).status_code == 200
    assert stored(story) == []
    assert [event.state for event in platform_events(app, event_id)] == ["foreign"]


def test_a_team_with_a_key_of_its_own_hears_nothing_by_the_platform(app, story, platform):
    account = connect(story)
    event_id, body = connect_event(account.stripe_account_id)
    assert post(story, "/hooks/stripe/connect", body, signature_of(body, "whsec_connect")).status_code == 200
    assert stored(story) == []
    assert [event.state for event in platform_events(app, event_id)] == ["foreign"]


def test_an_event_about_plans_is_kept_once(app, story, platform):
    body = event_body(id=f"evt_{uuid4().hex}", about={"id": "sub_1", "object": "subscription"})
    event_id = json.loads(body)["id"]
    for _ in range(2):
        assert post(story, "/hooks/stripe/plans", body, signature_of(body, "whsec_plans")).status_code == 200
    [event] = platform_events(app, event_id)
    assert (event.state, event.object_id, event.endpoint, event.body) == ("new", "sub_1", "plans", body)


def test_each_endpoint_has_its_own_secret(app, story, platform):
    event_id, body = connect_event("")
    assert post(story, "/hooks/stripe/plans", body, signature_of(body, "whsec_connect")).status_code == 400
    assert post(story, "/hooks/stripe/connect", body, signature_of(body, "whsec_plans")).status_code == 400
    assert platform_events(app, event_id) == []


def test_an_installation_without_secrets_lets_nothing_in(app, story):
    event_id, body = connect_event("")
    for path in ("/hooks/stripe/plans", "/hooks/stripe/connect"):
        assert post(story, path, body, signature_of(body, "")).status_code == 400
    assert platform_events(app, event_id) == []


def test_a_database_that_refuses_is_a_500_so_that_stripe_tries_again(story, monkeypatch):
    account = connect(story)
    monkeypatch.setattr(story.app, "testing", False)
    monkeypatch.setitem(story.app.config, "PROPAGATE_EXCEPTIONS", False)
    with psycopg.connect(str(current_settings().owner_database_url), autocommit=True) as owner:
        owner.execute("REVOKE INSERT ON stripe_events FROM cornerspot_app")
        try:
            assert deliver(story, account, GOOD).status_code == 500
        finally:
            owner.execute("GRANT INSERT ON stripe_events TO cornerspot_app")
    assert deliver(story, account, GOOD).status_code == 200
    assert len(stored(story)) == 1


@pytest.mark.parametrize("table", ["stripe_events", "platform_events"])
def test_a_deadlock_is_tried_again_with_the_same_body(app, story, platform, table):
    account, body = connect(story), event_body(id=f"evt_{uuid4().hex}")
    with psycopg.connect(str(current_settings().owner_database_url), autocommit=True) as owner:
        owner.execute("CREATE SEQUENCE of_this_test; GRANT USAGE ON SEQUENCE of_this_test TO cornerspot_app")
        owner.execute(
            "CREATE FUNCTION once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " IF nextval('of_this_test') = 1 THEN RAISE deadlock_detected; END IF; RETURN NEW; END $$"
        )
        owner.execute(f"CREATE TRIGGER once BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION once()")
        try:
            if table == "stripe_events":
                answer = deliver(story, account, body)
            else:
                answer = post(story, "/hooks/stripe/plans", body, signature_of(body, "whsec_plans"))
        finally:
            owner.execute("DROP FUNCTION once() CASCADE; DROP SEQUENCE of_this_test")
    assert answer.status_code == 200
    assert len(stored(story)) + len(platform_events(app, json.loads(body)["id"])) == 1


def test_an_event_costs_three_statements(story, query_counter):
    account = connect(story)
    deliver(story, account, GOOD)
    with query_counter() as sent:
        deliver(story, account, event_body(id="evt_2"))
    assert len(sent) == 3  # team, connection, event with its job: each a round trip and a transaction


def test_only_a_teams_address_takes_its_events(app, story):
    account = connect(story)
    path = f"/hooks/stripe/{encode_public_id('pac', account.id)}"
    assert post(story, path, GOOD, signature_of(GOOD, SECRET)).status_code == 404
    assert post(story, f"/{story.team.slug}{path}", GOOD, signature_of(GOOD, SECRET)).status_code == 200


def test_webhooks_are_counted_with_all_requests(story):
    account, name = connect(story), 'endpoint="webhooks.stripe_events_create",method="POST",status="400"'
    deliver(story, account, GOOD, OTHER)
    assert name in story.app.test_client().get("/metrics").text
