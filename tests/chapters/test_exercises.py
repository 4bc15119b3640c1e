"""Every exercise of every chapter accepts its reference, refuses its slips and names them."""

from helpers.exercises import check, exercises


def test_the_reference_is_right_and_every_slip_is_named(chapter):
    for exercise in exercises(chapter.name).values():
        assert check(exercise.name, exercise.answer), exercise.name
        for sentence, wrong in exercise.slips.items():
            verdict = check(exercise.name, wrong)
            assert not verdict, f"{exercise.name} accepts the slip {sentence!r}"
            assert sentence in verdict.sentence
