"""The registered versions that no manifest is about, as far as they were listed."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from reconciler.compare.selector import Selector
from reconciler.model import Artifact, Outline


class UndeclaredVersions:
    """The versions that were listed, and that no manifest selected is about.

    Args:
        numbers: of each artifact that has any.
        ml_repo_ids: the ids of the ML repos asked, by name.
        listed: the artifacts listed by themselves.
        whole: the ML repos of which everything was listed, by name.
    """

    def __init__(
        self,
        numbers: Mapping[Artifact, Sequence[int]],
        ml_repo_ids: Mapping[str, str],
        listed: Collection[Artifact],
        whole: Collection[str],
    ) -> None:
        self.ml_repo_ids = ml_repo_ids
        self._numbers = numbers
        self._listed = frozenset(listed)
        self._whole_ml_repos = frozenset(whole)

    def exclude_manifests(self, manifests: Iterable[Outline]) -> UndeclaredVersions:
        """Those whose number is not that of any manifest, selected or not."""
        pinned: dict[Artifact, set[int]] = {artifact: set() for artifact in self._numbers}
        for outline in manifests:
            if outline.version is not None and outline.artifact in pinned:
                pinned[outline.artifact].add(outline.version)
        left = {
            artifact: array("l", sorted(n for n in numbers if n not in pinned[artifact]))
            for artifact, numbers in self._numbers.items()
        }
        found = {artifact: numbers for artifact, numbers in left.items() if numbers}
        return UndeclaredVersions(found, self.ml_repo_ids, self._listed, self._whole_ml_repos)

    @property
    def names(self) -> Iterator[str]:
        """The names of the artifacts that have any."""
        return (artifact.name for artifact in self._numbers)

    @property
    def whole(self) -> Collection[str]:
        """The ML repos of which everything was listed, by name."""
        return self._whole_ml_repos

    def may_hold(self, outline: Outline, selector: Selector) -> bool:
        """Whether the version of an earlier manifest may be registered and not declared.

        What was not listed is left alone, unless it may be selected.
        """
        artifact, version = outline.artifact, outline.version
        numbers = self._numbers.get(artifact)
        if numbers is None:
            is_listed = artifact in self._listed or artifact.ml_repo in self._whole_ml_repos
            return not is_listed and selector.may_select(artifact)
        if version is None:
            return True
        place = bisect_left(numbers, version)
        return place < len(numbers) and numbers[place] == version


NO_UNDECLARED_VERSIONS = UndeclaredVersions({}, {}, (), ())
