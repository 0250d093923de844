"""Pages from templates: whatever a template shows is escaped, and lines are whole."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from reconciler.escape import for_html
from reconciler.templates import render_template

EVIL = "<b title='x'>&amp; \u202e ##[error] é\n\"{{ 7 * 7 }}\""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A package for templates; its name is another one each time, as templates are kept."""
    name = f"templates_of_{tmp_path.name.replace('-', '_')}"
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    yield name
    sys.modules.pop(name, None)


def rendered(package: str, template: str, **values: object) -> list[str]:
    folder = Path(sys.path[0], package)
    (folder / "page.html.j2").write_text(template)
    return list(render_template(package, "page.html.j2", **values))


@pytest.mark.parametrize(
    "template",
    [
        "<p>{{ evil }}</p>",
        "<p>{% for each in [evil] %}{{ each }}{% endfor %}</p>",
        "<p>{% with each = evil %}{{ each }}{% endwith %}</p>",
        "<p>{{ evil if evil else '' }}</p>",
        "{% macro write(text) %}<p>{{ text }}</p>{% endmacro %}{{ write(evil)|safe }}",
    ],
)
def test_every_value_is_escaped_once_as_everywhere(package: str, template: str) -> None:
    assert rendered(package, template, evil=EVIL) == [f"<p>{for_html(EVIL)}</p>"]


def test_what_a_macro_returns_is_escaped_unless_it_is_marked(package: str) -> None:
    template = "{% macro write(text) %}<p>{{ text }}</p>{% endmacro %}{{ write('a') }}"
    assert rendered(package, template) == ["&lt;p&gt;a&lt;/p&gt;"]


def test_a_name_that_is_not_given_is_an_error(package: str) -> None:
    with pytest.raises(UndefinedError, match="missing"):
        rendered(package, "<p>{{ missing }}</p>")


def test_lines_are_given_whole_while_iterators_are_read(package: str) -> None:
    read: list[int] = []

    def count() -> Iterator[int]:
        for number in range(100):
            read.append(number)
            yield number

    folder = Path(sys.path[0], package)
    (folder / "page.html.j2").write_text("{% for n in numbers %}<i>{{ n }}</i>\n{% endfor %}")
    lines = render_template(package, "page.html.j2", numbers=count())
    assert next(lines) == "<i>0</i>"
    assert len(read) < 3
    assert list(lines)[-1] == "<i>99</i>"
