from flask_smorest import Blueprint

blueprint = Blueprint("forms", __name__)
