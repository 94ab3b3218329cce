"""The development inbox in the browser. It does not exist in production."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from flask import Response, abort, current_app, render_template, send_file
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.operators.blueprint import blueprint
from cornerspot.blueprints.support.gate import public_route
from cornerspot.mail.inbox import inbox_folder, list_inbox, read_inbox

WHY_OPEN = "a newcomer reads the mail of the demo here; answers 404 in production"


@blueprint.get("/dev/inbox")
@public_route(WHY_OPEN)
def inbox_index() -> ResponseReturnValue:
    return render_template("operators/inbox/index.html", messages=list_inbox(_folder()))


@blueprint.get("/dev/inbox/<message_id>")
@public_route(WHY_OPEN)
def inbox_show(message_id: str) -> ResponseReturnValue:
    return render_template("operators/inbox/show.html", message=read_inbox(_folder(), message_id))


@blueprint.get("/dev/inbox/<message_id>/files/<int:position>")
@public_route(WHY_OPEN)
def inbox_file(message_id: str, position: int) -> Response:
    files = read_inbox(_folder(), message_id).files
    if position >= len(files):
        abort(404)
    file = files[position]
    return send_file(BytesIO(file.content), mimetype=file.media_type, as_attachment=True, download_name=file.name)


def _folder() -> Path:
    settings = current_app.config["SETTINGS"]
    if settings.is_production:
        abort(404)
    return inbox_folder(settings)
