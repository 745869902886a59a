"""For which age a product is, by its words: children's are found, and traps are none."""

import csv

import pytest

from thatlook.core.ages import CHILDREN, age_group_of, is_childs
from thatlook.core.child_sizes import group_in_words, group_of_sizes


@pytest.mark.parametrize(
    ("gender", "group"),
    [
        ("Boys", "kids"),
        ("Girl", "kids"),
        ("unisex-baby", "infant"),
        ("Baby Girls", "infant"),
        ("Unisex Kids", "kids"),
        ("Toddler Boys", "toddler"),
        ("Newborn", "newborn"),
        ("Jungen", "kids"),
        ("Mädchen", "kids"),
        ("Kinder", "kids"),
        ("garçons", "kids"),
        ("filles", "kids"),
        ("Enfants", "kids"),
        ("niña", "kids"),
        ("Boys/Girls", "kids"),
        ("Women", ""),
        ("male", ""),
        ("unisex", ""),
        ("Women & Girls", ""),
        ("Men / Boys", ""),
        ("Adults & Kids", ""),
        ("", ""),
    ],
)
def test_by_the_shops_gender(gender, group):
    assert age_group_of(gender=gender) == group


@pytest.mark.parametrize(
    ("path", "group"),
    [
        ("Girls > Dresses", "kids"),
        ("Clothing > Kid > Shirts", "kids"),
        ("Apparel > Baby & Toddler Clothing > Baby & Toddler Dresses", "toddler"),
        ("Baby/Bodysuits", "infant"),
        ("Kinderschuhe", "kids"),
        ("Mädchen | Kleider", "kids"),
        ("Women > Lingerie > Boy Shorts", ""),
        ("Women > Baby Dolls", ""),
        ("Jeans > Boyfriend", ""),
        ("Women > Girls Night Out", ""),
        ("Babydolls", ""),
        ("Cowboy Boots", ""),
    ],
)
def test_by_the_product_type(path, group):
    assert age_group_of(types=["", path], title="Red") == group


@pytest.mark.parametrize(
    ("title", "group"),
    [
        ("Ant Kids Pink Tops", "kids"),
        ("Gini and Jony Boys Check Shirt", "kids"),
        ("Girls' Floral Dress", "kids"),
        ("Girl’s dress", "kids"),
        ("Dress for little girls", "kids"),
        ("Timberland Men Toddler Brown Shoes", "toddler"),
        ("Timberland Unisex Infant Shoes", "infant"),
        ("Chhota Bheem Kids Boy Men Journey Tshirt", "kids"),
        ("Cotton Baby Romper", "infant"),
        ("Baby Blue Baby Romper", "infant"),
        ("Children's sandals", "kids"),
        ("Adidas Junior Trainers", "kids"),
        ("X-Men Boys T-shirt", "kids"),
        ("Boys Shorts", "kids"),
        ("Shirts for the kids", "kids"),
        ("Kinder-T-Shirt", "kids"),
        ("Mädchenkleid", "kids"),
        ("MÄDCHEN Kleid", "kids"),
        ("Robe fille", "kids"),
        ("Dress 2-3 years", "toddler"),
        ("Dress (8 - 9 Years)", "kids"),
        ("Romper 6-12 months", "infant"),
        ("Romper 0-3 months", "newborn"),
    ],
)
def test_by_the_title(title, group):
    assert age_group_of(title=title) == group


@pytest.mark.parametrize(
    "title",
    [
        "Boyfriend jeans",
        "Boy friend jeans",
        "Girlfriend chinos",
        "Baby blue blouse",
        "Baby doll top",
        "Baby-doll dress",
        "Babydoll dress",
        "Cropped baby tee",
        "Baby alpaca cardigan",
        "Girls night out dress",
        "Girls' trip T-shirt",
        "Spice Girls sweatshirt",
        "Beastie Boys tee",
        "Bad Boy T-shirt",
        "Party Girl watch",
        "It girl bag",
        "Boy shorts",
        "Supergirl jacket",
        "Cowboy boots",
        "Playboy casual shoes",
        "Tomboy shirt",
        "Wild child tee",
        "Kid leather gloves",
        "Billy the Kid jacket",
        "New Kids on the Block tee",
        "Boy mom sweatshirt",
        "Mama of boys tee",
        "Kindergarten teacher tee",
        "Comme des Garçons shirt",
        "Bebe logo top",
        "Nina sandal",
        "Women's Flare Baby handbag",
        "Top for women and girls",
        "Socks for men, women & kids",
        "Maternity dress with baby print",
        'T-shirt "Kids today"',
        "Tee “Girls”",
        "Juniors' skinny jeans",
        "Watch, 1-2 years warranty",
        "Collection 2010-12",
        "Dress 18-20 years",
        "Dress 40-42",
        "Infinite scarf",
        "Kidney print shirt",
        "",
    ],
)
def test_a_grown_ups_product_is_no_childs(title):
    assert age_group_of(title=title) == ""


@pytest.mark.parametrize(
    ("gender", "title", "group"),
    [
        ("Women", "Palm Tree Kids Dress", "kids"),
        ("Men", "Timberland Toddler Shoes", "toddler"),
        ("Women", "Girls dress", ""),
        ("female", "Girls dress", "kids"),
        ("Women", "Dress 2-3 years", ""),
        ("Boys", "Men at work shirt", "kids"),
        ("Girls", "Top for women and kids", "kids"),
    ],
)
def test_what_only_hints_is_not_believed_against_the_gender(gender, title, group):
    assert age_group_of(gender=gender, title=title) == group


@pytest.mark.parametrize(
    ("sizes", "group"),
    [
        (["0-3M"], "newborn"),
        (["6-12M", "12-18M"], "toddler"),
        (["3-6 months", "6-9 months"], "infant"),
        (["2-3 years", "4-5 years"], "toddler"),
        (["2-3Y", "10-12Y"], "kids"),
        (["8 years"], "kids"),
        (["2T", "3T/4T"], "toddler"),
        (["104/110"], "toddler"),
        (["104/110", "116/122 cm"], "kids"),
        (["56-62", ""], "newborn"),
        (["S", "2-3 years"], ""),
        (["10M"], ""),
        (["10-12M"], ""),
        (["36/38"], ""),
        (["158/164"], ""),
        (["95/105"], ""),
        (["102/108"], ""),
        (["18-20 years"], ""),
        (["5-3 years"], ""),
        (["12"], ""),
        (["M"], ""),
        ([""], ""),
        ([], ""),
    ],
)
def test_by_the_sizes(sizes, group):
    assert group_of_sizes(sizes) == group


def test_years_are_believed_against_a_gender_and_heights_are_not():
    assert age_group_of(gender="Men", sizes=["4-5 years"]) == "toddler"
    assert age_group_of(gender="Men", sizes=["104/110"]) == ""
    assert age_group_of(gender="male", sizes=["104/110"]) == "toddler"


def test_a_range_needs_its_unit():
    assert group_in_words("2-3") == ""
    assert group_in_words("7-8 Jahre") == "kids"


@pytest.mark.parametrize(
    ("age_group", "childs"),
    [
        *[(group, True) for group in CHILDREN],
        ("Kids", True),
        ("child", True),
        ("baby", True),
        ("junior", True),
        ("juniors", True),
        ("youth", True),
        ("Kinder", True),
        ("5-6 years", True),
        ("adult", False),
        ("Adults", False),
        ("adult, kids", False),
        ("all ages", False),
        ("teens", False),
        ("", False),
    ],
)
def test_whose_an_age_group_is(age_group, childs):
    assert is_childs(age_group) is childs


@pytest.mark.data
def test_the_real_shop(data):
    with (data / "catalog" / "styles.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    groups = [
        age_group_of(gender=r["gender"], types=[r["articleType"]], title=r["productDisplayName"])
        for r in rows
    ]
    named = [bool({"Kids", "Boys", "Girls"} & {*r["productDisplayName"].split()}) for r in rows]
    assert sum(map(bool, groups)) == 292
    assert sum(there and not group for there, group in zip(named, groups, strict=True)) == 1
