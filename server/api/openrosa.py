from flask import Blueprint

blueprint = Blueprint("openrosa", __name__)
