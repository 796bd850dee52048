from flask_smorest import Blueprint

blueprint = Blueprint("entities", __name__)
