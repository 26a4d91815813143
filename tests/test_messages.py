"""What is said to a user: two catalogues with the same figures, complete, and chosen by locale."""

from __future__ import annotations

import ast
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from qa.messages import CATALOGUES
from qa.records import QAError

PACKAGE = CATALOGUES.parent
LANGUAGES = ("en", "fr")
# Sentences of their own: of training, for its developers; of the page, which is French; of faults
# that were gathered.
TRAINING = "training/"
OF_ANOTHER = ("texts.", "fault", "fields[", "'; '.join")


def catalogue(language: str) -> Catalog:
    path = CATALOGUES / language / "LC_MESSAGES" / "qa.po"
    return read_po(io.BytesIO(path.read_bytes()), locale=language)


def sentences(language: str) -> dict[str, str]:
    return {str(entry.id): str(entry.string) for entry in catalogue(language) if entry.id}


def figures(sentence: str) -> set[str]:
    """The places of a sentence's figures, named as Python counts them."""
    names = [name for _, name, _, _ in Formatter().parse(sentence) if name is not None]
    return {name or str(place) for place, name in enumerate(names)}


def calls(folder: Path, *names: str) -> Iterator[tuple[str, ast.Call]]:
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if name in names:
                    yield f"{path.relative_to(folder)}:{node.lineno}", node


def test_every_error_has_a_code_and_its_sentence_in_both_languages() -> None:
    known = {language: sentences(language) for language in LANGUAGES}
    raised = set()
    for place, call in calls(PACKAGE, "QAError", "DamagedIndexError", "NothingReadError"):
        code = call.args[0]
        if place.startswith(TRAINING) or not isinstance(code, ast.Constant):
            # Of training, for its developers; of the page, which is French; gathered faults.
            assert place.startswith(TRAINING) or ast.unparse(code).startswith(OF_ANOTHER), place
            continue
        name = str(code.value)
        raised.add(name)
        for language in LANGUAGES:
            assert name in known[language], f"{place}: {name} in {language}"
            assert len(figures(known[language][name])) == len(call.args) - 1, place
    assert raised == set(known["en"])


def test_both_languages_tell_the_same_figures() -> None:
    english, french = sentences("en"), sentences("fr")
    for text, told in french.items():
        if text != "{0}":  # a reason has a sentence in each language
            assert figures(told) == figures(english.get(text, text)), text


def test_all_that_the_command_line_says_is_in_french() -> None:
    french = sentences("fr")
    said = set()
    for _, call in calls(
        PACKAGE / "cli", "worded", "wrong_usage", "_say", "command", "add_argument"
    ):
        said |= {part.value for part in call.keywords if part.arg == "help"}
        name = getattr(call.func, "id", "")
        if name == "command":
            said.add(call.args[2])
        elif name:
            said.add(call.args[0])
    texts = {part.value for part in said if isinstance(part, ast.Constant)}
    assert len(texts) > 120
    assert not texts - set(french)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogues_are_compiled(language: str) -> None:
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(language))
    written = CATALOGUES / language / "LC_MESSAGES" / "qa.mo"
    assert compiled.getvalue() == written.read_bytes(), "run make catalogues"


def test_french_typography() -> None:
    for sentence in sentences("fr").values():
        assert not re.search(r" [:;?!](?: |$)|« | »|'", sentence.replace("%(value)r'", "")), (
            sentence
        )


def test_an_error_inside_an_error_is_told_in_its_language() -> None:
    error = QAError("account_fault", "f.txt", 2, QAError("account_form"))
    assert str(error) == (
        "f.txt, account 2: an account is written USER:PASSWORD, with a colon and no part empty."
    )
    assert error.worded("fr") == (
        "f.txt, compte 2\u00a0: un compte s’écrit NOM:MOT-DE-PASSE, avec deux-points et sans "
        "partie vide."
    )
    assert (error.code, QAError("{ as it stands").worded("fr")) == (
        "account_fault",
        "{ as it stands",
    )


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"LANG": "fr_FR.UTF-8"}, "qa: aucun index dans nowhere. Créez-le\u00a0: qa index"),
        ({"LANG": "C", "LC_MESSAGES": "fr_CA"}, "qa: aucun index dans nowhere."),
        ({"LANG": "fr_FR.UTF-8", "LC_ALL": "C"}, "qa: no index in nowhere. Make one: qa index"),
        ({"LANG": "de_DE.UTF-8"}, "qa: no index in nowhere. Make one: qa index"),
    ],
)
def test_the_language_is_that_of_the_locale(environment: dict[str, str], told: str) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LC_")}
    command = [sys.executable, "-m", "qa", "status", "--index", "nowhere"]
    result = subprocess.run(
        command, capture_output=True, text=True, env={**kept, **environment, "LANGUAGE": ""}
    )
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith(told)


def test_help_and_wrong_usage_are_in_french(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from qa.cli import main

    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    with pytest.raises(SystemExit):
        main(["ask", "--help"])
    help_text = capsys.readouterr().out
    assert help_text.startswith("usage\u00a0: qa ask") and "affiche cette aide" in help_text
    assert "répondre à une question, avec citations" in help_text
    with pytest.raises(SystemExit) as stop:
        main(["serve", "--port", "0"])
    assert stop.value.code == 2
    assert "qa serve\u00a0: erreur\u00a0: argument --port\u00a0: 0 n’est pas un port" in (
        capsys.readouterr().err
    )
    assert main(["ask"]) == 2
    assert capsys.readouterr().err.startswith("qa ask\u00a0: donnez une QUESTION")
