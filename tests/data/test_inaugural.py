"""The two speeches: what is left of them, and that the one says nothing of the other."""

import pytest

from helpers.data import inaugural


def text(letters):
    return "".join(inaugural.LETTERS[i] for i in letters)


def test_what_is_left_of_a_text():
    said = inaugural.as_letters('  God\'s "Woe" -- twenty-five,\n 3 men!  And so. ')
    assert text(said) == "gods woe twenty five, men and so."


def test_the_speeches_begin_and_end_as_they_should():
    learned, held_out = (text(letters) for letters in inaugural.speeches())
    assert learned.startswith("at this second appearing to take the oath")
    assert learned.endswith("a just and lasting peace among ourselves and with all nations.")
    assert held_out.startswith("four score and seven years ago")
    assert held_out.endswith("shall not perish from the earth.")
    words = [len(speech.split()) for speech in (learned, held_out)]
    assert words[0] == pytest.approx(700, abs=5)  # editions differ in what they join by a hyphen
    assert words[1] == pytest.approx(272, abs=5)


def test_the_speeches_cannot_be_changed_and_share_no_long_run():
    learned, held_out = inaugural.speeches()
    with pytest.raises(ValueError, match="read-only"):
        learned[0] = 1
    assert inaugural.speeches()[0] is learned
    learned, held_out = text(learned), text(held_out)
    runs = {learned[i : i + 20] for i in range(len(learned))}
    assert not any(held_out[i : i + 20] in runs for i in range(len(held_out) - 20))


@pytest.mark.parametrize("bad", [3, None, "", "123 -- !"])
def test_bad_input_is_named(bad):
    with pytest.raises(ValueError, match="text must"):
        inaugural.as_letters(bad)
