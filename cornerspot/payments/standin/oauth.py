"""Connect by OAuth: a code for one use, exchanged once; used twice it revokes the connection."""

from __future__ import annotations

from cornerspot.payments.standin.calls import Call, operation
from cornerspot.payments.standin.errors import OAuthRefusal
from cornerspot.payments.standin.events import emit
from cornerspot.payments.standin.state import Account, Obj, World
from cornerspot.payments.standin.tables import OAUTH_LEAVE, OAUTH_TOKEN

CODE_SECONDS = 5 * 60


def grant_code(world: World, platform: Account, account: Account, scope: str) -> str:
    """A code that the platform may exchange once, within five minutes."""
    code = f"ac_{world.token(32)}"
    world.codes[code] = {
        "platform": platform.id, "account": account.id, "scope": scope, "until": world.now() + CODE_SECONDS,
        "used": False,
    }  # fmt: skip
    return code


def connect(world: World, platform: Account, account: Account, scope: str = "read_write") -> Obj:
    """The account is connected to the platform, whose key now works on it."""
    connection: Obj = {
        "platform": platform.id,
        "scope": scope,
        "token": f"sk_test_{world.token(40)}",
        "livemode": False,
    }
    world.connections[account.id] = connection
    world.keys[connection["token"]] = {"account": account.id, "revoked": False, "permissions": None}
    emit(world, account, "account.application.authorized", _application(platform))
    return connection


def leave(world: World, account: Account) -> None:
    """The connection is over; the platform hears of it by an event, and its calls fail from now on."""
    connection = world.connections.get(account.id)
    if connection is None:
        return
    platform = world.accounts[connection["platform"]]
    emit(world, account, "account.application.deauthorized", _application(platform))
    world.keys[connection["token"]]["revoked"] = True
    del world.connections[account.id]


def _application(platform: Account) -> Obj:
    return {"id": platform.client_id, "object": "application", "name": platform.name}


@operation("POST", "/oauth/token", OAUTH_TOKEN, "connect_write")
def exchange_code(call: Call) -> Obj:
    """The connection behind a code; a code that was used before ends the connection it made."""
    world, params = call.world, call.params
    if params.get("grant_type") != "authorization_code":
        raise OAuthRefusal("unsupported_grant_type", f"This grant type is not supported: {params.get('grant_type')}")
    code = params.get("code", "")
    granted = world.codes.get(code)
    if granted is None or granted["platform"] != call.account.id:
        raise OAuthRefusal("invalid_grant", f"Authorization code does not exist: {code}")
    if granted["used"]:
        leave(world, world.accounts[granted["account"]])
        raise OAuthRefusal(
            "invalid_grant",
            "This authorization code has already been used. All tokens issued with this code have been revoked.",
        )
    if world.now() > granted["until"]:
        raise OAuthRefusal("invalid_grant", f"Authorization code expired: {code}")
    granted["used"] = True
    account = world.accounts[granted["account"]]
    connection = connect(world, call.account, account, granted["scope"])
    return {
        "access_token": connection["token"],
        "livemode": False,
        "refresh_token": f"rt_{world.token(40)}",
        "scope": granted["scope"],
        "stripe_publishable_key": f"pk_test_{world.token(40)}",
        "stripe_user_id": account.id,
        "token_type": "bearer",
    }


@operation("POST", "/oauth/deauthorize", OAUTH_LEAVE, "connect_write")
def deauthorize(call: Call) -> Obj:
    """The connection is over, at the platform's wish."""
    wanted = call.params.get("stripe_user_id", "")
    if call.params.get("client_id") != call.account.client_id:
        raise OAuthRefusal("invalid_client", f"No such application: '{call.params.get('client_id')}'", status=401)
    connection = call.world.connections.get(wanted)
    if connection is None or connection["platform"] != call.account.id:
        raise OAuthRefusal(
            "invalid_client",
            f"This application is not connected to stripe account {wanted}, or that account does not exist.",
            status=401,
        )
    leave(call.world, call.world.accounts[wanted])
    return {"stripe_user_id": wanted}
