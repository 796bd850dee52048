from flask_smorest import Blueprint

blueprint = Blueprint("regions", __name__)
