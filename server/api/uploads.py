from flask_smorest import Blueprint

blueprint = Blueprint("uploads", __name__)
