"""What is known of a shop's words."""

from __future__ import annotations

from thatlook.search.words.shelf import brands_by_words, names_in


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


def test_names_that_titles_begin_with():
    titles = ["Red Tape Men Shoes"] * 5 + ["Sticky Tape"] + ["Blue Cut Jeans"] * 5 + ["Cut Top"]
    titles += ["Blue Moon Top"] * 4 + ["Acme Eva Top"] * 9 + ["Red Dress"] * 9 + ["", "Red"]
    titles += ["Striped Zebro Top"] * 5 + ["Pepe Jeans Top"] * 9
    # "tape" stands once without "red", 1.1 times is seldom; "cut" too often, "moon" too seldom
    assert names_in([*titles, *["Red Tape Belt"] * 5]) == {("red", "tape"), ("striped", "zebro")}
