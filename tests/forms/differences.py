"""Where an engine differs from a case although the case is right: (form, case) → the reason. Nowhere else."""

from __future__ import annotations

# @getodk/xforms-engine, the engine of the phone.
PHONE: dict[tuple[str, str], str] = {}

# JavaRosa, the engine of ODK Collect.
JAVAROSA: dict[tuple[str, str], str] = {}

# How whole forms go otherwise in JavaRosa than in our evaluator (and the phone's engine, where it was tried). The
# comparisons with random answers (evaluation/test_against_javarosa.py) leave these alone.
ENGINES: dict[str, str] = {
    "a count becomes smaller": "JavaRosa keeps the rows above it; here and on our phone the last rows go.",
    "a question with a calculation is answered by hand": (
        "JavaRosa computes it again when it validates, over the answer; here what a person says stands."
    ),
    "once() on a hidden question": (
        "JavaRosa reads a hidden node as empty, so once() computes anew and the answer is lost; here it is kept."
    ),
    "a day computed into a text": "JavaRosa writes 2026-11-21T00:00:00.000+08:00; here and on our phone 2026-11-21.",
    "a condition computed into a text": "JavaRosa writes 1 and 0; here and on our phone true and false.",
    "indexed-repeat() of the own question in its constraint": (
        "JavaRosa gives the candidate answer instead of the other row's: compute it in a calculation before."
    ),
    "a row that reads its neighbour (indexed-repeat)": (
        "In JavaRosa it does not hear of a change there until the form is opened again; here it does."
    ),
    "a node that an instance lacks and that has no condition of its own": (
        "JavaRosa takes it for not asked; here it is asked, so a required one is found."
    ),
}
