from flask_smorest import Blueprint

blueprint = Blueprint("sync", __name__)
