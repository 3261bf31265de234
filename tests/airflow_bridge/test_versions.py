"""What an Airflow cannot do is said, by the client and by the documentation."""

import pytest

from airflow_bridge.versions import FEATURES, missing_features
from stack.layout import PROJECT
from tests.airflow_bridge.conftest import World

PAGE = (PROJECT / "docs" / "airflow-versions.md").read_text()


def test_an_airflow_lacks_what_came_after_it() -> None:
    assert missing_features("3.3.2") == ()
    assert "display names" in {feature.name for feature in missing_features("2.8.4")}
    assert "display names" not in {feature.name for feature in missing_features("2.11.2")}
    assert "DAG versions" in {feature.name for feature in missing_features("2.11.2")}
    # Not as text: 10 is more than 8.
    assert len(missing_features("2.10.0")) == len(missing_features("2.11.2"))


def test_the_client_says_what_its_airflow_cannot_do(airflow2: World, airflow3: World) -> None:
    assert airflow3.client.health().limits == ()
    limits = airflow2.client.health().limits
    assert [feature.without for feature in missing_features("2.8.4")] == list(limits)


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_the_documentation_has_each_limit_word_for_word(feature) -> None:
    assert feature.without in " ".join(PAGE.split())


def test_the_documentation_names_the_versions_that_are_tested() -> None:
    requirements = (PROJECT / "tests" / "airflow_versions").glob("requirements-*.txt")
    tested = [path.stem.removeprefix("requirements-") for path in requirements]
    assert len(tested) == 2
    for version in tested:
        assert version in PAGE
