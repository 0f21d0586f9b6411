"""What the tracker finds in recordings of real clients, from the access lines alone."""

import json
import sys

import pytest
import recorded

from stormdeck.model.retries.storm import Outcome

COPIES = recorded.folders(recorded.BUNDLED)


def name(folder):
    return folder.name


def test_recordings_are_bundled():
    assert len(COPIES) >= 12


@pytest.mark.parametrize("read_every", [0.0, 0.25], ids=["as it came", "read four times a second"])
@pytest.mark.parametrize("folder", COPIES, ids=name)
def test_every_visible_storm_is_found_and_no_other(folder, read_every):
    score = recorded.judge(folder, recorded.play(folder, read_every))
    assert (score.visible_hits, score.false) == (score.visible, 0)


@pytest.mark.parametrize("folder", COPIES, ids=name)
def test_retries_are_counted(folder):
    score = recorded.judge(folder, recorded.play(folder))
    assert abs(score.retries - score.true_retries) <= 1


@pytest.mark.parametrize("folder", COPIES, ids=name)
def test_cause_and_end_of_storms_are_told(folder):
    truth = json.loads((folder / "truth.json").read_text())["storms"]
    found = recorded.play(folder).storms
    ends = sorted((storm.cause, storm.outcome is Outcome.RECOVERED) for storm in found)
    assert ends == sorted((storm["causes"][0], storm["recovered"]) for storm in truth)


@pytest.mark.skipif(not recorded.SHARED.is_dir(), reason="the full set of recordings is not here")
def test_precision_and_recall_on_all_recordings(capsys):
    scores = [recorded.judge(folder, recorded.play(folder)) for folder in recorded.folders(recorded.SHARED)]
    hits = sum(score.hits for score in scores)
    false = sum(score.false for score in scores)
    missed = sum(score.missed for score in scores)
    precision, recall = hits / (hits + false), hits / (hits + missed)
    visible = sum(score.visible_hits for score in scores) / sum(score.visible for score in scores)
    f1 = 2 * precision * recall / (precision + recall)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{len(scores)} recordings, access lines alone: precision {precision:.3f}, recall {recall:.3f}, "
            f"F1 {f1:.3f}, recall of visible storms {visible:.3f}\n"
        )
    assert precision >= 0.97
    assert visible >= 0.97
    assert f1 >= 0.92
