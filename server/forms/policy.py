"""Does a form agree with the datasets that it writes to?"""

from collections.abc import Callable, Mapping

from server.forms.dataset import Dataset, Property
from server.forms.issue import Issue
from server.forms.messages import issue
from server.forms.model import FormModel, Question

# What a form saves to when it archives a record ("archived") or takes it back ("active"): every dataset has it.
STATE_WORD, RECORD_STATES = "record_state", ("active", "archived")
# dataset type → the question types whose answers it can hold; a calculate is judged by its value, not here
_HOLDS = {
    "text": ("string", "barcode", "int", "decimal", "select_one"),
    "integer": ("int",),
    "decimal": ("decimal", "int"),
    "date": ("date",),
    "datetime": ("dateTime",),
    "select_one": ("select_one",),
    "select_multiple": ("select_multiple", "rank"),
    "geopoint": ("geopoint",),
    "reference": ("select_one", "string"),
    "region": ("select_one", "string"),
}


def policy_conflicts(model: FormModel, datasets: Mapping[str, Dataset], place: Callable[[str], str]) -> list[Issue]:
    """Every place where the form contradicts a dataset. `place` tells where a question of a name stands."""
    found = [
        issue("policy.unknown_dataset", "entities", name=entity.dataset, known=", ".join(datasets))
        for entity in model.entities
        if entity.dataset not in datasets
    ]
    for question in model.questions:
        list_name, name = question.save_to or ("", "")
        if list_name in datasets:
            found += _conflicts(question, datasets[list_name], name, place(question.name))
    return found


def _conflicts(question: Question, dataset: Dataset, name: str, where: str) -> list[Issue]:
    property = dataset.properties.get(name)
    if property is None and name == STATE_WORD:
        odd = [choice.value for choice in question.choices or () if choice.value not in RECORD_STATES]
        return [issue("policy.codes", where, name=name, codes=", ".join(odd))] if odd else []
    if property is None:
        known = ", ".join(dataset.properties)
        return [issue("policy.unknown_property", where, dataset=dataset.name, name=name, known=known)]
    if question.type == "calculate":
        return []
    if question.type not in _HOLDS[property.type]:
        return [issue("policy.type", where, name=name, type=property.type, given=question.type)]
    strange = _strange_codes(question, property)
    return [issue("policy.codes", where, name=name, codes=", ".join(strange))] if strange else []


def _strange_codes(question: Question, property: Property) -> list[str]:
    if property.choices is None or question.choices is None:
        return []
    known = {choice.value for choice in property.choices}
    return [choice.value for choice in question.choices if choice.value not in known]
