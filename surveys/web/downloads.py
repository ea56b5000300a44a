from flask import Blueprint

blueprint = Blueprint("downloads", __name__)
