"""What is known of a shop's words."""

from __future__ import annotations

from thatlook.search.words.shelf import brands_by_words


def test_brands_are_found_under_their_other_spellings():
    found = brands_by_words(["Jack & Jones", "Red Tape", "Dolce and Gabbana", "H&M", "!!"])
    assert found == {
        ("jack", "jone"): "Jack & Jones",
        ("jack", "and", "jone"): "Jack & Jones",
        ("jackjone",): "Jack & Jones",
        ("red", "tape"): "Red Tape",
        ("redtape",): "Red Tape",
        ("dolce", "and", "gabbana"): "Dolce and Gabbana",
        ("dolce", "gabbana"): "Dolce and Gabbana",
        ("dolceandgabbana",): "Dolce and Gabbana",
        ("h", "m"): "H&M",
        ("h", "and", "m"): "H&M",
    }


def test_a_brand_that_is_written_so_goes_before_another_spelling():
    assert brands_by_words(["Redtape", "Red Tape"])["redtape",] == "Redtape"


def test_no_other_spelling_is_a_word_of_something():
    assert ("handbag",) not in brands_by_words(["Hand Bag"])
