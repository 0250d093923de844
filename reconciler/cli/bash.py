"""How bash asks for completions: to it, each `:` and `@` of an identity is a word, and each `=`."""

from __future__ import annotations

from typing import Any

from click.shell_completion import BashComplete, CompletionItem, add_completion_class


class Bash(BashComplete):
    """Puts the words of an identity together, and gives what bash is to put in the place of the last one."""

    _kept = ""
    """What stands before that in the line; `@` is replaced, and `:` is not."""

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one that is completed, and that one, as people take them for words."""
        args, incomplete = super().get_completion_args()
        words: list[str] = []
        is_joined = False
        for word in (*(each for each in args if each != "="), incomplete):
            is_mark = word in {":", "@"}
            if words and word and (is_mark or is_joined):
                if is_mark:
                    self._kept = words[-1] + word.strip("@")
                words[-1] += word
            else:
                self._kept = ""
                words.append(word)
            is_joined = is_mark
        return words[:-1], words[-1]

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """One completion as the script in bash takes it."""
        return f"{item.type},{str(item.value).removeprefix(self._kept)}"


def replace_bash() -> None:
    """Have completions in bash made here."""
    add_completion_class(Bash)
