from flask_smorest import Blueprint

blueprint = Blueprint("photos", __name__)
