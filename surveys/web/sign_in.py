"""Coming in and going out: sign-in, invitations, one's own account."""

from flask import Blueprint

blueprint = Blueprint("sign_in", __name__)


@blueprint.get("/sign-in")
def page() -> str:
    return "being built"
