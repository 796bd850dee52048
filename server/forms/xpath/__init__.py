"""The expression language of forms: XPath 1.0 with the functions of ODK, compiled once to closures. Pure.

expression = compile_expression("../age >= 18 and selected(../kinds, 'b')")
root = tree_of(instance.root)
context = Context(node=root.named["x"][0], root=root, instances={"member": Table(rows)}, now=now)
expression.truth(context)
"""

from server.forms.xpath.context import Context
from server.forms.xpath.errors import EvaluationError, ExpressionError
from server.forms.xpath.expression import Expression, compile_expression
from server.forms.xpath.table import Table, instance_of
from server.forms.xpath.tree import Node, tree_of
from server.forms.xpath.typed import typed_value
from server.forms.xpath.values import Atom, Day, Moment, Nodes, Value, number_of, text_of, truth_of

__all__ = [
    "Atom",
    "Context",
    "Day",
    "EvaluationError",
    "Expression",
    "ExpressionError",
    "Moment",
    "Node",
    "Nodes",
    "Table",
    "Value",
    "compile_expression",
    "instance_of",
    "number_of",
    "text_of",
    "tree_of",
    "truth_of",
    "typed_value",
]
