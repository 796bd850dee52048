from flask_smorest import Blueprint

blueprint = Blueprint("submissions", __name__)
